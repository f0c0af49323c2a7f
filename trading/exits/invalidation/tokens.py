"""From text to words: names, numbers, comparators and brackets, each with its column.

Case does not matter. Only plain ASCII counts: a digit or letter of another script is refused at its
column, never guessed at.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from trading.errors import InvalidCondition

LONGEST_TEXT = 300
"""Characters of one condition."""
MOST_DIGITS = 20
_DIGITS = frozenset("0123456789")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")
_SPACES = frozenset(" \t\r\n")


class Kind(Enum):
    """What a word is."""

    WORD = auto()
    """A name, a keyword or a timeframe."""
    NUMBER = auto()
    COMPARATOR = auto()
    OPENING = auto()
    CLOSING = auto()
    END = auto()


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a condition, in lower case."""

    kind: Kind
    text: str
    column: int
    """Of its first character, counted from 1."""


def tokenize(text: str) -> tuple[Token, ...]:
    """The words of a condition, closed by an `END`. Raises `InvalidCondition`."""
    if len(text) > LONGEST_TEXT:
        raise InvalidCondition(
            text,
            LONGEST_TEXT + 1,
            f"the condition has {len(text):,} characters, allowed are {LONGEST_TEXT}",
        )
    tokens: list[Token] = []
    at = 0
    while at < len(text):
        if text[at] in _SPACES:
            at += 1
            continue
        token = _token_at(text, at)
        tokens.append(token)
        at += len(token.text)
    return (*tokens, Token(Kind.END, "", len(text) + 1))


def _token_at(text: str, at: int) -> Token:
    char = text[at]
    if char in "()":
        return Token(Kind.OPENING if char == "(" else Kind.CLOSING, char, at + 1)
    if char in "<>":
        length = 2 if text[at + 1 : at + 2] == "=" else 1
        return Token(Kind.COMPARATOR, text[at : at + length], at + 1)
    if char in _LETTERS:
        return Token(Kind.WORD, _run(text, at).lower(), at + 1)
    starts_number = char == "-" and text[at + 1 : at + 2] in _DIGITS
    if char in _DIGITS or starts_number:
        return _number_or_timeframe(text, at)
    if char in "=!":
        raise InvalidCondition(
            text, at + 1, "equality is not asked of measures; use <, <=, > or >="
        )
    if char in "+-*/%^":
        raise InvalidCondition(
            text, at + 1, f"{char!r} is no part of the language: it compares and does not compute"
        )
    raise InvalidCondition(text, at + 1, f"{char!a} is no part of the language")


def _number_or_timeframe(text: str, at: int) -> Token:
    """A number, or a timeframe such as 4h, which begins like one."""
    end = at + 1
    while text[end : end + 1] in _DIGITS:
        end += 1
    if text[end : end + 1] in _LETTERS and text[at] != "-":
        return Token(Kind.WORD, _run(text, at).lower(), at + 1)
    if text[end : end + 1] == ".":
        end += 1
        if text[end : end + 1] not in _DIGITS:
            raise InvalidCondition(text, end + 1, "a digit is missing after the decimal point")
        while text[end : end + 1] in _DIGITS:
            end += 1
    if text[end : end + 1] in _LETTERS or text[end : end + 1] == ".":
        raise InvalidCondition(text, end + 1, "a number ends here; numbers are 25, -3 or 0.0001")
    if end - at > MOST_DIGITS:
        raise InvalidCondition(text, at + 1, f"a number has at most {MOST_DIGITS} digits")
    return Token(Kind.NUMBER, text[at:end], at + 1)


def _run(text: str, at: int) -> str:
    """The letters, digits and underscores from a place on."""
    end = at
    while end < len(text) and (text[end] in _LETTERS or text[end] in _DIGITS):
        end += 1
    return text[at:end]
