"""The markets' part of the context: seed 002's document per asset, and what stands around it.

Beside the document: prices now, regime, further timeframes, the last candles, how old everything
is and what is missing. Closed candles only; a value that is not known is null, never zero.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import cast

from trading.candles import Candle, CandleWindow
from trading.decision.context.account_part import LONGEST_REMARK
from trading.decision.context.figures import Json
from trading.decision.context.outside_text import outside_name, outside_words
from trading.decision.context.situation import MarketBrief
from trading.indicators.oscillators import rsi
from trading.indicators.series import last_value
from trading.indicators.trend import ema, macd
from trading.indicators.volatility import atr
from trading.regime.detection import RegimeReading
from trading.timeframes import Timeframe

Part = dict[str, Json]
DOCUMENT_TIMEFRAMES = (Timeframe.M5, Timeframe.H4)
"""Those of the document; all others of a view are secondary."""
MOST_CANDLES = 20
"""Of the account's own timeframe, newest last."""


def market_part(
    brief: MarketBrief,
    *,
    as_of: datetime,
    interval: Timeframe,
    candles: int,
    timeframes: tuple[Timeframe, ...],
) -> Part:
    """One market; `candles` of them are listed, `timeframes` are summarised beside the document."""
    view, document = brief.view, brief.document
    shown = {each: view.windows[each] for each in timeframes if each in view.windows}
    return {
        "asset": outside_name(document["asset"]),
        "timestamp": document["timestamp"],
        "open_interest": _measures(document["open_interest"]),
        "funding_rate": document["funding_rate"],
        "next_funding_at": view.quote.next_funding_at,
        "prices": {
            "last": view.quote.last,
            "mark": view.quote.mark,
            "bid": view.quote.bid,
            "ask": view.quote.ask,
        },
        "regime": _regime(brief.regime),
        "intraday_series": _measures(document["intraday_series"]),
        "long_term_context": _measures(document["long_term_context"]),
        "other_timeframes": {str(each): _summary(window) for each, window in shown.items()},
        "candles": {
            "timeframe": str(interval),
            "columns": ["opened_at", "open", "high", "low", "close", "volume"],
            "rows": [_candle(each) for each in _last_candles(view.windows.get(interval), candles)],
        },
        "data_age_seconds": _ages(brief, as_of),
        "missing": list(missing_of(brief)),
    }


def no_data_part(no_data: Mapping[str, str]) -> list[Json]:
    """Assets without a usable market, and why."""
    return [
        {"asset": outside_name(asset), "because": outside_words(no_data[asset], LONGEST_REMARK)}
        for asset in sorted(no_data)
    ]


def secondary_timeframes(brief: MarketBrief) -> tuple[Timeframe, ...]:
    """Read beside those of the document, finest first."""
    return tuple(
        each for each in Timeframe if each in brief.view.windows and each not in DOCUMENT_TIMEFRAMES
    )


def missing_of(brief: MarketBrief) -> tuple[str, ...]:
    """What the document could not say, in its order."""
    document = brief.document
    missing = [] if document["funding_rate"] is not None else ["funding_rate"]
    for name in ("open_interest", "intraday_series", "long_term_context"):
        part: Mapping[str, object] = document[name]
        for field, value in part.items():
            lack = _lack(value)
            missing += [] if lack is None else [f"{name}.{field}{lack}"]
    missing += [f"{each} candles" for each in DOCUMENT_TIMEFRAMES if each not in brief.view.windows]
    return tuple(missing)


def _lack(value: object) -> str | None:
    """How much of a field is missing; None when all of it is there."""
    if value is None:
        return ""
    if isinstance(value, list):
        values = cast("list[object]", value)
        unknown = sum(each is None for each in values)
        return f" ({unknown} of {len(values)})" if unknown else None
    return None


def _measures(part: Mapping[str, object]) -> Part:
    """The fields of a document's part, as they are."""
    measures: Part = {}
    for name, value in part.items():
        if isinstance(value, list):
            measures[name] = list(cast("list[float | None]", value))
        else:
            measures[name] = value if isinstance(value, float | int) else None
    return measures


def _regime(reading: RegimeReading | None) -> Json:
    if reading is None:
        return None
    return {
        "name": str(reading.regime),
        "adx": reading.adx,
        "efficiency": reading.efficiency,
        "volatility_ratio": reading.volatility,
    }


def _summary(window: CandleWindow) -> Part:
    closes = window.closes
    return {
        "close": last_value(closes),
        "ema20": last_value(ema(closes, 20)),
        "ema50": last_value(ema(closes, 50)),
        "macd": last_value(macd(closes).line),
        "rsi14": last_value(rsi(closes, 14)),
        "atr14": last_value(atr(window.highs, window.lows, closes, 14)),
    }


def _last_candles(window: CandleWindow | None, count: int) -> tuple[Candle, ...]:
    return () if window is None or count == 0 else window.candles[-count:]


def _candle(candle: Candle) -> list[Json]:
    return [
        candle.open_time, candle.open, candle.high, candle.low, candle.close, candle.volume,
    ]  # fmt: skip


def _ages(brief: MarketBrief, as_of: datetime) -> Part:
    """Seconds since the quote, and since the close of the newest candle of each timeframe."""
    view = brief.view
    ages: Part = {"quote": int((as_of - view.quote.at).total_seconds())}
    for timeframe in Timeframe:
        window = view.windows.get(timeframe)
        if window is not None:
            ages[str(timeframe)] = (
                int((as_of - window.closed_at).total_seconds()) if len(window) else None
            )
    return ages
