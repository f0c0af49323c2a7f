"""Funding arbitrage is only ever on the side that is paid, and only while that pays for the trade."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.strategies.conftest import START, make_candles, make_view
from trading.market import FundingRate
from trading.positions import Direction
from trading.strategies.funding_arbitrage import (
    FundingArbitrageParameters,
    opinions,
    signal,
    warm_up,
)
from trading.strategies.recent_candles import recent_candles
from trading.timeframes import Timeframe

DEFAULTS = FundingArbitrageParameters()
H1 = Timeframe.H1
HOURS = 96
CALM = [1000.0] * HOURS
"""With wicks of 1 on both sides ATR is 2: 0.2 % of the price."""


def market(rates, *, every=8, closes=CALM, reach=1.0, estimate=None):
    """The last rate was paid at the close of the last candle, the others `every` hours apart."""
    view = make_view(make_candles(closes, H1, reach=reach), H1)
    end = START + len(closes) * H1.length
    fundings = tuple(
        FundingRate(
            symbol=view.symbol,
            at=end - timedelta(hours=every) * (len(rates) - 1 - index),
            rate=Decimal(repr(rate)),
            mark=view.quote.mark,
        )
        for index, rate in enumerate(rates)
    )
    quote = view.quote
    if estimate is not None:
        quote = replace(quote, funding_rate=Decimal(repr(estimate)))
    return replace(view, fundings=fundings, quote=quote)


def ask(rates, held=Direction.FLAT, parameters=DEFAULTS, **shape):
    return signal(market(rates, **shape), parameters, held)


@pytest.mark.parametrize(
    ("rate", "direction", "stop", "target"),
    [
        (0.0006, Direction.SHORT, "1008.0", "984.0"),  # longs pay
        (-0.0006, Direction.LONG, "992.0", "1016.0"),  # shorts pay
    ],
)
def test_the_side_that_is_paid_is_taken_with_levels_in_atr(rate, direction, stop, target):
    answer = ask([rate] * 13)
    assert answer.direction is direction
    assert (answer.stop_price, answer.take_profit_price) == (Decimal(stop), Decimal(target))
    # three payments a day, one and a half days: 0.0027, less 0.0022 of costs and 0.0003 of edge
    assert answer.confidence == pytest.approx(0.55 + 0.45 * 0.0002 / 0.005)


@pytest.mark.parametrize(("rate", "enters"), [(0.000556, True), (0.000555, False)])
def test_receipts_of_the_holding_time_must_pay_costs_and_edge(rate, enters):
    # 0.0025 over 4.5 payments is 0.0005556 each
    for each in (rate, -rate):
        assert ask([each] * 13).hold is not enters


def test_longer_holding_and_cheaper_trading_need_smaller_rates():
    assert ask([0.0003] * 13).hold
    for easier in ({"holding_hours": 72}, {"cost_ratio": 0.001}):
        parameters = FundingArbitrageParameters(**easier)
        assert ask([0.0003] * 13, parameters=parameters).direction is Direction.SHORT


@pytest.mark.parametrize("every", [1, 4, 8])
def test_what_counts_is_paid_per_day_whatever_the_interval(every):
    answer = ask([0.0018 * every / 24] * (HOURS // every + 1), every=every)
    assert answer.direction is Direction.SHORT
    assert "0.001800 a day paid by longs" in answer.reason
    assert answer.confidence == pytest.approx(0.55 + 0.45 * 0.0002 / 0.005)


@pytest.mark.parametrize(
    ("rates", "enters"),
    [
        ([0.0002, 0.0009, 0.0009, 0.0009], False),  # 0.0002 is still in force in the lookback
        ([0.0001, 0.0008, 0.0009, 0.0009, 0.0009], True),
        ([0.0020, 0.0020, 0.0020, -0.0001], False),
        ([0.0020, -0.0001, 0.0020, 0.0020, 0.0020], False),
        ([0.0020, 0.0020, 0.0020, 0.0004], False),  # the newest is under half the mean
    ],
)
def test_one_rate_that_is_weak_or_turned_keeps_the_strategy_out(rates, enters):
    for sign in (1, -1):
        assert ask([sign * each for each in rates]).hold is not enters


def test_the_lookback_only_says_how_long_a_rate_must_last():
    for hours in (8, 48, 80):
        answer = ask([0.0006] * 13, parameters=FundingArbitrageParameters(lookback_hours=hours))
        assert "0.001800 a day paid by longs" in answer.reason
        assert answer.confidence == pytest.approx(0.55 + 0.45 * 0.0002 / 0.005)
    young = [*[0.0001] * 8, *[0.0006] * 5]
    assert ask(young).direction is Direction.SHORT
    assert ask(young, parameters=FundingArbitrageParameters(lookback_hours=48)).hold


def test_without_steadiness_only_the_sign_must_hold():
    loose = FundingArbitrageParameters(steadiness=0.0)
    assert ask([0.0002, 0.0009, 0.0009, 0.0009], parameters=loose).direction is Direction.SHORT
    assert ask([-0.0001, 0.0020, 0.0020, 0.0020], parameters=loose).hold


def test_the_estimate_of_the_coming_rate_replaces_the_newest_paid_one():
    paid = [0.0009] * 13
    assert ask(paid, estimate=0.0008).direction is Direction.SHORT
    assert "rate +0.000800" in ask(paid, estimate=0.0008).reason
    assert ask(paid, estimate=0.0001).hold
    turned = ask(paid, Direction.SHORT, estimate=-0.00001)
    assert (turned.hold, turned.direction) == (False, Direction.FLAT)


@pytest.mark.parametrize(
    ("rates", "held", "ends"),
    [
        ([0.0006, 0.0006, 0.0006, 0.0], Direction.SHORT, True),  # nobody pays
        ([0.0006, 0.0006, 0.0006, -0.0001], Direction.SHORT, True),  # the position would pay
        ([0.0006, 0.0006, 0.0006, 0.0001], Direction.SHORT, False),  # the last day still paid
        ([0.0006, 0.0002, 0.0002, 0.0002], Direction.SHORT, False),  # 0.0006 a day: kept
        ([0.0006, 0.0001, 0.0002, 0.0001], Direction.SHORT, True),  # 0.0004 of 0.0016667: faded
        ([-0.0006, -0.0006, -0.0006, 0.0001], Direction.LONG, True),
        ([-0.0006, -0.0002, -0.0002, -0.0002], Direction.LONG, False),
        ([-0.0006, -0.0001, -0.0002, -0.0001], Direction.LONG, True),
    ],
)
def test_a_position_ends_when_the_rate_turns_or_no_longer_pays(rates, held, ends):
    answer = ask(rates, held)
    assert answer.hold is not ends
    assert answer.direction is Direction.FLAT


def test_a_paying_side_asks_to_turn():
    assert ask([0.0009] * 13, Direction.LONG).direction is Direction.SHORT


def test_moving_prices_cut_the_confidence_in_proportion_and_then_stop_entries():
    rates = [0.0022] * 13  # net 0.0077, past what counts as certain
    assert ask(rates).confidence == 1.0
    # an ATR of 1 % is twice the calm one; wicks of 5 make it
    assert ask(rates, reach=5.0).confidence == pytest.approx(0.55 + 0.45 / 2)
    assert ask(rates, reach=9.9).confidence == pytest.approx(0.55 + 0.45 * 0.005 / 0.0198)
    for sign in (1, -1):
        assert not ask([sign * each for each in rates], reach=9.9).hold
        assert ask([sign * each for each in rates], reach=10.1).hold


def test_wild_prices_do_not_end_a_position_that_is_paid():
    assert ask([0.0022] * 13, Direction.SHORT, reach=10.1).hold


@pytest.mark.parametrize("held", Direction)
def test_unknown_funding_is_no_opinion_and_no_zero(held):
    answer = ask([], held)
    assert answer.hold
    assert "rate unknown, funding of the last 24 h is not known" in answer.reason


def test_a_lookback_that_is_known_in_part_opens_nothing_but_lets_a_payer_out():
    for rates in ([0.0009], [0.0009] * 3):  # the lookback needs the rate before its first hour
        assert "funding of the last 24 h is not known" in ask(rates).reason
        assert [ask(rates, held).hold for held in Direction] == [
            held is not Direction.LONG for held in Direction
        ]
    assert not ask([0.0009] * 4).hold


def test_one_candle_less_than_the_warm_up_is_no_opinion():
    needed = warm_up(DEFAULTS)
    assert needed == 24 + 1
    assert (
        ask([0.0009] * 9, closes=CALM[: needed - 1]).reason
        == "24 of 25 closed 1h candles are there"
    )
    assert ask([0.0009] * 9, closes=CALM[:needed]).direction is Direction.SHORT


RATES = st.lists(
    st.sampled_from([-0.003, -0.0008, -0.0004, 0.0, 0.0001, 0.0006, 0.0007, 0.002]),
    min_size=5,
    max_size=13,
)
RULES = st.builds(
    FundingArbitrageParameters,
    lookback_hours=st.integers(8, 48),
    steadiness=st.sampled_from([0.0, 0.5, 1.0]),
    exit_share=st.sampled_from([0.0, 0.3, 1.0]),
    cost_ratio=st.sampled_from([0.0, 0.0022]),
)


@settings(deadline=None)
@given(rates=RATES, rule=RULES, sign=st.sampled_from([1, -1]))
def test_no_side_is_taken_or_kept_that_pays(rates, rule, sign):
    view = market([sign * each for each in rates])
    read = recent_candles(view, H1, HOURS)
    columns = opinions(read, rule)
    rate = read.funding_rate
    taken = columns.side != 0
    assert (columns.side[taken] * rate[taken] < 0.0).all()
    known = slice(warm_up(rule) - 1, None)
    assert (columns.leave_long | ~(rate >= 0.0))[known].all()
    assert (columns.leave_short | ~(rate <= 0.0))[known].all()
    for at in np.flatnonzero(taken):
        hours = rule.lookback_hours
        got = -columns.side[at] * read.funding_paid[at - hours + 1 : at + 1].sum()
        assert got / hours * rule.holding_hours >= rule.cost_ratio + rule.min_edge_ratio - 1e-12
