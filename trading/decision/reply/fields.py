"""Single fields of an entry: present, of their type, a number where one is meant.

What is wrong is a `RefusedEntry` whose sentence names the asset, the field and what is allowed, so
that it can be sent back to the model as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from trading.decision.reply.numerals import spelled_number
from trading.decision.reply.outcomes import Outcome, RefusedEntry
from trading.decision.reply.values import BadNumber, Value
from trading.decision.reply.words import clean_words, quoted

_LOWER = {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
"""ASCII only: `str.lower` and `casefold` turn letters of other scripts into ours."""


class Fields:
    """The fields of one entry, read by name."""

    def __init__(self, values: Mapping[str, Value], about: str) -> None:
        self._values = values
        self.about = about
        """Asset, for sentences."""

    def require(self, names: tuple[str, ...]) -> None:
        """Raises `RefusedEntry` unless every field is there."""
        missing = [name for name in names if name not in self._values]
        if missing:
            raise self.refusal(Outcome.SCHEMA, f"{', '.join(missing)} missing")

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        """One of the words, whatever its case. No synonyms."""
        value = self._values[name]
        word = value.translate(_LOWER) if isinstance(value, str) else None
        if word not in allowed:
            raise self.refusal(
                Outcome.SCHEMA, f"{name} is {shown(value)}, allowed is {', '.join(allowed)}"
            )
        return word

    def words(self, name: str) -> str:
        """A text, cleaned and cut to what is kept."""
        value = self._values[name]
        if not isinstance(value, str):
            raise self.refusal(Outcome.SCHEMA, f"{name} is {shown(value)}, it must be a string")
        return clean_words(value)

    def number(self, name: str) -> Decimal:
        """A number, or a string that is written as one."""
        value = self._values[name]
        if isinstance(value, Decimal):
            return value
        number = spelled_number(value) if isinstance(value, str) else None
        if number is None:
            raise self.refusal(
                Outcome.BAD_NUMBER, f"{name} is {shown(value)}, it must be a plain number"
            )
        return number

    def number_or_null(self, name: str) -> Decimal | None:
        return None if self._values[name] is None else self.number(name)

    def texts(self, name: str, most: int) -> tuple[str, ...]:
        """A list of strings, or nothing where the field is missing or null."""
        value = self._values.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or len(value) > most:
            raise self.refusal(
                Outcome.SCHEMA, f"{name} is {shown(value)}, it must be a list of at most {most}"
            )
        texts = [each for each in value if isinstance(each, str)]
        if len(texts) < len(value):
            raise self.refusal(Outcome.SCHEMA, f"{name} must hold strings only")
        return tuple(texts)

    def refusal(self, outcome: Outcome, what: str) -> RefusedEntry:
        """With the asset in front."""
        return RefusedEntry(outcome, f"{self.about}: {what}.")


def shown(value: Value) -> str:
    """A value in a message: short, and printable whatever it holds."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, BadNumber):
        return quoted(value.text)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return str(value)
    if value is None:
        return "null"
    return "an object" if isinstance(value, dict) else f"a list of {len(value)}"
