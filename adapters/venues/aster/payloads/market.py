"""Answers of the public calls: rules, candles, prices, funding."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field, TypeAdapter, ValidationError, field_validator

from adapters.venues.aster.payloads.payload import Payload, list_in

_KLINE_FIELDS = (
    "open_time",
    "open",
    "high",
    "low",
    "close",
    "volume",
    "close_time",
    "quote_volume",
    "trades",
)


class ServerTime(Payload):
    """`time`."""

    server_time: int
    """Milliseconds."""


class RateLimit(Payload):
    """One row of `rateLimits`."""

    rate_limit_type: str
    interval: str
    interval_num: int
    limit: int


class SymbolFilter(Payload):
    """One filter of a symbol; each type has some of these fields."""

    filter_type: str
    min_price: Decimal | None = None
    max_price: Decimal | None = None
    tick_size: Decimal | None = None
    min_qty: Decimal | None = None
    max_qty: Decimal | None = None
    step_size: Decimal | None = None
    notional: Decimal | None = Field(None, validation_alias=AliasChoices("notional", "minNotional"))
    multiplier_up: Decimal | None = None
    multiplier_down: Decimal | None = None
    limit: int | None = None


class SymbolRules(Payload):
    """One symbol of `exchangeInfo`."""

    symbol: str
    status: str
    base_asset: str
    quote_asset: str
    margin_asset: str
    contract_type: str = "PERPETUAL"
    filters: tuple[SymbolFilter, ...]
    order_types: tuple[str, ...] = Field(
        (), validation_alias=AliasChoices("orderTypes", "OrderType", "orderType")
    )
    time_in_force: tuple[str, ...] = ()
    price_precision: int | None = None
    """Of the display, not of the filters; so is the next."""
    quantity_precision: int | None = None
    trigger_protect: Decimal | None = None
    liquidation_fee: Decimal | None = None
    market_take_bound: Decimal | None = None

    def filter(self, filter_type: str) -> SymbolFilter | None:
        """The filter of that type, e.g. `LOT_SIZE`."""
        return next((each for each in self.filters if each.filter_type == filter_type), None)


class ExchangeInfo(Payload):
    """`exchangeInfo`; rows that cannot be read are left out by name, the others stay."""

    rate_limits: tuple[RateLimit, ...] = ()
    symbols: tuple[SymbolRules, ...]
    unreadable: tuple[str, ...] = ()
    """Symbols left out: some live rows lack even a base asset."""


class _RawExchangeInfo(Payload):
    rate_limits: tuple[RateLimit, ...] = ()
    symbols: tuple[dict[str, Any], ...]


def read_exchange_info(document: object) -> ExchangeInfo:
    """The rules of all readable symbols."""
    raw = _RawExchangeInfo.model_validate(document)
    symbols: list[SymbolRules] = []
    unreadable: list[str] = []
    for row in raw.symbols:
        try:
            symbols.append(SymbolRules.model_validate(row))
        except ValidationError:
            unreadable.append(str(row.get("symbol", "?"))[:40])
    return ExchangeInfo(
        rate_limits=raw.rate_limits, symbols=tuple(symbols), unreadable=tuple(unreadable)
    )


class Kline(Payload):
    """One candle; the last of a list may still be open."""

    open_time: int
    """Milliseconds."""
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal
    close_time: int
    quote_volume: Decimal = Decimal(0)
    trades: int = 0


def read_klines(document: object) -> tuple[Kline, ...]:
    """Candles from rows of positional values."""
    rows = TypeAdapter(tuple[tuple[Any, ...], ...]).validate_python(document)
    return tuple(Kline.model_validate(dict(zip(_KLINE_FIELDS, row, strict=False))) for row in rows)


class Depth(Payload):
    """`depth`: levels as (price, quantity), the best first."""

    last_update_id: int
    time: int | None = Field(None, validation_alias=AliasChoices("T", "E"))
    bids: tuple[tuple[Decimal, Decimal], ...]
    asks: tuple[tuple[Decimal, Decimal], ...]

    @field_validator("bids", "asks", mode="before")
    @classmethod
    def _first_two(cls, levels: object) -> object:
        return [list_in(level)[:2] for level in list_in(levels)]


class Premium(Payload):
    """`premiumIndex`: mark price and funding of a symbol."""

    symbol: str
    mark_price: Decimal
    index_price: Decimal | None = None
    last_funding_rate: Decimal | None = None
    next_funding_time: int = 0
    time: int

    @field_validator("last_funding_rate", "index_price", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


class Funding(Payload):
    """One funding instant of the past."""

    symbol: str
    funding_rate: Decimal
    funding_time: int


class FundingRules(Payload):
    """How a symbol is funded; the interval differs per symbol."""

    symbol: str
    funding_interval_hours: int
    interest_rate: Decimal | None = None
    funding_fee_cap: Decimal | None = None
    funding_fee_floor: Decimal | None = None


class BookTicker(Payload):
    """Best bid and ask."""

    symbol: str
    bid_price: Decimal
    bid_qty: Decimal
    ask_price: Decimal
    ask_qty: Decimal
    time: int | None = None


class OpenInterest(Payload):
    """Contracts outstanding, base units."""

    symbol: str
    open_interest: Decimal
    time: int
