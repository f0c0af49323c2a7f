"""What the market streams tell of a symbol: candles that have closed, prices, the best of the book.

Of one event there may be two records: a candle says the last price as well. Prices are quote per
base. An event that lacks its fields is left out: the next one comes within a second.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field, ValidationError, field_validator

from adapters.venues.aster.payloads.payload import Payload
from adapters.venues.aster.streams.event_payload import LATEST_MS, Event, event_in, instant_of
from trading.candles import Candle


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedCandle:
    """A minute that is over."""

    symbol: str
    candle: Candle


@dataclass(frozen=True, slots=True, kw_only=True)
class LastPrice:
    """Price of the last trade."""

    symbol: str
    at: datetime
    price: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Mark price and funding."""

    symbol: str
    at: datetime
    mark: Decimal
    funding_rate: Decimal | None
    """Ratio per funding period; positive means longs pay."""
    next_funding_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """Best bid and ask; a side that is empty has the quantity zero."""

    symbol: str
    at: datetime
    bid: Decimal
    bid_quantity: Decimal
    ask: Decimal
    ask_quantity: Decimal


MarketEvent = ClosedCandle | LastPrice | Mark | Book


class _Event(Event):
    symbol: str = Field(alias="s")


class _Kline(Payload):
    open_ms: int = Field(alias="t", ge=0, lt=LATEST_MS)
    interval: str = Field(alias="i")
    open: Decimal = Field(alias="o")
    high: Decimal = Field(alias="h")
    low: Decimal = Field(alias="l")
    close: Decimal = Field(alias="c")
    volume: Decimal = Field(alias="v")
    is_closed: bool = Field(alias="x")


class _KlineEvent(_Event):
    kline: _Kline = Field(alias="k")


class _MarkEvent(_Event):
    mark: Decimal = Field(alias="p")
    funding_rate: Decimal | None = Field(None, alias="r")
    next_funding_ms: int = Field(0, alias="T", ge=0, lt=LATEST_MS)

    @field_validator("funding_rate", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


class _BookEvent(_Event):
    bid: Decimal = Field(alias="b")
    bid_quantity: Decimal = Field(alias="B")
    ask: Decimal = Field(alias="a")
    ask_quantity: Decimal = Field(alias="A")


def read_market_event(document: dict[str, Any]) -> tuple[MarketEvent, ...]:
    """The records of an event, raw or wrapped; none for kinds that mean nothing here."""
    event = event_in(document)
    read = _READERS.get(str(event.get("e")))
    if read is None:
        return ()
    try:
        return read(event)
    except ValidationError:
        return ()


def streams_of(symbol: str) -> frozenset[str]:
    """Names of what is followed of a symbol."""
    name = symbol.lower()
    return frozenset({f"{name}@kline_1m", f"{name}@markPrice@1s", f"{name}@bookTicker"})


def _of_kline(event: Any) -> tuple[MarketEvent, ...]:
    read = _KlineEvent.model_validate(event)
    kline = read.kline
    last = LastPrice(symbol=read.symbol, at=read.at, price=kline.close)
    if kline.interval != "1m":
        return ()
    if not kline.is_closed:
        return (last,)
    prices = (kline.open, kline.high, kline.low, kline.close)
    candle = Candle(instant_of(kline.open_ms), *prices, kline.volume)
    return (last, ClosedCandle(symbol=read.symbol, candle=candle))


def _of_mark(event: Any) -> tuple[MarketEvent, ...]:
    read = _MarkEvent.model_validate(event)
    return (
        Mark(
            symbol=read.symbol,
            at=read.at,
            mark=read.mark,
            funding_rate=read.funding_rate,
            next_funding_at=instant_of(read.next_funding_ms) if read.next_funding_ms else None,
        ),
    )


def _of_book(event: Any) -> tuple[MarketEvent, ...]:
    read = _BookEvent.model_validate(event)
    return (
        Book(
            symbol=read.symbol,
            at=read.at,
            bid=read.bid,
            bid_quantity=read.bid_quantity,
            ask=read.ask,
            ask_quantity=read.ask_quantity,
        ),
    )


_READERS = {"kline": _of_kline, "markPriceUpdate": _of_mark, "bookTicker": _of_book}
