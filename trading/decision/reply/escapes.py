"""What stands between two quotes, unescaped as JSON says; a wrong escape is never passed over."""

from __future__ import annotations

_ESCAPE = "\\"
_SIMPLE = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_HEX = frozenset("0123456789abcdefABCDEF")
_UNIT = 4
"""Hexadecimal digits after a backslash and u."""
_HIGH, _LOW, _END = 0xD800, 0xDC00, 0xE000


def unescape(raw: str, quote: str) -> str | None:
    """The text that a string stands for; None when it has an escape that JSON does not know.

    Between other quotes than ", an escaped quote of that kind is one too.
    """
    if _ESCAPE not in raw:
        return raw
    parts: list[str] = []
    at = 0
    while at < len(raw):
        escape = raw.find(_ESCAPE, at)
        if escape < 0:
            parts.append(raw[at:])
            break
        parts.append(raw[at:escape])
        char, at = _escaped(raw, escape, quote)
        if char is None:
            return None
        parts.append(char)
    return "".join(parts)


def _escaped(raw: str, at: int, quote: str) -> tuple[str | None, int]:
    """The character that the escape at `at` stands for, and the place behind it."""
    letter = raw[at + 1 : at + 2]
    if letter == "u":
        return _unicode(raw, at)
    if letter == quote and letter:
        return letter, at + 2
    return _SIMPLE.get(letter), at + 2


def _unicode(raw: str, at: int) -> tuple[str | None, int]:
    unit = _code_unit(raw, at)
    if unit is None:
        return None, at
    behind = at + 2 + _UNIT
    if not _HIGH <= unit < _LOW:
        return chr(unit), behind
    low = _code_unit(raw, behind)
    if low is None or not _LOW <= low < _END:
        return chr(unit), behind  # a surrogate on its own; `clean_words` takes it away
    return chr(0x10000 + ((unit - _HIGH) << 10) + (low - _LOW)), behind + 2 + _UNIT


def _code_unit(raw: str, at: int) -> int | None:
    digits = raw[at + 2 : at + 2 + _UNIT]
    is_one = raw[at : at + 2] == "\\u" and len(digits) == _UNIT and all(d in _HEX for d in digits)
    return int(digits, 16) if is_one else None
