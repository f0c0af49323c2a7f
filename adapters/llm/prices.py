"""What tokens cost where the provider does not say: a small dated table, or the account's own price.

USD per million tokens, in decimals. Tokens without a price have an unknown cost: None, never 0.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from importlib.resources import files

from adapters.llm.model_names import Match
from adapters.llm.records import Usage
from trading.errors import InvalidRecord
from trading.units import ZERO

_TABLE = "prices.toml"
_MILLION = Decimal(1_000_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """USD per million tokens."""

    input: Decimal
    output: Decimal
    """Reasoning included."""
    cached_input: Decimal | None = None
    """None: tokens from the provider's cache cost like any other."""
    read_on: date | None = None
    """When the table's figure was read; None: the account's own."""

    def __post_init__(self) -> None:
        for each in (self.input, self.output, self.cached_input):
            if each is not None and not (each.is_finite() and each >= 0):
                raise InvalidRecord(f"price of tokens: {each} is not an amount of USD per million")

    def cost(self, usage: Usage | None) -> Decimal | None:
        """USD of these tokens; None if they were not counted, unless no number of them costs anything."""
        if not any((self.input, self.output, self.cached_input)):
            return ZERO
        if usage is None or usage.prompt is None or usage.answer is None:
            return None
        cached = min(usage.cached or 0, usage.prompt)
        cached_price = self.input if self.cached_input is None else self.cached_input
        spent = (usage.prompt - cached) * self.input + cached * cached_price
        return (spent + usage.answer * self.output) / _MILLION


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTable:
    """Prices by host and model."""

    version: str
    by_host: Mapping[str, Mapping[str, Price]]

    def find(self, host: str, model: str) -> Price | None:
        """By the model's name, also where a dated version of it is meant."""
        for name, price in self.by_host.get(host, {}).items():
            if Match.of(name, model) in (Match.SAME, Match.VERSION):
                return price
        return None


@cache
def price_table() -> PriceTable:
    """The table that comes with this version."""
    document = tomllib.loads(
        files("adapters.llm").joinpath(_TABLE).read_text(encoding="utf-8"), parse_float=Decimal
    )
    by_host: dict[str, dict[str, Price]] = {}
    for row in document["price"]:
        by_host.setdefault(row["host"], {})[row["model"]] = Price(
            input=Decimal(row["input"]),
            output=Decimal(row["output"]),
            cached_input=Decimal(row["cached_input"]),
            read_on=date.fromisoformat(row["read_on"]),
        )
    return PriceTable(version=document["version"], by_host=by_host)
