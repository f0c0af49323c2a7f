"""Funding of the simulated market."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.simulation.funding import funding_between, next_funding_at
from trading.simulation.instruments import ASSETS
from trading.simulation.quotes import quote_at
from trading.timeframes import EPOCH, floor_instant

START = datetime(2025, 1, 1, tzinfo=UTC)
INSTANTS = st.timedeltas(timedelta(days=45 * 365), timedelta(days=90 * 365)).map(EPOCH.__add__)
SYMBOLS = st.sampled_from(sorted(ASSETS))


def test_longs_pay_at_times_and_shorts_at_times_and_calm_periods_pay_the_base_rate():
    rates = [
        paid.rate
        for paid in funding_between(
            7, ASSETS["BTCUSDT"], after=START, until=START + timedelta(days=200)
        )
    ]
    assert len(rates) == 600
    assert sum(rate < 0 for rate in rates) > 10
    assert sum(rate > Decimal("0.0001") for rate in rates) > 10
    assert sum(rate == Decimal("0.0001") for rate in rates) > 300
    assert max(abs(rate) for rate in rates) <= Decimal("0.0075")


def test_a_shorter_period_pays_a_smaller_rate_more_often():
    hourly = funding_between(7, ASSETS["DOGEUSDT"], after=START, until=START + timedelta(days=1))
    assert len(hourly) == 24
    usual = [
        paid.rate
        for paid in funding_between(
            7, ASSETS["DOGEUSDT"], after=START, until=START + timedelta(days=30)
        )
    ]
    assert max(set(usual), key=usual.count) == Decimal("0.0000125")


@settings(max_examples=30, deadline=None)
@given(SYMBOLS, INSTANTS, st.integers(0, 3_000), st.integers(0, 3_000))
def test_each_instant_is_paid_once_however_the_time_is_divided(symbol, after, first, second):
    asset = ASSETS[symbol]
    middle = after + timedelta(minutes=first)
    until = middle + timedelta(minutes=second)
    parts = funding_between(7, asset, after=after, until=middle) + funding_between(
        7, asset, after=middle, until=until
    )
    whole = funding_between(7, asset, after=after, until=until)
    assert parts == whole
    assert all(after < paid.at <= until for paid in whole)


@pytest.mark.parametrize("asset", ASSETS.values(), ids=lambda asset: asset.symbol)
def test_funding_is_paid_on_multiples_of_the_interval_of_the_instrument(asset):
    interval = asset.instrument.funding_interval
    paid = funding_between(7, asset, after=START, until=START + timedelta(days=2))
    assert len(paid) == timedelta(days=2) // interval
    assert all(floor_instant(one.at, interval) == one.at for one in paid)


@settings(max_examples=20, deadline=None)
@given(SYMBOLS, INSTANTS)
def test_the_quote_at_a_funding_instant_shows_what_is_paid_then(symbol, at):
    asset = ASSETS[symbol]
    instant = next_funding_at(asset, at)
    (paid,) = funding_between(
        7, asset, after=instant - asset.instrument.funding_interval, until=instant
    )
    quote = quote_at(7, asset, instant)
    assert (quote.funding_rate, quote.mark) == (paid.rate, paid.mark)
    assert quote.next_funding_at == instant + asset.instrument.funding_interval


def test_a_strong_rise_makes_longs_pay_more_than_a_strong_fall():
    asset = ASSETS["BTCUSDT"]
    paid = funding_between(7, asset, after=START, until=START + timedelta(days=200))
    changes = [
        (float(after.mark / before.mark) - 1.0, float(after.rate))
        for before, after in zip(paid, paid[3:], strict=False)
    ]
    changes.sort()
    tenth = len(changes) // 10
    falling = sum(rate for _, rate in changes[:tenth])
    rising = sum(rate for _, rate in changes[-tenth:])
    assert rising > falling
