"""Every indicator of the product with the bare TA-Lib call that it must equal, and its warm-up.

Ichimoku is not in TA-Lib: it stands beside the midpoint calls that it is made of.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import talib

from trading.candles import CandleWindow, FloatArray
from trading.indicators import channels, oscillators, trend, volatility, volume

Measure = Callable[[CandleWindow], FloatArray]
Columns = tuple[FloatArray, FloatArray, FloatArray]


def _hlc(w: CandleWindow) -> Columns:
    return w.highs, w.lows, w.closes


def _hlcv(w: CandleWindow) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    return w.highs, w.lows, w.closes, w.volumes


def _later(values: FloatArray, candles: int) -> FloatArray:
    return np.concatenate((np.full(min(candles, values.size), np.nan), values))[: values.size]


def _trend(w: CandleWindow) -> FloatArray:
    line, side = talib.SUPERTREND(*_hlc(w), 10, 3.0)
    return np.where(np.isnan(line), np.nan, side)


def _traded(w: CandleWindow) -> FloatArray:
    typical = talib.TYPPRICE(*_hlc(w))
    return talib.SUM(typical * w.volumes, 10) / talib.SUM(w.volumes, 10)


def _cloud_a(w: CandleWindow) -> FloatArray:
    return 0.5 * (talib.MIDPRICE(w.highs, w.lows, 9) + talib.MIDPRICE(w.highs, w.lows, 26))


INDICATORS: dict[str, tuple[Measure, Measure, int]] = {
    "sma": (
        lambda w: trend.sma(w.closes, 20),
        lambda w: talib.SMA(w.closes, 20),
        trend.average_warm_up(20),
    ),
    "ema": (
        lambda w: trend.ema(w.closes, 20),
        lambda w: talib.EMA(w.closes, 20),
        trend.average_warm_up(20),
    ),
    "wma": (
        lambda w: trend.wma(w.closes, 20),
        lambda w: talib.WMA(w.closes, 20),
        trend.average_warm_up(20),
    ),
    "macd line": (
        lambda w: trend.macd(w.closes).line,
        lambda w: talib.MACD(w.closes, 12, 26, 9)[0],
        trend.macd_warm_up(),
    ),
    "macd signal": (
        lambda w: trend.macd(w.closes).signal,
        lambda w: talib.MACD(w.closes, 12, 26, 9)[1],
        trend.macd_warm_up(),
    ),
    "macd histogram": (
        lambda w: trend.macd(w.closes, fast=5, slow=9, signal=4).histogram,
        lambda w: talib.MACD(w.closes, 5, 9, 4)[2],
        trend.macd_warm_up(9, 4),
    ),
    "adx": (
        lambda w: trend.adx(*_hlc(w), 14),
        lambda w: talib.ADX(*_hlc(w), 14),
        trend.adx_warm_up(14),
    ),
    "plus di": (
        lambda w: trend.directional(*_hlc(w), 14).plus,
        lambda w: talib.PLUS_DI(*_hlc(w), 14),
        trend.directional_warm_up(14),
    ),
    "minus di": (
        lambda w: trend.directional(*_hlc(w), 14).minus,
        lambda w: talib.MINUS_DI(*_hlc(w), 14),
        trend.directional_warm_up(14),
    ),
    "parabolic stop": (
        lambda w: trend.parabolic_stop(w.highs, w.lows),
        lambda w: talib.SAR(w.highs, w.lows, 0.02, 0.2),
        trend.parabolic_warm_up(),
    ),
    "rsi": (
        lambda w: oscillators.rsi(w.closes, 7),
        lambda w: talib.RSI(w.closes, 7),
        oscillators.rsi_warm_up(7),
    ),
    "stochastic k": (
        lambda w: oscillators.stochastic(*_hlc(w)).k,
        lambda w: talib.STOCH(*_hlc(w), 14, 3, 0, 3, 0)[0],
        oscillators.stochastic_warm_up(),
    ),
    "stochastic d": (
        lambda w: oscillators.stochastic(*_hlc(w), period=9, smoothing=1, signal=4).d,
        lambda w: talib.STOCHF(*_hlc(w), 9, 4, 0)[1],
        oscillators.stochastic_warm_up(9, 1, 4),
    ),
    "cci": (
        lambda w: oscillators.cci(*_hlc(w), 20),
        lambda w: talib.CCI(*_hlc(w), 20),
        oscillators.range_warm_up(20),
    ),
    "williams r": (
        lambda w: oscillators.williams_r(*_hlc(w), 14),
        lambda w: talib.WILLR(*_hlc(w), 14),
        oscillators.range_warm_up(14),
    ),
    "money flow index": (
        lambda w: oscillators.money_flow_index(*_hlcv(w), 14),
        lambda w: talib.MFI(*_hlcv(w), 14),
        oscillators.change_warm_up(14),
    ),
    "rate of change": (
        lambda w: oscillators.rate_of_change(w.closes, 10),
        lambda w: talib.ROCP(w.closes, 10),
        oscillators.change_warm_up(10),
    ),
    "atr": (
        lambda w: volatility.atr(*_hlc(w), 14),
        lambda w: talib.ATR(*_hlc(w), 14),
        volatility.atr_warm_up(14),
    ),
    "atr ratio": (
        lambda w: volatility.atr_ratio(*_hlc(w), 14),
        lambda w: talib.NATR(*_hlc(w), 14) / 100,
        volatility.atr_warm_up(14),
    ),
    "deviation": (
        lambda w: volatility.deviation(w.closes, 20),
        lambda w: talib.STDDEV(w.closes, 20, 1.0),
        volatility.bollinger_warm_up(20),
    ),
    "bollinger upper": (
        lambda w: volatility.bollinger(w.closes, 20, 2.5).upper,
        lambda w: talib.BBANDS(w.closes, 20, 2.5, 2.5)[0],
        volatility.bollinger_warm_up(20),
    ),
    "bollinger middle": (
        lambda w: volatility.bollinger(w.closes, 20, 2.5).middle,
        lambda w: talib.BBANDS(w.closes, 20, 2.5, 2.5)[1],
        volatility.bollinger_warm_up(20),
    ),
    "bollinger lower": (
        lambda w: volatility.bollinger(w.closes, 20, 2.5).lower,
        lambda w: talib.BBANDS(w.closes, 20, 2.5, 2.5)[2],
        volatility.bollinger_warm_up(20),
    ),
    "obv": (
        lambda w: volume.obv(w.closes, w.volumes),
        lambda w: talib.OBV(w.closes, w.volumes),
        volume.running_warm_up(),
    ),
    "vwap": (
        lambda w: volume.vwap(*_hlcv(w)),
        lambda w: talib.VWAP(*_hlcv(w)),
        volume.running_warm_up(),
    ),
    "rolling vwap": (
        lambda w: volume.rolling_vwap(*_hlcv(w), 10),
        _traded,
        volume.volume_warm_up(10),
    ),
    "money flow": (
        lambda w: volume.money_flow(*_hlcv(w), 20),
        lambda w: talib.CMF(*_hlcv(w), 20),
        volume.volume_warm_up(20),
    ),
    "donchian upper": (
        lambda w: channels.donchian(w.highs, w.lows, 20).upper,
        lambda w: talib.DONCHIAN(w.highs, w.lows, 20)[0],
        channels.donchian_warm_up(20),
    ),
    "donchian middle": (
        lambda w: channels.donchian(w.highs, w.lows, 20).middle,
        lambda w: talib.DONCHIAN(w.highs, w.lows, 20)[1],
        channels.donchian_warm_up(20),
    ),
    "donchian lower": (
        lambda w: channels.donchian(w.highs, w.lows, 20).lower,
        lambda w: talib.DONCHIAN(w.highs, w.lows, 20)[2],
        channels.donchian_warm_up(20),
    ),
    "keltner upper": (
        lambda w: channels.keltner(*_hlc(w)).upper,
        lambda w: talib.KC(*_hlc(w), 20, 10, 2.0)[0],
        channels.keltner_warm_up(),
    ),
    "keltner middle": (
        lambda w: channels.keltner(*_hlc(w), period=9).middle,
        lambda w: talib.KC(*_hlc(w), 9, 10, 2.0)[1],
        channels.keltner_warm_up(9, 10),
    ),
    "keltner lower": (
        lambda w: channels.keltner(*_hlc(w), multiple=1.5).lower,
        lambda w: talib.KC(*_hlc(w), 20, 10, 1.5)[2],
        channels.keltner_warm_up(),
    ),
    "supertrend line": (
        lambda w: channels.supertrend(*_hlc(w), period=10, multiple=3.0).line,
        lambda w: talib.SUPERTREND(*_hlc(w), 10, 3.0)[0],
        channels.supertrend_warm_up(10),
    ),
    "supertrend trend": (
        lambda w: channels.supertrend(*_hlc(w), period=10, multiple=3.0).trend,
        _trend,
        channels.supertrend_warm_up(10),
    ),
    "ichimoku conversion": (
        lambda w: channels.ichimoku(w.highs, w.lows).conversion,
        lambda w: talib.MIDPRICE(w.highs, w.lows, 9),
        9,
    ),
    "ichimoku base": (
        lambda w: channels.ichimoku(w.highs, w.lows).base,
        lambda w: talib.MIDPRICE(w.highs, w.lows, 26),
        26,
    ),
    "ichimoku span a": (
        lambda w: channels.ichimoku(w.highs, w.lows).span_a,
        lambda w: _later(_cloud_a(w), 26),
        52,
    ),
    "ichimoku span b": (
        lambda w: channels.ichimoku(w.highs, w.lows).span_b,
        lambda w: _later(talib.MIDPRICE(w.highs, w.lows, 52), 26),
        channels.ichimoku_warm_up(),
    ),
}
"""Ours, TA-Lib's, and candles needed for the first value."""
