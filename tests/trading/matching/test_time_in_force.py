"""Good till cancelled, now or never, all or nothing, as a maker only."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    SELL,
    T0,
    book,
    code_of,
    limit,
    quote,
    story,
    submitted,
)
from trading.market import BookLevel, OrderBook
from trading.matching.submission import submit
from trading.orders import OrderStatus, Side, TimeInForce
from trading.paper_book import OrderChanged
from trading.paper_terms import PaperExecution, SlippagePolicy

GTC, IOC, FOK, GTX = TimeInForce
DEPTH = PaperExecution(slippage=SlippagePolicy.DEPTH)
BOOK = OrderBook(
    symbol="BTCUSDT",
    at=T0,
    bids=(BookLevel(Decimal("99.9"), Decimal(2)), BookLevel(Decimal("99.5"), Decimal(3))),
    asks=(BookLevel(Decimal("100.1"), Decimal(2)), BookLevel(Decimal("100.5"), Decimal(3))),
)  # fmt: skip


@pytest.mark.parametrize(("side", "price"), [(BUY, "100.1"), (SELL, "99.9")])
def test_post_only_is_refused_when_it_would_take(side: Side, price: str) -> None:
    asked = limit(side, "1", price, time_in_force=GTX)
    assert code_of(lambda: submitted(book(), asked)) == -5022


@pytest.mark.parametrize(("side", "price"), [(BUY, "100"), (SELL, "100")])
def test_post_only_rests_when_it_makes(side: Side, price: str) -> None:
    assert list(submitted(book(), limit(side, "1", price, time_in_force=GTX)).orders) == ["1"]


def test_fill_or_kill_that_nobody_meets_is_refused() -> None:
    assert code_of(lambda: submitted(book(), limit(BUY, "1", "100", time_in_force=FOK))) == -5021


def test_fill_or_kill_that_is_met_fills() -> None:
    after = submitted(book(), limit(BUY, "1", "101", time_in_force=FOK))
    assert after.positions["BTCUSDT"].quantity == 1


def test_immediate_or_cancel_that_nobody_meets_expires_without_a_trace_on_the_book() -> None:
    asked = limit(BUY, "1", "100", time_in_force=IOC)
    after, events = submit(book(), asked, instrument=BTC, quote=quote(), at=T0)
    assert story(events) == ["limit expired"]
    assert after.orders == {}
    assert after.next_order_id == 2


@pytest.mark.parametrize(
    ("force", "expected", "status"),
    [
        (GTC, ["limit buy 2 at 100.1"], OrderStatus.PARTIALLY_FILLED),
        (IOC, ["limit buy 2 at 100.1", "limit expired"], OrderStatus.EXPIRED),
    ],
)
def test_what_the_depth_does_not_hold_waits_or_expires(
    force: TimeInForce, expected: list[str], status: OrderStatus
) -> None:
    asked = limit(BUY, "4", "100.4", time_in_force=force)
    after, events = submit(
        book(execution=DEPTH), asked, instrument=BTC, quote=quote(), at=T0, book=BOOK
    )
    assert story(events) == expected
    last = [event.order for event in events if isinstance(event, OrderChanged)][-1]
    assert last.status is status
    assert (last.filled_quantity, last.remaining) == (2, 2)
    assert list(after.orders) == (["1"] if force is GTC else [])


def test_fill_or_kill_asks_the_depth_for_all_of_it() -> None:
    def ordered(quantity: str) -> object:
        asked = limit(BUY, quantity, "100.5", time_in_force=FOK)
        return submit(book(execution=DEPTH), asked, instrument=BTC, quote=quote(), at=T0, book=BOOK)

    assert code_of(lambda: ordered("5")) is None
    assert code_of(lambda: ordered("5.001")) == -5021


def test_what_is_left_of_a_partly_filled_limit_needs_its_own_margin() -> None:
    def ordered(wallet: str) -> object:
        asked = limit(BUY, "4", "100.4")
        return submit(
            book(wallet=wallet, execution=DEPTH),
            asked, instrument=BTC, quote=quote(), at=T0, book=BOOK,
        )  # fmt: skip

    assert code_of(lambda: ordered("80.2")) is None  # 2 x 100.1 / 5 + 2 x 100.4 / 5
    assert code_of(lambda: ordered("80.1")) == -2019
