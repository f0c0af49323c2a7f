"""Quotes from two calls for any number of symbols: mark and funding, best bid and ask.

The last price is the middle of the book, on the tick: a last trade may be minutes old without
saying so, the book is of the instant. A quote carries the venue's own time, the older of its two
parts, so that a feed that has stopped is seen; it is of now, and no answer to a question about the past.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.venues.aster.market_line import MarketLine
from adapters.venues.aster.market_rules import Listing
from adapters.venues.aster.payloads.market import BookTicker, Premium
from trading.errors import BadMarketData
from trading.market import Quote
from trading.timeframes import EPOCH
from trading.units import ZERO, floor_to

FROZEN_AFTER = timedelta(seconds=60)
"""Without a change of mark or book, by the venue's clock."""
ANSWERS_FOR = timedelta(minutes=5)
"""How far in the past the instant may lie that a live price is taken for."""
_MILLISECOND = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """What two answers say of many symbols, and the venue's time at which they came."""

    premiums: Mapping[str, Premium]
    books: Mapping[str, BookTicker]
    now: datetime


async def read_board(line: MarketLine, symbols: tuple[str, ...]) -> Board:
    """One symbol costs 2, any more 3 together. Raises `BadMarketData` and `WeightRefused`."""
    only = symbols[0] if len(symbols) == 1 else None
    name = only or "all symbols"
    premiums, books = await asyncio.gather(
        line.ask(name, lambda calls: calls.premiums(only)),
        line.ask(name, lambda calls: calls.book_tickers(only)),
    )
    return Board(
        premiums={each.symbol: each for each in premiums},
        books={each.symbol: each for each in books},
        now=await line.venue_now(),
    )


def require_now(symbol: str, at: datetime, now: datetime) -> None:
    """Raises `BadMarketData` for an instant that a live price says nothing about."""
    if now - at > ANSWERS_FOR:
        raise BadMarketData(
            symbol,
            f"prices of {at:%Y-%m-%dT%H:%M:%SZ} are asked for, but the venue tells only those of"
            f" now ({now:%H:%M:%S}): the cycle is too late",
        )


def quote_of(listing: Listing, symbol: str, board: Board) -> Quote | BadMarketData:
    """The quote of a symbol on the board, or what is wrong with it; without open interest."""
    premium, book = board.premiums.get(symbol), board.books.get(symbol)
    halted = listing.halted.get(symbol)
    if halted is not None:
        return BadMarketData(symbol, f"not traded at the venue now: {halted}")
    if premium is None or book is None:
        what = "mark price" if premium is None else "bid and ask"
        return BadMarketData(symbol, f"the venue tells no {what} of it")
    defect = _book_defect(book) or _frozen(premium, book, board.now)
    if defect is not None:
        return BadMarketData(symbol, defect)
    middle = (book.bid_price + book.ask_price) / 2
    return Quote(
        symbol=symbol,
        at=min(_instant(premium.time), _instant(book.time or premium.time)),
        last=max(book.bid_price, floor_to(middle, listing.require(symbol).tick_size)),
        mark=premium.mark_price,
        bid=book.bid_price,
        ask=book.ask_price,
        funding_rate=premium.last_funding_rate,
        next_funding_at=_instant(premium.next_funding_time) if premium.next_funding_time else None,
    )


def _book_defect(book: BookTicker) -> str | None:
    for name, price, quantity in (
        ("bid", book.bid_price, book.bid_qty),
        ("ask", book.ask_price, book.ask_qty),
    ):
        if price <= ZERO or quantity <= ZERO:
            return f"the book has no {name}"
    if book.bid_price >= book.ask_price:
        return f"the book is crossed: bid {book.bid_price}, ask {book.ask_price}"
    return None


def _frozen(premium: Premium, book: BookTicker, now: datetime) -> str | None:
    if premium.mark_price <= ZERO:
        return f"the mark price is {premium.mark_price}"
    for what, told in (("mark price", premium.time), ("book", book.time or premium.time)):
        age = now - _instant(told)
        if age > FROZEN_AFTER:
            return (
                f"the {what} is frozen: last change {_instant(told):%Y-%m-%dT%H:%M:%SZ},"
                f" {age.total_seconds():.0f} s before the venue's clock"
            )
    return None


def _instant(milliseconds: int) -> datetime:
    return EPOCH + milliseconds * _MILLISECOND
