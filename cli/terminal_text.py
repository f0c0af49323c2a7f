"""Text of others on a terminal: it may be read there, it cannot do anything there.

Models and venues write what they like: escape sequences, carriage returns, characters that turn the
direction of a line. What is not printable is shown as one sign; in JSON it is written as its number.
"""

from __future__ import annotations

import unicodedata

_LONGEST_BMP = 0xFFFF


def shown(text: str) -> str:
    """The same lines without anything that a terminal would act on."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("".join(map(_sign, line.expandtabs(4))) for line in lines)


def shown_on_one_line(text: str) -> str:
    """The same in one line, for a cell or a heading."""
    return " ".join(shown(text).split())


def inert_json(text: str) -> str:
    """The same JSON document with unprintable characters as `\\uXXXX`.

    Outside of strings there are none, so the document says what it said.
    """
    return "".join(each if each.isprintable() or each == "\n" else _escaped(each) for each in text)


def _sign(character: str) -> str:
    if character.isprintable():
        return character
    return " " if unicodedata.category(character) == "Zs" else "\N{REPLACEMENT CHARACTER}"


def _escaped(character: str) -> str:
    code = ord(character)
    if code <= _LONGEST_BMP:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
