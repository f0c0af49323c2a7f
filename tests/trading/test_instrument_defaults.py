"""Filters and margin tables that we bring ourselves."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.instrument_defaults import (
    KNOWN_INSTRUMENTS,
    MAJOR_ROWS,
    MINOR_ROWS,
    build_brackets,
    derive_instrument,
)
from trading.instruments import MaintenanceBracket

TABLES = [
    build_brackets(MAJOR_ROWS),
    build_brackets(MINOR_ROWS),
    build_brackets(MINOR_ROWS, scale=Decimal("0.00002")),
]


def margin(row: MaintenanceBracket, notional: Decimal) -> Decimal:
    return notional * row.maintenance_ratio - row.cumulative


@pytest.mark.parametrize("table", TABLES)
def test_the_maintenance_margin_does_not_jump_where_a_bracket_ends(table):
    for lower, upper in pairwise(table):
        at = upper.notional_floor
        assert margin(lower, at) == margin(upper, at)


@pytest.mark.parametrize("table", TABLES)
def test_larger_positions_need_a_larger_share_of_margin_and_allow_less_leverage(table):
    for lower, upper in pairwise(table):
        assert upper.notional_floor > lower.notional_floor
        assert upper.maintenance_ratio > lower.maintenance_ratio
        assert upper.max_leverage < lower.max_leverage


@pytest.mark.parametrize("table", TABLES)
def test_the_largest_leverage_of_a_bracket_leaves_more_than_the_maintenance_margin(table):
    assert table[0].notional_floor == 0
    for row in table:
        assert Decimal(1) / row.max_leverage > row.maintenance_ratio


@pytest.mark.parametrize("instrument", KNOWN_INSTRUMENTS.values(), ids=lambda i: i.symbol)
def test_quantities_of_a_known_instrument_lie_on_its_step(instrument):
    for quantity in (
        instrument.min_quantity,
        instrument.max_quantity,
        instrument.max_market_quantity,
    ):
        assert quantity % instrument.step_size == 0
    assert instrument.max_market_quantity <= instrument.max_quantity


@settings(deadline=None)
@given(
    price=st.decimals("0.00000001", "10000000", allow_nan=False, places=8),
    quote=st.sampled_from(["USDT", "USD", "BTC", "ETH"]),
)
def test_a_derived_step_is_fine_enough_for_the_smallest_order(price, quote):
    derived = derive_instrument(
        f"ABC{quote}", base="ABC", quote=quote, tick_size=Decimal("0.01"), price=price
    )
    share = derived.step_size * price / derived.min_notional
    assert Decimal("0.01") < share <= Decimal("0.1")


def test_margin_brackets_of_a_coin_quoted_pair_are_floors_in_that_coin():
    in_usdt = derive_instrument(
        "ABCUSDT", base="ABC", quote="USDT", tick_size=Decimal("0.01"), price=Decimal(10)
    )
    in_btc = derive_instrument(
        "ABCBTC", base="ABC", quote="BTC", tick_size=Decimal("0.00000001"), price=Decimal("0.0002")
    )
    assert in_usdt.brackets[1].notional_floor == 20_000
    assert in_btc.brackets[1].notional_floor == Decimal("0.4")
