"""What our indicators cost over calling TA-Lib bare, in the same process, as a ratio of CPU time.

`python -m bench.indicators --rounds 9 --json out.json`. Both sides compute the same series over the
same candles of the simulated market; ours also checks, names and keeps the newest values as JSON
takes them. Series that are not equal give no number. See bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import talib

from bench.runtime.machine import describe_machine
from trading.candles import CandleWindow, FloatArray
from trading.indicators import channels, oscillators, trend, volatility, volume
from trading.indicators.series import last_values
from trading.simulation.candles import candles_until
from trading.simulation.instruments import ASSETS
from trading.timeframes import Timeframe

INSTRUMENTS = 10
TIMEFRAMES = (Timeframe.M5, Timeframe.H4)
CANDLES = 1_000
KEPT = 10
"""Newest values of each series that a reader gets."""
UNTIL = datetime(2026, 1, 1, tzinfo=UTC)
GOAL = 2.0
"""Largest ratio; the figure of the project's performance goals."""

Named = dict[str, FloatArray]


def our_series(w: CandleWindow) -> Named:
    """Every indicator that the product has, by name."""
    bars, volumes = (w.highs, w.lows, w.closes), w.volumes
    macd, bands = trend.macd(w.closes), volatility.bollinger(w.closes, 20, 2.0)
    sides, place = trend.directional(*bars, 14), oscillators.stochastic(*bars)
    range_, keltner = channels.donchian(w.highs, w.lows, 20), channels.keltner(*bars)
    stop, cloud = (
        channels.supertrend(*bars, period=10, multiple=3.0),
        channels.ichimoku(w.highs, w.lows),
    )
    return {
        "sma_20": trend.sma(w.closes, 20),
        "ema_20": trend.ema(w.closes, 20),
        "ema_50": trend.ema(w.closes, 50),
        "wma_20": trend.wma(w.closes, 20),
        "macd": macd.line,
        "macd_signal": macd.signal,
        "macd_histogram": macd.histogram,
        "adx_14": trend.adx(*bars, 14),
        "plus_di_14": sides.plus,
        "minus_di_14": sides.minus,
        "sar": trend.parabolic_stop(w.highs, w.lows),
        "rsi_7": oscillators.rsi(w.closes, 7),
        "rsi_14": oscillators.rsi(w.closes, 14),
        "stochastic_k": place.k,
        "stochastic_d": place.d,
        "cci_20": oscillators.cci(*bars, 20),
        "williams_r_14": oscillators.williams_r(*bars, 14),
        "mfi_14": oscillators.money_flow_index(*bars, volumes, 14),
        "change_10": oscillators.rate_of_change(w.closes, 10),
        "atr_3": volatility.atr(*bars, 3),
        "atr_14": volatility.atr(*bars, 14),
        "atr_ratio_14": volatility.atr_ratio(*bars, 14),
        "deviation_20": volatility.deviation(w.closes, 20),
        "bollinger_upper": bands.upper,
        "bollinger_middle": bands.middle,
        "bollinger_lower": bands.lower,
        "obv": volume.obv(w.closes, volumes),
        "vwap": volume.vwap(*bars, volumes),
        "vwap_20": volume.rolling_vwap(*bars, volumes, 20),
        "cmf_20": volume.money_flow(*bars, volumes, 20),
        "donchian_upper": range_.upper,
        "donchian_middle": range_.middle,
        "donchian_lower": range_.lower,
        "keltner_upper": keltner.upper,
        "keltner_middle": keltner.middle,
        "keltner_lower": keltner.lower,
        "supertrend": stop.line,
        "ichimoku_conversion": cloud.conversion,
        "ichimoku_base": cloud.base,
        "ichimoku_ahead_b": cloud.ahead_b,
    }


