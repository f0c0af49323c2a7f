"""The names that a condition may use: what each means, its periods and its warm-up.

Measures of candles are exactly those of `trading.indicators` (TA-Lib's), in quote per base or
0..100, one value per closed candle. Fields of the quote are as of now and have no candles. The one
rule: a value that is not known is NaN or None here, and never a number.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from trading.candles import CandleWindow, FloatArray
from trading.indicators.oscillators import rsi, rsi_warm_up
from trading.indicators.trend import adx, adx_warm_up, average_warm_up, ema, macd, macd_warm_up, sma
from trading.indicators.volatility import (
    BollingerBands,
    atr,
    atr_warm_up,
    bollinger,
    bollinger_warm_up,
)
from trading.market import Quote

LONGEST_PERIOD = 500
BAND_DEVIATIONS = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class CandleName:
    """A measure of closed candles."""

    name: str
    meaning: str
    series: Callable[[CandleWindow, int], FloatArray]
    """One value per candle for a period; the period is 0 for a name without one."""
    warm_up: Callable[[int], int]
    """Candles needed for the first value."""
    shortest: int | None = None
    """Smallest period; None: the name has no period."""
    usual: int | None = None
    """Period that is meant when none is written; None: it has to be written."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteName:
    """A field of the quote."""

    name: str
    meaning: str
    value: Callable[[Quote], Decimal | None]


def _bands(window: CandleWindow, period: int) -> BollingerBands:
    return bollinger(window.closes, period, BAND_DEVIATIONS)


def _field(name: str, meaning: str, series: Callable[[CandleWindow], FloatArray]) -> CandleName:
    return CandleName(
        name=name, meaning=meaning, series=lambda window, _: series(window), warm_up=lambda _: 1
    )


def _macd(name: str, meaning: str, series: Callable[[CandleWindow], FloatArray]) -> CandleName:
    return CandleName(
        name=name,
        meaning=meaning,
        series=lambda window, _: series(window),
        warm_up=lambda _: macd_warm_up(),
    )


def _band(name: str, meaning: str, series: Callable[[CandleWindow, int], FloatArray]) -> CandleName:
    return CandleName(
        name=name, meaning=meaning, series=series, warm_up=bollinger_warm_up, shortest=2, usual=20
    )


_CANDLE_NAMES = (
    _field("open", "open of the last closed candle", lambda w: w.opens),
    _field("high", "its high", lambda w: w.highs),
    _field("low", "its low", lambda w: w.lows),
    _field("close", "its close", lambda w: w.closes),
    _field("volume", "its volume, base quantity", lambda w: w.volumes),
    CandleName(
        name="sma", meaning="simple moving average of closes", shortest=2,
        series=lambda w, n: sma(w.closes, n), warm_up=average_warm_up,
    ),
    CandleName(
        name="ema", meaning="exponential moving average of closes", shortest=2,
        series=lambda w, n: ema(w.closes, n), warm_up=average_warm_up,
    ),
    CandleName(
        name="volume_sma", meaning="simple moving average of volumes", shortest=2, usual=20,
        series=lambda w, n: sma(w.volumes, n), warm_up=average_warm_up,
    ),
    CandleName(
        name="rsi", meaning="relative strength index, 0 to 100", shortest=2, usual=14,
        series=lambda w, n: rsi(w.closes, n), warm_up=rsi_warm_up,
    ),
    CandleName(
        name="adx", meaning="strength of a trend, 0 to 100", shortest=2, usual=14,
        series=lambda w, n: adx(w.highs, w.lows, w.closes, n), warm_up=adx_warm_up,
    ),
    CandleName(
        name="atr", meaning="average true range, in price", shortest=1, usual=14,
        series=lambda w, n: atr(w.highs, w.lows, w.closes, n), warm_up=atr_warm_up,
    ),
    _macd("macd", "MACD line (12, 26)", lambda w: macd(w.closes).line),
    _macd("macd_signal", "its signal line (9)", lambda w: macd(w.closes).signal),
    _macd("macd_histogram", "line less signal", lambda w: macd(w.closes).histogram),
    _band("bb_upper", "upper Bollinger band (2 deviations)", lambda w, n: _bands(w, n).upper),
    _band("bb_middle", "middle band, the mean of closes", lambda w, n: _bands(w, n).middle),
    _band("bb_lower", "lower Bollinger band (2 deviations)", lambda w, n: _bands(w, n).lower),
)  # fmt: skip

_QUOTE_NAMES = (
    QuoteName(name="price", meaning="last price now", value=lambda quote: quote.last),
    QuoteName(name="mark", meaning="mark price now", value=lambda quote: quote.mark),
    QuoteName(
        name="funding_rate",
        meaning="ratio per funding period; positive: longs pay",
        value=lambda quote: quote.funding_rate,
    ),
)

CANDLE_NAMES: dict[str, CandleName] = {each.name: each for each in _CANDLE_NAMES}
QUOTE_NAMES: dict[str, QuoteName] = {each.name: each for each in _QUOTE_NAMES}


def known_names() -> tuple[str, ...]:
    """Every name as an example of how it is written, candles before quote."""
    return (*(_example(each) for each in _CANDLE_NAMES), *QUOTE_NAMES)


def render_names() -> str:
    """Markdown: one row per name, for the documents."""
    rows = [_row(each) for each in _CANDLE_NAMES]
    rows += [f"| `{each.name}` | {each.meaning} | none, no candles | |" for each in _QUOTE_NAMES]
    head = ["| name | means | period | candles needed |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def _row(each: CandleName) -> str:
    if each.shortest is None:
        periods = "none"
    else:
        without = "" if each.usual is None else f"; without one {each.usual}"
        periods = f"{each.shortest} to {LONGEST_PERIOD}{without}"
    example = _example(each)
    period = int(example.rpartition("_")[2]) if each.shortest is not None else 0
    return f"| `{example}` | {each.meaning} | {periods} | {each.warm_up(period)} |"


def _example(each: CandleName) -> str:
    return each.name if each.shortest is None else f"{each.name}_{each.usual or 50}"
