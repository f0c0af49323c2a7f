"""Fills of the account and of others in one netted position."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from trading.attribution import Holdings, attribute
from trading.orders import Fill, Side

AT = datetime(2026, 11, 29, tzinfo=UTC)
FLAT = Holdings(own=Decimal(0), foreign=Decimal(0))


def fill(side: Side, quantity: str | Decimal, *, realized: str = "0") -> Fill:
    return Fill(
        trade_id="1",
        venue_order_id="1",
        client_order_id="pf-1",
        symbol="BTCUSDT",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(100),
        fee=Decimal(1),
        realized_pnl=Decimal(realized),
        is_maker=False,
        filled_at=AT,
    )


def held(own: str, foreign: str) -> Holdings:
    return Holdings(own=Decimal(own), foreign=Decimal(foreign))


def test_an_order_of_ours_opens_our_own_position() -> None:
    done = attribute(fill(Side.BUY, 2), FLAT, is_ours=True)
    assert done.after == held("2", "0")
    assert done.own is not None
    assert done.own.quantity == 2


def test_a_manual_order_opens_a_foreign_position_and_no_trade_of_ours() -> None:
    done = attribute(fill(Side.BUY, 2), FLAT, is_ours=False)
    assert (done.after, done.own) == (held("0", "2"), None)


def test_a_manual_close_of_our_position_is_booked_on_our_trade() -> None:
    done = attribute(fill(Side.SELL, 2, realized="8"), held("2", "0"), is_ours=False)
    assert done.after == FLAT
    assert done.own is not None
    assert done.own.realized_pnl == 8


def test_a_manual_close_takes_what_is_foreign_first_and_splits_fee_and_profit() -> None:
    done = attribute(fill(Side.SELL, 4, realized="8"), held("3", "1"), is_ours=False)
    assert done.after == FLAT
    assert done.own is not None
    assert (done.own.quantity, done.own.fee, done.own.realized_pnl) == (
        Decimal(3),
        Decimal("0.75"),
        Decimal(6),
    )


def test_our_exit_never_closes_more_of_others_than_it_was_sent_for() -> None:
    done = attribute(fill(Side.SELL, 2), held("2", "5"), is_ours=True)
    assert done.after == held("0", "5")


quantities = st.decimals("0.001", "50", places=3)


@given(st.lists(st.tuples(st.sampled_from(Side), quantities, st.booleans()), max_size=30))
def test_own_and_foreign_always_add_up_to_what_the_venue_holds_and_never_point_apart(
    fills: list[tuple[Side, Decimal, bool]],
) -> None:
    holdings, total, realized, fees = FLAT, Decimal(0), Decimal(0), Decimal(0)
    for side, quantity, is_ours in fills:
        done = attribute(fill(side, quantity, realized="3"), holdings, is_ours=is_ours)
        total += quantity * side.sign
        assert done.after.total == total
        assert done.after.own * done.after.foreign >= 0
        if done.own is not None:
            moved = done.own.quantity * side.sign
            assert done.after.own - holdings.own == moved
            realized += done.own.realized_pnl
            fees += done.own.fee
        else:
            assert done.after.own == holdings.own
        holdings = done.after
    assert realized <= 3 * len(fills)
    assert fees <= len(fills)
