"""The simulated market looks like a crypto market. Figures are taken over a year of minutes."""

from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from trading.simulation.factors import factor_path
from trading.simulation.instruments import ASSETS, MARKET_FACTOR
from trading.simulation.minutes import Bars, coarser, log_path, minute_bars
from trading.simulation.regimes import Regime, regime

START = 28_800_000  # 2024-10-04
DAYS = 360


@cache
def year(symbol: str) -> Bars:
    return minute_bars(7, ASSETS[symbol], START, DAYS * 1_440)


def returns(symbol: str, length: int) -> np.ndarray:
    bars = coarser(year(symbol), length)
    return np.log(bars.closes / bars.opens)


def excess_kurtosis(values: np.ndarray) -> float:
    centred = values - values.mean()
    return float((centred**4).mean() / (centred**2).mean() ** 2 - 3.0)


@pytest.mark.parametrize("symbol", ASSETS)
def test_a_day_moves_prices_by_2_to_5_per_cent(symbol):
    assert 0.019 < returns(symbol, 1_440).std() < 0.052


@pytest.mark.parametrize("symbol", ["BTCUSDT", "DOGEUSDT"])
def test_short_returns_have_fat_tails(symbol):
    assert excess_kurtosis(returns(symbol, 5)) > 5.0
    assert excess_kurtosis(returns(symbol, 60)) > 2.0


def test_wild_hours_follow_wild_hours():
    size = np.abs(returns("BTCUSDT", 60))
    assert np.corrcoef(size[1:], size[:-1])[0, 1] > 0.1


def test_the_next_minute_cannot_be_told_from_the_last_one():
    minute = returns("BTCUSDT", 1)
    assert abs(np.corrcoef(minute[1:], minute[:-1])[0, 1]) < 0.05


def test_volume_grows_with_the_move():
    bars = year("BTCUSDT")
    move = np.abs(np.log(bars.closes / bars.opens))
    assert np.corrcoef(bars.volumes, move)[0, 1] > 0.4


def test_all_assets_move_with_bitcoin_and_none_is_its_copy():
    bitcoin = returns("BTCUSDT", 1_440)
    for symbol in set(ASSETS) - {"BTCUSDT"}:
        assert 0.4 < np.corrcoef(bitcoin, returns(symbol, 1_440))[0, 1] < 0.95


def test_rare_jumps_move_a_price_by_a_per_cent_within_minutes_but_never_from_minute_to_minute():
    path = log_path(7, ASSETS["SOLUSDT"], START, DAYS * 1_440)
    quarter_hours = np.abs(path[15::15] - path[:-15:15])
    assert (quarter_hours > 0.015).sum() >= 5
    assert np.abs(np.diff(path)).max() < 0.06


@pytest.mark.parametrize("seed", [0, 7, 2**62])
def test_prices_stay_in_a_sane_range_for_decades(seed):
    for asset in ASSETS.values():
        levels = [
            float(log_path(seed, asset, minute, 1)[0])
            for minute in range(START, START + 40 * 525_600, 1_400_003)
        ]
        assert max(abs(level) for level in levels) < np.log(12.0)


def test_all_regimes_occur_and_last_for_hours():
    seen = [regime(7, START + hour * 60) for hour in range(60 * 24)]
    shares = {kind: seen.count(kind) / len(seen) for kind in Regime}
    assert min(shares.values()) > 0.05
    changes = sum(one is not other for one, other in pairwise(seen))
    assert 4.0 < len(seen) / changes < 72.0


def test_a_volatile_hour_moves_more_than_a_sideways_one():
    path = factor_path(7, MARKET_FACTOR, START, 120 * 1_440)
    sizes: dict[Regime, list[float]] = {kind: [] for kind in Regime}
    for hour in range(120 * 24 - 1):
        move = abs(path[(hour + 1) * 60] - path[hour * 60])
        sizes[regime(7, START + hour * 60)].append(move)
    assert np.mean(sizes[Regime.VOLATILE]) > 1.6 * np.mean(sizes[Regime.SIDEWAYS])
