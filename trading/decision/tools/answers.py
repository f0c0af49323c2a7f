"""Answers to a model's tools: compact JSON of what was known at one instant, bounded in size.

Values are oldest first. Measures have 6 significant digits, prices all of theirs; what is not known is
null. An answer that would be too long is refused as a whole: half a table misleads.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import numpy as np

from trading.candles import CandleWindow, FloatArray
from trading.decision.context.figures import Json, render_json
from trading.decision.context.outside_text import outside_name
from trading.decision.tools.requests import (
    CandlesRequest,
    IndicatorRequest,
    OpenInterestRequest,
)
from trading.errors import BadMarketData, ToolRefused

MOST_BYTES = 8 * 1024
_DIGITS = 6


@dataclass(frozen=True, slots=True)
class InterestReading:
    """Open interest (base quantity) as it was read at `at`."""

    at: datetime
    quantity: Decimal


def answer_indicator(request: IndicatorRequest, window: CandleWindow) -> str:
    """The newest values of each output of a function over the whole window.

    Raises
    ------
    ToolRefused
        TA-Lib takes none of these settings together.
    BadMarketData
        The window is empty.
    """
    _require_candles(window)
    columns = _compute(request, window)
    values: dict[str, Json] = {
        name: column[-request.last :]
        for name, column in zip(request.indicator.outputs, columns, strict=True)
    }
    return _bounded(
        {
            "asset": outside_name(request.asset),
            "timeframe": str(request.timeframe),
            "indicator": request.indicator.name,
            "parameters": dict(request.settings),
            "candles": len(window),
            "newest_closed_at": window.closed_at,
            "values": values,
        }
    )


def answer_candles(request: CandlesRequest, window: CandleWindow) -> str:
    """The newest candles of the window. Raises `BadMarketData` when it is empty."""
    _require_candles(window)
    shown = window.candles[-request.last :]
    return _bounded(
        {
            "asset": outside_name(request.asset),
            "timeframe": str(request.timeframe),
            "first_opened_at": shown[0].open_time,
            "newest_closed_at": window.closed_at,
            "columns": ["open", "high", "low", "close", "volume"],
            "rows": [
                [each.open, each.high, each.low, each.close, _short(float(each.volume))]
                for each in shown
            ],
        }
    )


def answer_open_interest(request: OpenInterestRequest, readings: Sequence[InterestReading]) -> str:
    """Readings, oldest first; of a market that tells none the list is empty."""
    shown = readings[-request.last :]
    return _bounded(
        {
            "asset": outside_name(request.asset),
            "columns": ["at", "open_interest"],
            "rows": [[each.at, each.quantity] for each in shown],
        }
    )


def _compute(request: IndicatorRequest, window: CandleWindow) -> list[list[float | None]]:
    indicator, settings = request.indicator, request.settings
    inputs = tuple(_input(name, window, settings) for name in indicator.inputs)
    try:
        columns = indicator.run(inputs, settings)
        warm_up = indicator.warm_up(settings)
    except Exception as error:
        words = ", ".join(f"{name} {value:g}" for name, value in settings.items())
        raise ToolRefused(f"TA-Lib does not take {indicator.name} with {words} together") from error
    # Functions of whole numbers write zeros where they know nothing yet.
    return [[None] * min(warm_up, column.size) + _measures(column[warm_up:]) for column in columns]


def _input(name: str, window: CandleWindow, settings: Mapping[str, float]) -> FloatArray:
    columns = {
        "open": window.opens,
        "high": window.highs,
        "low": window.lows,
        "close": window.closes,
        "volume": window.volumes,
    }
    if name in columns:
        return columns[name]
    # MAVP alone: a period for each candle, and candles have none; the longest it may have.
    return np.full(len(window), settings["maxperiod"], dtype=np.float64)


def _measures(column: FloatArray) -> list[float | None]:
    return [_short(float(value)) for value in column]


def _short(value: float) -> float | None:
    return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else None


def _require_candles(window: CandleWindow) -> None:
    if not len(window):
        raise BadMarketData(window.symbol, f"no closed {window.timeframe} candle yet")


def _bounded(document: dict[str, Json]) -> str:
    text = render_json(document)
    size = len(text.encode())
    if size > MOST_BYTES:
        raise ToolRefused(
            f"the answer would have {size} bytes, at most {MOST_BYTES} are given; ask for fewer"
        )
    return text
