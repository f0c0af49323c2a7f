"""Figures of one trade or its orders: return on margin, excursions, slippage."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.orders import Leg
from trading.performance.excursion import compute_excursions
from trading.performance.execution import LegExecution, summarise_execution
from trading.performance.return_on_margin import compute_return_on_margin
from trading.positions import Direction

PRICE = st.decimals("1", "1000", places=2)


@pytest.mark.parametrize(
    ("direction", "price", "ratio"),
    [
        (Direction.LONG, "104", "0.12"),
        (Direction.LONG, "96", "-0.12"),
        (Direction.SHORT, "96", "0.12"),
        (Direction.SHORT, "104", "-0.12"),
        (Direction.FLAT, "104", "0"),
    ],
)
def test_return_on_margin_is_the_price_change_times_leverage(direction, price, ratio):
    figure = compute_return_on_margin(
        direction, entry_price=Decimal(100), price=Decimal(price), leverage=3
    )
    assert figure == Decimal(ratio)


@pytest.mark.parametrize("broken", ["0", "-1", "NaN"])
def test_return_on_margin_is_undefined_without_prices(broken):
    for entry, price in ((Decimal(broken), Decimal(1)), (Decimal(1), Decimal(broken))):
        assert (
            compute_return_on_margin(Direction.LONG, entry_price=entry, price=price, leverage=2)
            is None
        )


def excursions(direction, *, entry="100", lowest="97", highest="108", exit_price=None):
    found = compute_excursions(
        direction,
        entry_price=Decimal(entry),
        lowest=None if lowest is None else Decimal(lowest),
        highest=None if highest is None else Decimal(highest),
        exit_price=None if exit_price is None else Decimal(exit_price),
    )
    return None if found is None else (found.adverse, found.favourable)


def test_a_long_suffers_the_low_and_enjoys_the_high_and_a_short_the_other_way():
    assert excursions(Direction.LONG) == (pytest.approx(0.03), pytest.approx(0.08))
    assert excursions(Direction.SHORT) == (pytest.approx(0.08), pytest.approx(0.03))


def test_the_exit_counts_although_no_whole_candle_saw_it():
    assert excursions(Direction.LONG, exit_price="90") == (pytest.approx(0.1), pytest.approx(0.08))
    assert excursions(Direction.SHORT, exit_price="90")[1] == pytest.approx(0.1)


def test_without_candles_or_an_entry_price_there_is_no_excursion():
    assert excursions(Direction.LONG, lowest=None) is None
    assert excursions(Direction.LONG, highest=None) is None
    assert excursions(Direction.LONG, entry="0") is None


@given(PRICE, PRICE, PRICE, PRICE)
def test_an_excursion_is_never_negative_and_holds_the_exit(entry, one, other, leave):
    found = compute_excursions(
        Direction.LONG,
        entry_price=entry,
        lowest=min(one, other),
        highest=max(one, other),
        exit_price=leave,
    )
    move = float((leave - entry) / entry)
    assert found.adverse >= 0 <= found.favourable
    assert -found.adverse - 1e-12 <= move <= found.favourable + 1e-12


def leg(name, **values):
    usual = {
        "leg": name,
        "sent": 4,
        "filled": 3,
        "unsettled": 0,
        "filled_notional": Decimal(1000),
        "maker_notional": Decimal(0),
        "reference_notional": Decimal(1000),
        "slippage_cost": Decimal(0),
    }
    return LegExecution(**{**usual, **values})


def test_slippage_is_the_cost_over_the_price_that_was_meant_weighted_by_what_was_filled():
    figures = summarise_execution(
        [
            leg(Leg.ENTRY, slippage_cost=Decimal(1)),
            leg(Leg.EXIT, reference_notional=Decimal(3000), slippage_cost=Decimal(-3)),
        ]
    )
    assert figures.slippage_by_leg == {Leg.ENTRY: 0.001, Leg.EXIT: -0.001}
    assert (figures.slippage, figures.slippage_cost) == (-0.0005, Decimal(-2))


def test_the_filled_share_is_of_entries_and_exits_that_ended_and_no_cancelled_stop_spoils_it():
    figures = summarise_execution(
        [leg(Leg.ENTRY, sent=5, unsettled=1), leg(Leg.STOP, sent=40, filled=1), leg(Leg.EXIT)]
    )
    assert figures.filled_share == 6 / 8
    assert figures.sent == 49


def test_the_maker_share_is_of_everything_that_was_filled():
    figures = summarise_execution(
        [leg(Leg.ENTRY, maker_notional=Decimal(500)), leg(Leg.TARGET, maker_notional=Decimal(1000))]
    )
    assert figures.maker_share == 0.75


def test_without_orders_or_without_a_price_that_was_meant_nothing_is_claimed():
    nothing = summarise_execution([])
    assert (nothing.filled_share, nothing.maker_share, nothing.slippage) == (None, None, None)
    unknown = summarise_execution([leg(Leg.ENTRY, reference_notional=Decimal(0))])
    assert (unknown.slippage, unknown.slippage_by_leg) == (None, {})
