"""Regimes of markets that were built to have one, of random walks, and of the simulated market."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.blend_plan import Regime, RegimeRule
from trading.candles import Candle, CandleWindow
from trading.errors import InvalidRecord
from trading.regime import detection
from trading.regime.detection import (
    REGIME_CANDLES,
    detect_regime,
    regime_columns,
    regime_warm_up,
)
from trading.simulation.candles import candles_between
from trading.simulation.instruments import ASSETS
from trading.simulation.regimes import regime as true_regime
from trading.timeframes import EPOCH, Timeframe

RULE = RegimeRule()
START = datetime(2026, 9, 1, tzinfo=UTC)


def noise(count: int, seed: int = 3, scale: float = 0.004) -> np.ndarray:
    return np.random.default_rng(seed).normal(scale=scale, size=count)


def window_of(closes: np.ndarray) -> CandleWindow:
    """1h candles around a path of closes, each opening at the close before."""
    opens = np.concatenate([closes[:1], closes[:-1]])
    return CandleWindow(
        "BTCUSDT",
        Timeframe.H1,
        tuple(
            Candle(
                START + number * timedelta(hours=1),
                *(Decimal(repr(round(float(price), 6))) for price in (o, max(o, c), min(o, c), c)),
                Decimal(1),
            )
            for number, (o, c) in enumerate(zip(opens, closes, strict=True))
        ),
    )


def path(returns: np.ndarray) -> np.ndarray:
    return 100.0 * np.exp(np.cumsum(returns))


def read(returns: np.ndarray) -> detection.RegimeReading:
    return detect_regime(window_of(path(returns)), RULE)


def test_a_steady_rise_and_a_steady_fall_are_trends() -> None:
    for sign in (1.0, -1.0):
        calm = noise(330, scale=0.002)
        drift = np.concatenate([np.zeros(280), np.full(50, sign * 0.004)])
        assert read(calm + drift).regime is Regime.TRENDING


def test_a_swing_around_a_level_is_sideways() -> None:
    swing = np.diff(0.01 * np.sin(np.arange(331) * 2 * np.pi / 9))
    assert read(swing + noise(330, scale=0.0005)).regime is Regime.SIDEWAYS


def test_moves_that_have_become_three_times_as_wide_are_volatile_even_in_a_trend() -> None:
    wild = noise(330)
    wild[-12:] *= 3.0
    reading = read(wild)
    assert reading.regime is Regime.VOLATILE
    assert reading.volatility is not None
    assert reading.volatility > RULE.volatile_ratio
    trend = noise(330, scale=0.001)
    trend[-30:] += 0.004
    trend[-12:] += noise(12, scale=0.004)
    assert read(trend).regime is Regime.VOLATILE


def test_a_market_that_does_not_move_is_sideways() -> None:
    assert read(np.zeros(330)).regime is Regime.SIDEWAYS


def test_the_regime_is_unknown_until_the_last_candle_of_the_warm_up() -> None:
    returns = noise(regime_warm_up())
    before, after = read(returns[:-1]), read(returns)
    assert before.regime is Regime.UNKNOWN
    assert (
        before.words == f"unknown ({regime_warm_up() - 1} of {regime_warm_up()} candles are there)"
    )
    assert after.regime is not Regime.UNKNOWN
    assert "ADX" in after.words
    assert detect_regime(None, RULE).regime is Regime.UNKNOWN
    assert read(returns[:1]).regime is Regime.UNKNOWN
    assert regime_columns(*(np.empty(0),) * 3, RULE).codes.size == 0


returns_lists = st.integers(0, 2**32 - 1).map(
    lambda seed: noise(320, seed) * np.repeat(np.random.default_rng(seed).uniform(0.2, 4, 8), 40)
)


@settings(max_examples=25, deadline=None)
@given(returns_lists, st.integers(1, 320))
def test_the_columns_say_at_every_candle_what_was_said_then(returns: np.ndarray, at: int) -> None:
    window = window_of(path(returns))
    columns = regime_columns(window.highs, window.lows, window.closes, RULE)
    then = detect_regime(CandleWindow(window.symbol, window.timeframe, window.candles[:at]), RULE)
    assert columns.regime(at - 1) is then.regime
    if then.regime is not Regime.UNKNOWN:
        assert columns.adx[at - 1] == then.adx
        assert columns.efficiency[at - 1] == then.efficiency
        assert columns.volatility[at - 1] == then.volatility


@settings(max_examples=25, deadline=None)
@given(returns_lists, returns_lists, st.integers(1, 319))
def test_another_future_changes_nothing_of_the_past(
    returns: np.ndarray, others: np.ndarray, at: int
) -> None:
    scrambled = np.concatenate([returns[:at], others[at:]])
    told = [
        regime_columns(w.highs, w.lows, w.closes, RULE).codes[:at]
        for w in (window_of(path(returns)), window_of(path(scrambled)))
    ]
    np.testing.assert_array_equal(*told)


def simulated(seed: int, days: int = 45) -> CandleWindow:
    until = START + timedelta(days=days)
    candles = candles_between(seed, ASSETS["BTCUSDT"], Timeframe.H1, since=START, until=until)
    return CandleWindow("BTCUSDT", Timeframe.H1, candles)


def changes(codes: np.ndarray) -> int:
    return int(np.count_nonzero(np.diff(codes[codes > 0])))


def test_more_candles_than_are_read_change_nothing() -> None:
    whole = simulated(7)
    last = CandleWindow(whole.symbol, whole.timeframe, whole.candles[-REGIME_CANDLES:])
    assert detect_regime(whole, RULE) == detect_regime(last, RULE)


@pytest.mark.parametrize("seed", [1, 3, 7])
def test_the_regimes_of_the_simulated_market_are_found_far_better_than_by_chance(
    seed: int,
) -> None:
    """Chance is 1/3. The market turns every ten hours or so, a measure over 12 to 36 hours lags."""
    window = simulated(seed, days=60)
    codes = regime_columns(window.highs, window.lows, window.closes, RULE).codes
    names = (Regime.UNKNOWN, Regime.SIDEWAYS, Regime.TRENDING, Regime.VOLATILE)
    found = np.array([names[code].value for code in codes])
    ends = [(each.open_time - EPOCH) // timedelta(minutes=1) + 60 for each in window.candles]
    truth = np.array([true_regime(seed, minute).value for minute in ends])
    known = found != Regime.UNKNOWN.value
    hits = [
        float(np.mean(found[known & (truth == name.value)] == name.value)) for name in names[1:]
    ]
    assert np.mean(hits) > 0.40


def test_the_bands_keep_a_regime_from_flickering(monkeypatch: pytest.MonkeyPatch) -> None:
    windows = [simulated(seed) for seed in (1, 2, 7)]

    def turns() -> int:
        return sum(changes(regime_columns(w.highs, w.lows, w.closes, RULE).codes) for w in windows)

    banded = turns()
    monkeypatch.setattr(detection, "KEPT_SHARE", 1.0)
    monkeypatch.setattr(detection, "KEPT_EFFICIENCY", 1.0)
    assert banded < 0.7 * turns()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("trend_adx", 4.0),
        ("trend_efficiency", 1.0),
        ("volatile_ratio", 1.0),
        ("trend_adx", float("nan")),
    ],
)
def test_a_threshold_outside_its_range_is_refused_by_name(name: str, value: float) -> None:
    with pytest.raises(InvalidRecord, match=f"{name} is .* allowed is"):
        replace(RULE, **{name: value})
