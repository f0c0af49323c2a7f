"""Text of a model or of anybody else: cleaned before it is kept, quoted or put into a message.

Words never have an effect. What is kept has no control or format characters, no NUL (PostgreSQL
cannot hold it) and no surrogates, on one line and of limited length.
"""

from __future__ import annotations

import unicodedata

LONGEST_WORDS = 500
"""Characters of an exit plan or rationale, here and wherever they are quoted later."""
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
_CUT = "…"


def clean_words(text: str, longest: int = LONGEST_WORDS) -> str:
    """One line of at most `longest` characters; spaces for whatever separates, nothing unprintable."""
    # Cut first to a bound that is cheap, since most of a hostile text would be thrown away anyway.
    kept = "".join(_kept(char) for char in text[: 8 * longest])
    line = " ".join(kept.split())
    return line if len(line) <= longest else line[: longest - 1].rstrip() + _CUT


def is_blank(text: str) -> bool:
    """Whether nothing in a text can be seen."""
    return all(_kept(char) in ("", " ") for char in text)


def quoted(text: str, longest: int = 40) -> str:
    """A short quotation for a message: printable ASCII, so that look-alikes show what they are."""
    shown = text if len(text) <= longest else text[:longest] + "..."
    return ascii(shown)


def _kept(char: str) -> str:
    if char.isspace():
        return " "
    return "" if unicodedata.category(char) in _DROPPED else char
