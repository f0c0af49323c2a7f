"""The paper venue behind the port: every call finds the market matched up to its instant."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from adapters.venues.paper import catch_up
from adapters.venues.paper.venue import PaperVenue
from tests.adapters.venues.paper_fakes import ListedMarket, MemoryBook
from tests.trading.matching.paper_builders import (
    BUY,
    SELL,
    T0,
    book,
    candle,
    funding,
    limit,
    market,
    minute,
    position,
    stop,
    target,
)
from trading.candles import Candle
from trading.errors import BadMarketData, OrderRejected, VenueUnavailable
from trading.orders import OrderStatus
from trading.paper_book import BookState
from trading.paper_terms import PaperFees
from trading.ports import Venue
from trading.timeframes import Timeframe

QUIET = [candle("100 101 99 100", opens=n) for n in range(60)]
FALLS_AT_5 = [*QUIET[:5], candle("99 100 85 86", opens=5), *QUIET[6:]]


def market_of(candles: Sequence[Candle] = QUIET, **more: object) -> ListedMarket:
    return ListedMarket(candles_by_symbol={"BTCUSDT": candles, "ETHUSDT": QUIET}, **more)


def venue_at(
    at: int | datetime, paper_book: MemoryBook, listed: ListedMarket | None = None
) -> PaperVenue:
    return PaperVenue(
        book=paper_book,
        market=listed or market_of(),
        as_of=minute(at) if isinstance(at, int) else at,
        account_id="momentum",
    )


def protected_long() -> BookState:
    return book(position("1"), orders=[stop(SELL, "1", "90"), target(SELL, "1", "120")])


def test_it_is_a_venue() -> None:
    venue: Venue = venue_at(0, MemoryBook(book()))
    assert venue.name == "paper"


async def test_any_reading_call_first_matches_what_was_traded() -> None:
    for read in ("balance", "positions", "open_orders", "server_time"):
        paper_book = MemoryBook(protected_long())
        await getattr(venue_at(10, paper_book, market_of(FALLS_AT_5)), read)()
        assert [fill.price for fill in paper_book.fills] == [90], read
        assert paper_book.state.matched_until == minute(10)


async def test_a_stop_that_was_hit_is_seen_as_the_live_venue_would_show_it() -> None:
    venue = venue_at(10, MemoryBook(protected_long()), market_of(FALLS_AT_5))
    assert await venue.positions() == ()
    assert await venue.open_orders() == ()
    assert (await venue.balance()).wallet == 9990
    stopped = await venue.order_by_client_id("BTCUSDT", "stop")
    swept = await venue.order_by_client_id("BTCUSDT", "target")
    assert stopped is not None
    assert swept is not None
    assert (stopped.status, swept.status) == (OrderStatus.FILLED, OrderStatus.EXPIRED)
    fills = await venue.fills_since(None)
    assert [(fill.client_order_id, fill.filled_at) for fill in fills] == [("stop", minute(6))]
    assert await venue.fills_since(fills[0].trade_id) == ()


async def test_funding_shows_as_income_and_in_the_wallet() -> None:
    listed = market_of(fundings_by_symbol={"BTCUSDT": [funding("0.0001", at=4)]})
    venue = venue_at(10, MemoryBook(book(position("1"))), listed)
    lines = await venue.income_since(None)
    assert [(line.kind, line.symbol, line.amount) for line in lines] == [
        ("funding", "BTCUSDT", Decimal("-0.01"))
    ]
    assert (await venue.balance()).wallet == Decimal("9999.99")
    assert await venue.income_since(lines[0].tran_id) == ()


async def test_the_book_never_goes_back_in_time() -> None:
    paper_book = MemoryBook(book(position("1")))
    await venue_at(10, paper_book).positions()
    before = paper_book.state
    late = venue_at(3, paper_book)
    assert await late.server_time() == minute(10)
    order = await late.submit(market(BUY, "1"))
    assert order.created_at == minute(10)
    assert paper_book.state.matched_until == before.matched_until


async def test_a_market_order_fills_at_the_open_that_follows_the_decision() -> None:
    candles = [*QUIET[:5], candle("104 105 103 104", opens=5)]
    paper_book = MemoryBook(book(fees=PaperFees()))
    order = await venue_at(5, paper_book, market_of(candles)).submit(market(BUY, "1"))
    assert order.status is OrderStatus.FILLED
    assert order.average_price == Decimal("104.1")  # 104.052, up to the tick
    assert [fill.trade_id for fill in paper_book.fills] == ["1"]


@pytest.mark.parametrize(("seconds", "fills"), [(0, [90]), (30, [])])
async def test_the_candle_of_the_decision_fills_nothing(seconds: int, fills: list[int]) -> None:
    """The fall of minute 5 takes a stop placed as it opened, not one placed while it ran."""
    paper_book, listed = MemoryBook(book(position("1"))), market_of(FALLS_AT_5)
    placed_at = minute(5) + timedelta(seconds=seconds)
    await venue_at(placed_at, paper_book, listed).submit(stop(SELL, "1", "90"))
    await venue_at(8, paper_book, listed).open_orders()
    assert [fill.price for fill in paper_book.fills] == fills


async def test_a_look_in_the_middle_of_a_candle_does_not_make_it_forgotten() -> None:
    paper_book, listed = MemoryBook(protected_long()), market_of(FALLS_AT_5)
    await venue_at(minute(5) + timedelta(seconds=30), paper_book, listed).open_orders()
    assert paper_book.fills == []
    await venue_at(8, paper_book, listed).open_orders()
    assert [fill.price for fill in paper_book.fills] == [90]


async def test_a_refused_order_leaves_the_matching_done_and_nothing_else() -> None:
    paper_book = MemoryBook(protected_long())
    venue = venue_at(10, paper_book, market_of(FALLS_AT_5))
    with pytest.raises(OrderRejected) as refused:
        await venue.submit(market(SELL, "1", reduce_only=True))
    assert refused.value.code == -2022
    assert [fill.client_order_id for fill in paper_book.fills] == ["stop"]
    assert await venue.order_by_client_id("BTCUSDT", "order") is None


async def test_a_stop_and_a_close_in_flight_never_flip_the_position() -> None:
    """Bug 11: the stop fired before the close arrived."""
    paper_book = MemoryBook(protected_long())
    listed = market_of(FALLS_AT_5)
    answers = await asyncio.gather(
        venue_at(10, paper_book, listed).submit(market(SELL, "1", reduce_only=True, name="a")),
        venue_at(10, paper_book, listed).submit(market(SELL, "1", reduce_only=True, name="b")),
        return_exceptions=True,
    )
    assert [getattr(answer, "code", None) for answer in answers] == [-2022, -2022]
    assert paper_book.state.positions == {}


async def test_two_runs_at_once_match_every_candle_and_pay_every_funding_once() -> None:
    paper_book = MemoryBook(protected_long())
    listed = market_of(FALLS_AT_5, fundings_by_symbol={"BTCUSDT": [funding("0.0001", at=3)]})
    await asyncio.gather(*(venue_at(10, paper_book, listed).positions() for _ in range(4)))
    assert len(paper_book.fills) == 1
    assert len(paper_book.income) == 1


async def test_a_client_order_id_guards_only_while_its_order_is_open() -> None:
    paper_book = MemoryBook(book())
    venue = venue_at(5, paper_book)
    await venue.submit(limit(BUY, "1", "90", name="same"))
    with pytest.raises(OrderRejected) as refused:
        await venue.submit(market(BUY, "1", name="same"))
    assert refused.value.code == -4116
    await venue.cancel("BTCUSDT", "same")
    again = await venue.submit(market(BUY, "1", name="same"))
    newest = await venue.order_by_client_id("BTCUSDT", "same")
    assert newest == again


async def test_cancel_answers_with_the_cancelled_order_and_an_unknown_one_is_refused() -> None:
    paper_book = MemoryBook(protected_long())
    venue = venue_at(2, paper_book)
    with pytest.raises(OrderRejected, match="-2011"):
        await venue.cancel("ETHUSDT", "stop")
    order = await venue.cancel("BTCUSDT", "stop")
    assert (order.status, order.updated_at) == (OrderStatus.CANCELED, minute(2))
    with pytest.raises(OrderRejected, match="-2011"):
        await venue.cancel("BTCUSDT", "stop")
    assert [one.request.client_order_id for one in await venue.open_orders()] == ["target"]


async def test_an_order_is_not_known_under_another_symbol() -> None:
    venue = venue_at(2, MemoryBook(protected_long()))
    assert await venue.order_by_client_id("ETHUSDT", "stop") is None
    assert await venue.order_by_client_id("BTCUSDT", "never") is None


async def test_a_symbol_that_the_market_does_not_have_is_refused_by_name() -> None:
    venue = venue_at(2, MemoryBook(book()))
    with pytest.raises(OrderRejected, match="DOGEUSDT") as refused:
        await venue.submit(market(BUY, "1", symbol="DOGEUSDT"))
    assert refused.value.code == -1121


async def test_positions_come_with_mark_and_liquidation_price() -> None:
    (held,) = await venue_at(2, MemoryBook(book(position("1")))).positions()
    assert held.mark == 100
    assert held.liquidation_price is not None
    assert round(held.liquidation_price, 4) == Decimal("80.3213")


async def test_leverage_is_set_and_refused_under_a_position() -> None:
    paper_book = MemoryBook(book(position("1")))
    venue = venue_at(2, paper_book)
    await venue.set_leverage("ETHUSDT", 7)
    assert paper_book.state.leverage["ETHUSDT"] == 7
    with pytest.raises(OrderRejected, match="-4161"):
        await venue.set_leverage("BTCUSDT", 7)


async def test_without_a_quote_nothing_is_sent_and_nothing_is_valued() -> None:
    paper_book = MemoryBook(protected_long())
    venue = venue_at(200, paper_book)
    with pytest.raises(VenueUnavailable, match="nothing was sent"):
        await venue.submit(market(BUY, "1"))
    with pytest.raises(BadMarketData):
        await venue.positions()
    with pytest.raises(BadMarketData):
        await venue.balance()
    assert (await venue.cancel("BTCUSDT", "stop")).status is OrderStatus.CANCELED


async def test_missing_and_defective_candles_are_passed_over() -> None:
    broken = replace(FALLS_AT_5[5], low=Decimal(0))
    holes = [*QUIET[:3], broken, candle("88 89 87 88", opens=9), *QUIET[10:]]
    paper_book = MemoryBook(protected_long())
    await venue_at(20, paper_book, market_of(holes)).positions()
    assert [(fill.price, fill.filled_at) for fill in paper_book.fills] == [(88, minute(10))]


async def test_a_market_that_cannot_say_what_was_traded_stops_the_matching() -> None:
    class Silent(ListedMarket):
        async def candles_between(self, *args: object, **kwargs: object) -> tuple[Candle, ...]:
            raise BadMarketData("BTCUSDT", "two 1m candles open at 00:05")

    paper_book = MemoryBook(protected_long())
    venue = venue_at(10, paper_book, Silent(candles_by_symbol={}))
    with pytest.raises(VenueUnavailable, match="two 1m candles"):
        await venue.positions()
    assert paper_book.state.matched_until == T0


async def test_only_symbols_with_something_at_stake_are_loaded() -> None:
    idle, listed = MemoryBook(book()), market_of()
    await venue_at(10, idle, listed).open_orders()
    assert listed.asked == []
    assert idle.state.matched_until == minute(10)
    await venue_at(10, MemoryBook(protected_long()), listed).open_orders()
    assert {symbol for symbol, _, _ in listed.asked} == {"BTCUSDT"}


async def test_a_call_at_the_same_instant_takes_no_lock_and_loads_nothing() -> None:
    paper_book, listed = MemoryBook(protected_long()), market_of()
    venue = venue_at(10, paper_book, listed)
    await venue.open_orders()
    loads, commits = len(listed.asked), paper_book.commits
    await venue.open_orders()
    await venue.balance()
    assert (len(listed.asked), paper_book.commits) == (loads, commits)


async def test_a_long_gap_in_stretches_gives_the_same_book_as_in_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rates = {"BTCUSDT": [funding("0.0001", at=n) for n in range(0, 60, 3)]}
    books = []
    for length in (5000, 7, 1):
        monkeypatch.setattr(catch_up, "CANDLES_PER_STRETCH", length)
        paper_book = MemoryBook(protected_long())
        listed = market_of(FALLS_AT_5, fundings_by_symbol=rates)
        await venue_at(50, paper_book, listed).positions()
        books.append((paper_book.state, paper_book.fills, paper_book.income))
    assert books[0] == books[1] == books[2]
    assert (
        len(books[0][2]) == 1
    )  # stopped at minute 6, after one funding at minute 3; 6 is too late


async def test_a_long_gap_that_is_broken_off_goes_on_where_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Away(ListedMarket):
        async def candles_between(
            self, symbol: str, timeframe: Timeframe, *, since: datetime, until: datetime
        ) -> tuple[Candle, ...]:
            if until > minute(4):
                raise BadMarketData(symbol, "the venue is away")
            return QUIET[:4]

    monkeypatch.setattr(catch_up, "CANDLES_PER_STRETCH", 2)
    paper_book = MemoryBook(protected_long())
    with pytest.raises(VenueUnavailable, match="the venue is away"):
        await venue_at(10, paper_book, Away(candles_by_symbol={})).open_orders()

    assert (paper_book.state.matched_until, paper_book.commits) == (minute(4), 2)
