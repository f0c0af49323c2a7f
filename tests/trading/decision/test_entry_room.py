"""The largest entry that a model is told is the largest that risk lets through."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.trading.risk.conftest import CONTEXT
from trading.decision.room import entry_room
from trading.decisions import Action
from trading.positions import Position
from trading.risk.checks import check_entry
from trading.risk.positions import MarkedPosition
from trading.risk.verdict import Approved, Denied, Shrunk

money = st.decimals(min_value=0, max_value=20_000, places=2)


def held(quantity: Decimal) -> MarkedPosition:
    return MarkedPosition(
        position=Position(
            symbol="ETHUSDT",
            quantity=quantity,
            entry_price=Decimal(100),
            leverage=3,
            isolated_margin=quantity * 100 / 3,
            opened_at=CONTEXT.at,
        ),
        mark=Decimal(100),
    )


def test_a_flat_account_may_buy_and_sell_a_fifth_of_its_equity() -> None:
    room = entry_room(CONTEXT)
    assert (room.asset, room.most_buy, room.most_sell) == ("BTC", Decimal(2000), Decimal(2000))
    assert (room.smallest, room.no_buy_because, room.no_sell_because) == (Decimal(100), "", "")


def test_where_nothing_may_be_opened_the_room_is_zero_and_says_why() -> None:
    room = entry_room(replace(CONTEXT, entries_today=20))
    assert (room.most_buy, room.most_sell) == (0, 0)
    assert room.no_buy_because == "20 entries were made today; the limit is 20."


def test_free_margin_that_is_smaller_than_the_limit_is_what_counts() -> None:
    room = entry_room(replace(CONTEXT, available=Decimal(300)))
    assert Decimal(800) < room.most_buy < Decimal(900)


def test_unknown_equity_is_no_room() -> None:
    room = entry_room(replace(CONTEXT, equity=None))
    assert (room.most_buy, room.most_sell, room.smallest) == (0, 0, CONTEXT.instrument.min_notional)


@given(available=money, other=st.decimals(min_value=Decimal("0.1"), max_value=400, places=1))
def test_what_is_told_is_approved_and_more_is_cut_to_it(available: Decimal, other: Decimal) -> None:
    context = replace(CONTEXT, available=available, positions=(held(other),))
    room = entry_room(context)

    def judged(allocation: Decimal) -> Approved | Shrunk | Denied:
        decision = replace(
            context.decision,
            action=Action.BUY,
            allocation_usd=allocation,
            stop_price=None,
            take_profit_price=None,
        )
        return check_entry(replace(context, decision=decision))

    more = judged(room.most_buy * 2 + 1_000)
    if room.most_buy == 0:
        assert isinstance(more, Denied)
        assert room.no_buy_because
        return
    assert isinstance(more, Shrunk)
    assert more.notional <= room.most_buy
    exact = judged(room.most_buy)
    assert isinstance(exact, Approved)
    assert exact.notional == room.most_buy
