"""Text that others wrote, on its way into a prompt: whitelisted characters, limited length.

Letters, digits and the marks of plain sentences pass. Brackets, quotes, backslashes, backticks and
tildes do not: with them a text could close the data block, a string or a fence. `<` and `>` stay,
since conditions have them, but each stands between spaces, where it is a comparison and no tag.
"""

from __future__ import annotations

import re
import unicodedata

from trading.decision.reply.words import LONGEST_WORDS, clean_words

LONGEST_NAME = 24
"""Characters of a symbol or source."""
_MARKS = frozenset(" .,:;!?%+-*/_()<>=$#@&'°€")
_COMPARISON = re.compile("[<>]=?")
_NAME_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:")


def outside_words(text: str, longest: int = LONGEST_WORDS) -> str:
    """One line of plain sentences; a space where something else stood."""
    line = clean_words(text, longest)
    # The ellipsis of a cut text is ours.
    kept = "".join(char if _passes(char) or char == "…" else " " for char in line)
    # Once more, since the spaces make it longer.
    return clean_words(_COMPARISON.sub(r" \g<0> ", kept), longest)


def outside_name(text: str) -> str:
    """A symbol, asset or source: ASCII letters, digits and a few marks; `?` for the rest."""
    name = "".join(char if char in _NAME_LETTERS else "?" for char in text[:LONGEST_NAME])
    return name or "?"


def _passes(char: str) -> bool:
    return char in _MARKS or unicodedata.category(char)[0] in "LNM"
