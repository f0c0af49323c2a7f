"""From the tokens of a document to its values. Recursion is safe: `tokens` bounds the depth.

Numbers are decimals made of their own digits. An object that says a key twice is an error, since
two readers would act on different values. A word such as NaN is kept as `BadNumber`, so that it
costs one entry and not the whole reply.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import TypeAlias

from trading.decision.reply.numerals import is_json_number, json_number
from trading.decision.reply.outcomes import Outcome, Step, UnreadableReply
from trading.decision.reply.tokens import Document, Kind, Token
from trading.decision.reply.words import quoted


@dataclass(frozen=True, slots=True)
class BadNumber:
    """What stands where a number should, as it was written."""

    text: str


Value: TypeAlias = "dict[str, Value] | list[Value] | str | Decimal | bool | BadNumber | None"

_CONSTANTS: dict[str, bool | None] = {"true": True, "false": False, "null": None}
_NO_NUMBERS = frozenset({"NaN", "Infinity", "-Infinity"})
"""What JSON libraries write although JSON has none of it."""
_KEY_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_")


def parse_values(document: Document) -> tuple[dict[str, Value], frozenset[Step]]:
    """The object that a document spells, and all repairs that it took.

    Raises
    ------
    UnreadableReply
        Broken syntax, or a key that is said twice.
    """
    parser = _Parser(document)
    value = parser.value()
    assert isinstance(value, dict)  # noqa: S101 - a document begins with a brace
    return value, frozenset(parser.repairs)


def has_bad_number(value: Value) -> bool:
    """Whether a value is, or holds at any depth, something that is no number."""
    if isinstance(value, dict):
        return any(has_bad_number(each) for each in value.values())
    if isinstance(value, list):
        return any(has_bad_number(each) for each in value)
    return isinstance(value, BadNumber)


class _Parser:
    """The tokens of one document and how far they have been read."""

    def __init__(self, document: Document) -> None:
        self._tokens = document.tokens
        self._next = 0
        self.repairs = set(document.repairs)

    def value(self) -> Value:
        token = self._take()
        if token.kind is Kind.STRING:
            return token.text
        if token.kind is Kind.WORD:
            return _word(token.text)
        if token.kind is Kind.MARK and token.text == "{":
            return self._object()
        if token.kind is Kind.MARK and token.text == "[":
            return self._array()
        raise _broken(token, "where a value should be")

    def _object(self) -> dict[str, Value]:
        members: dict[str, Value] = {}
        while not self._ends("}", is_empty=not members):
            key = self._key()
            if key in members:
                raise UnreadableReply(
                    Outcome.DUPLICATE_KEY, f"The key {quoted(key)} is said twice in one object."
                )
            colon = self._take()
            if colon != Token(Kind.MARK, ":"):
                raise _broken(colon, f"where a colon should follow the key {quoted(key)}")
            members[key] = self.value()
        return members

    def _array(self) -> list[Value]:
        items: list[Value] = []
        while not self._ends("]", is_empty=not items):
            items.append(self.value())
        return items

    def _ends(self, closing: str, *, is_empty: bool) -> bool:
        """Whether the bracket closes here; else the comma before the next member is taken."""
        if self._is(closing):
            self._take()
            return True
        if is_empty:
            return False
        comma = self._take()
        if comma != Token(Kind.MARK, ","):
            raise _broken(comma, f"where a comma or {closing} should be")
        if not self._is(closing):
            return False
        self.repairs.add(Step.TRAILING_COMMA)
        self._take()
        return True

    def _key(self) -> str:
        token = self._take()
        if token.kind is Kind.STRING:
            return token.text
        is_name = token.kind is Kind.WORD and token.text[0] in _KEY_LETTERS
        if is_name and token.text.isascii() and token.text.isidentifier():
            self.repairs.add(Step.UNQUOTED_KEY)
            return token.text
        raise _broken(token, "where a key should be")

    def _is(self, mark: str) -> bool:
        token = self._tokens[self._next]
        return token.kind is Kind.MARK and token.text == mark

    def _take(self) -> Token:
        # The last token closes the document, and nothing is asked for behind it.
        token = self._tokens[self._next]
        self._next += 1
        return token


def _word(text: str) -> Value:
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if is_json_number(text):
        number = json_number(text)
        return BadNumber(text) if number is None else number
    if text in _NO_NUMBERS:
        return BadNumber(text)
    raise UnreadableReply(
        Outcome.NOT_JSON, f"The word {quoted(text)} stands where a value should be."
    )


def _broken(token: Token, where: str) -> UnreadableReply:
    if token.kind is Kind.BROKEN:
        return UnreadableReply(
            Outcome.NOT_JSON, f"The string {quoted(token.text)} has an escape that is none."
        )
    return UnreadableReply(Outcome.NOT_JSON, f"{quoted(token.text)} stands {where}.")