def bare_series(w: CandleWindow) -> list[FloatArray]:
    """The same by TA-Lib calls and nothing else, in the same order."""
    high, low, close, vol = w.highs, w.lows, w.closes, w.volumes
    bars = (high, low, close)
    typical = talib.TYPPRICE(*bars)
    return [
        talib.SMA(close, 20), talib.EMA(close, 20), talib.EMA(close, 50), talib.WMA(close, 20),
        *talib.MACD(close, 12, 26, 9), talib.ADX(*bars, 14), talib.PLUS_DI(*bars, 14),
        talib.MINUS_DI(*bars, 14), talib.SAR(high, low, 0.02, 0.2), talib.RSI(close, 7),
        talib.RSI(close, 14), *talib.STOCH(*bars, 14, 3, 0, 3, 0), talib.CCI(*bars, 20),
        talib.WILLR(*bars, 14), talib.MFI(*bars, vol, 14), talib.ROCP(close, 10),
        talib.ATR(*bars, 3), talib.ATR(*bars, 14), talib.NATR(*bars, 14),
        talib.STDDEV(close, 20, 1.0), *talib.BBANDS(close, 20, 2.0, 2.0), talib.OBV(close, vol),
        talib.VWAP(*bars, vol), talib.SUM(typical * vol, 20) / talib.SUM(vol, 20),
        talib.CMF(*bars, vol, 20), *talib.DONCHIAN(high, low, 20), *talib.KC(*bars, 20, 10, 2.0),
        talib.SUPERTREND(*bars, 10, 3.0)[0], talib.MIDPRICE(high, low, 9),
        talib.MIDPRICE(high, low, 26), talib.MIDPRICE(high, low, 52),
    ]  # fmt: skip


def ours(windows: Sequence[CandleWindow]) -> list[dict[str, list[float | None]]]:
    """As a reader gets them: named, cut to the newest values, without NaN."""
    return [
        {name: last_values(series, KEPT) for name, series in our_series(window).items()}
        for window in windows
    ]


def bare(windows: Sequence[CandleWindow]) -> list[list[FloatArray]]:
    return [bare_series(window) for window in windows]


def build_windows() -> list[CandleWindow]:
    """1000 candles of ten instruments on two timeframes; instruments repeat under another seed."""
    made: list[CandleWindow] = []
    for number in range(INSTRUMENTS):
        symbol = list(ASSETS)[number % len(ASSETS)]
        seed = 7 + number // len(ASSETS)
        for timeframe in TIMEFRAMES:
            candles = candles_until(seed, ASSETS[symbol], timeframe, until=UNTIL, limit=CANDLES)
            window = CandleWindow(symbol, timeframe, candles)
            made.append(window)
            for name in ("opens", "highs", "lows", "closes", "volumes"):
                getattr(window, name)  # candles become arrays once, before anything is measured
    return made


def require_equal(windows: Sequence[CandleWindow]) -> int:
    """How many series there are; raises `AssertionError` when one is not TA-Lib's."""
    count = 0
    for window in windows:
        for (name, series), theirs in zip(
            our_series(window).items(), bare_series(window), strict=True
        ):
            expected = theirs / 100.0 if name == "atr_ratio_14" else theirs
            np.testing.assert_allclose(series, expected, rtol=1e-9, atol=1e-8, err_msg=name)
            count += 1
    return count


def measure(windows: Sequence[CandleWindow], rounds: int) -> dict[str, list[float]]:
    """CPU milliseconds of each side, in turn, one warm-up round left out."""
    sides: dict[str, Callable[[Sequence[CandleWindow]], object]] = {"bare": bare, "ours": ours}
    found: dict[str, list[float]] = {name: [] for name in sides}
    for number in range(rounds + 1):
        for name, side in sides.items():
            began = time.process_time()
            side(windows)
            if number:
                found[name].append(1_000.0 * (time.process_time() - began))
    return found


def main(arguments: Sequence[str] | None = None) -> int:
    """Print both medians and the median of the rounds' ratios; 1 when it is above the goal."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args(arguments)
    head, windows = describe_machine(), build_windows()
    series = require_equal(windows)
    times = measure(windows, options.rounds)
    ratios = [mine / theirs for mine, theirs in zip(times["ours"], times["bare"], strict=True)]
    ratio = statistics.median(ratios)
    print(f"{head['processor']}, {head['cores']} cores, load {head['load_before']}, {head['date']}")
    print(f"{len(windows)} windows of {CANDLES} candles, {series} series, {options.rounds} rounds")
    for name, values in times.items():
        print(
            f"{name}: {statistics.median(values):.1f} CPU ms ({min(values):.1f} to {max(values):.1f})"
        )
    print(f"ours over bare: {ratio:.2f} ({min(ratios):.2f} to {max(ratios):.2f}), goal {GOAL:g}")
    if options.json:
        options.json.write_text(json.dumps({"machine": head, "times": times, "ratio": ratio}))
    return 0 if ratio <= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
