"""The market document of seed 002 section 5.3: what one cycle knew about one instrument.

Built from the closed 5m and 4h candles and the quote of a `MarketView`. Values are float64
measures for a reader (a model, the diary), never money to compute with. What is unknown or still
warming up is None, never zero and never NaN; every series is exactly `SERIES_LENGTH` long.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC
from decimal import Decimal
from typing import Any, TypedDict

import numpy as np

from trading.candles import CandleWindow
from trading.indicators.oscillators import rsi
from trading.indicators.series import FloatArray, last_value, last_values, to_json_value
from trading.indicators.trend import ema, macd, sma
from trading.indicators.volatility import atr
from trading.market import MarketView
from trading.timeframes import Timeframe
from trading.units import to_float

SERIES_LENGTH = 10
"""Values per series (seed 002 section 5.3)."""
VOLUME_AVERAGE_CANDLES = 20
"""The seed gives no length for `volume_average`; 20 is the usual one beside a 20-candle EMA."""
DOCUMENT_CANDLES = {Timeframe.M5: 200, Timeframe.H4: 200}
"""Closed candles to fetch: four times the longest warm-up (EMA 50), so that seeds have faded."""

Series = list[float | None]


class OpenInterest(TypedDict):
    """Base quantity outstanding."""

    latest: float | None
    average: float | None


class IntradaySeries(TypedDict):
    """5m candles, oldest first. `mid_prices` are closes: past books are not kept."""

    mid_prices: Series
    ema20: Series
    macd: Series
    rsi7: Series
    rsi14: Series


class LongTermContext(TypedDict):
    """4h candles; volumes in base quantity, of closed candles only."""

    ema20_4h: float | None
    ema50_4h: float | None
    atr3_4h: float | None
    atr14_4h: float | None
    volume_current: float | None
    volume_average: float | None
    macd_4h: Series
    rsi14_4h: Series


class MarketDocument(TypedDict):
    """Ready for `json.dumps`."""

    asset: str
    timestamp: str
    open_interest: OpenInterest
    funding_rate: float | None
    intraday_series: IntradaySeries
    long_term_context: LongTermContext


def build_market_document(
    view: MarketView, *, open_interest_average: Decimal | None = None
) -> MarketDocument:
    """The document of one instrument as of its quote.

    `open_interest_average` (base quantity) comes from the caller, who keeps the history of it.
    A timeframe without candles gives None throughout, never an error.
    """
    quote = view.quote
    return MarketDocument(
        asset=view.instrument.base,
        timestamp=quote.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        open_interest=OpenInterest(
            latest=_measure(quote.open_interest), average=_measure(open_interest_average)
        ),
        funding_rate=_measure(quote.funding_rate),
        intraday_series=_intraday(view.windows.get(Timeframe.M5)),
        long_term_context=_long_term(view.windows.get(Timeframe.H4)),
    )


def parse_market_document(stored: Mapping[str, Any]) -> MarketDocument:
    """The same document from JSON that was stored: fields in their order again, measures floats."""
    interest, intraday, long_term = (
        stored[name] for name in ("open_interest", "intraday_series", "long_term_context")
    )
    return MarketDocument(
        asset=stored["asset"],
        timestamp=stored["timestamp"],
        open_interest=OpenInterest(
            latest=_float(interest["latest"]), average=_float(interest["average"])
        ),
        funding_rate=_float(stored["funding_rate"]),
        intraday_series=IntradaySeries(
            mid_prices=_floats(intraday["mid_prices"]),
            ema20=_floats(intraday["ema20"]),
            macd=_floats(intraday["macd"]),
            rsi7=_floats(intraday["rsi7"]),
            rsi14=_floats(intraday["rsi14"]),
        ),
        long_term_context=LongTermContext(
            ema20_4h=_float(long_term["ema20_4h"]),
            ema50_4h=_float(long_term["ema50_4h"]),
            atr3_4h=_float(long_term["atr3_4h"]),
            atr14_4h=_float(long_term["atr14_4h"]),
            volume_current=_float(long_term["volume_current"]),
            volume_average=_float(long_term["volume_average"]),
            macd_4h=_floats(long_term["macd_4h"]),
            rsi14_4h=_floats(long_term["rsi14_4h"]),
        ),
    )


def _float(value: float | None) -> float | None:
    """JSON may give a whole number back without its point."""
    return None if value is None else float(value)


def _floats(values: list[float | None]) -> Series:
    return [_float(value) for value in values]


def _intraday(window: CandleWindow | None) -> IntradaySeries:
    closes = _NOTHING if window is None else window.closes
    return IntradaySeries(
        mid_prices=last_values(closes, SERIES_LENGTH),
        ema20=last_values(ema(closes, 20), SERIES_LENGTH),
        macd=last_values(macd(closes).line, SERIES_LENGTH),
        rsi7=last_values(rsi(closes, 7), SERIES_LENGTH),
        rsi14=last_values(rsi(closes, 14), SERIES_LENGTH),
    )


def _long_term(window: CandleWindow | None) -> LongTermContext:
    closes = _NOTHING if window is None else window.closes
    highs = _NOTHING if window is None else window.highs
    lows = _NOTHING if window is None else window.lows
    volumes = _NOTHING if window is None else window.volumes
    return LongTermContext(
        ema20_4h=last_value(ema(closes, 20)),
        ema50_4h=last_value(ema(closes, 50)),
        atr3_4h=last_value(atr(highs, lows, closes, 3)),
        atr14_4h=last_value(atr(highs, lows, closes, 14)),
        volume_current=last_value(volumes),
        volume_average=last_value(sma(volumes, VOLUME_AVERAGE_CANDLES)),
        macd_4h=last_values(macd(closes).line, SERIES_LENGTH),
        rsi14_4h=last_values(rsi(closes, 14), SERIES_LENGTH),
    )


def _measure(amount: Decimal | None) -> float | None:
    return None if amount is None else to_json_value(to_float(amount))


_NOTHING: FloatArray = np.empty(0, dtype=np.float64)
