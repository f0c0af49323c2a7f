"""How much of an opportunity an instrument is now: five parts between 0 and 1, and their sum.

Read from 1h candles and the quote. A score knows nothing of the other candidates, so a candidate
that comes or goes changes no other one's score. A score says where something happens and at which
cost; the direction and the trade are the business of whoever decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta

import numpy as np

from trading.candles import CandleWindow
from trading.indicators.series import FloatArray
from trading.indicators.trend import adx, adx_warm_up
from trading.market import MarketView, Quote
from trading.regime.measures import realised_volatility
from trading.timeframes import Timeframe
from trading.units import to_float

SCAN_TIMEFRAME = Timeframe.H1
SCAN_CANDLES = 168
"""A week."""
ADX_PERIOD = 14
MOVE_CANDLES = 24
VOLATILITY_CANDLES = 72
WEIGHTS = {"trend": 0.30, "momentum": 0.35, "volume": 0.15, "spread": 0.10, "funding": 0.10}
"""Of the parts in the sum; one together."""
FULL_ADX = 50.0
"""Wilder's mark of a very strong trend."""
FULL_MOVE = 3.0
"""Moves of a day in usual deviations: beyond three nothing becomes more of a move."""
LEAST_TURNOVER, TURNOVER_DECADES = 1e6, 3.0
"""Quote per day: 0 at a million, 1 at a thousand millions, by powers of ten."""
WORST_SPREAD_BPS = 20.0
"""As much as two taker fills cost at the venue's lowest fees: nothing is left of a small move."""
FULL_FUNDING = 0.001
"""Per 8 hours: ten times the usual rate. Paying it is 0, receiving it 1, no rate one half."""
_EIGHT_HOURS = timedelta(hours=8)


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanScore:
    """One candidate's score, with the measures that it was made of."""

    symbol: str
    asset: str
    total: float
    """0..1, the weighted sum of the parts."""
    parts: dict[str, float]
    """By the names of `WEIGHTS`, each 0..1."""
    adx: float
    move: float
    """Log return of the last day in usual deviations of a day; negative is down."""
    turnover: float
    """Quote, last day."""
    spread_bps: float
    funding_per_8h: float | None
    """Ratio; positive means longs pay."""

    @property
    def words(self) -> str:
        """The reasons, for people."""
        funding = "unknown" if self.funding_per_8h is None else f"{self.funding_per_8h:.6f} per 8 h"
        return (
            f"score {self.total:.3f}: ADX {self.adx:.1f}, day's move {self.move:+.2f} deviations,"
            f" turnover {self.turnover:,.0f}, spread {self.spread_bps:.1f} bps, funding {funding}"
        )


def scan_warm_up() -> int:
    """1h candles that a candidate must have."""
    return max(adx_warm_up(ADX_PERIOD), MOVE_CANDLES + 1, VOLATILITY_CANDLES + 1)


def score_instrument(view: MarketView) -> ScanScore | str:
    """The score, or in words why the candidate has none."""
    window = view.windows.get(SCAN_TIMEFRAME)
    have = 0 if window is None else len(window)
    if window is None or have < scan_warm_up():
        return f"{have} of {scan_warm_up()} closed {SCAN_TIMEFRAME} candles are there"
    strength = _strength(window)
    move = _move(window.closes[-SCAN_CANDLES:])
    turnover = float(np.sum(window.volumes[-MOVE_CANDLES:] * window.closes[-MOVE_CANDLES:]))
    spread = _spread_bps(view.quote)
    funding = _funding_per_8h(view)
    parts = {
        "trend": _unit(strength / FULL_ADX),
        "momentum": _unit(abs(move) / FULL_MOVE),
        "volume": _unit(math.log10(max(turnover, 1.0) / LEAST_TURNOVER) / TURNOVER_DECADES),
        "spread": _unit(1.0 - spread / WORST_SPREAD_BPS),
        "funding": _funding_part(funding, move),
    }
    return ScanScore(
        symbol=view.symbol,
        asset=view.instrument.base,
        # Rounded, so that two orders of adding up cannot make two rankings.
        total=round(math.fsum(WEIGHTS[name] * part for name, part in parts.items()), 9),
        parts=parts,
        adx=strength,
        move=move,
        turnover=turnover,
        spread_bps=spread,
        funding_per_8h=funding,
    )


def _strength(window: CandleWindow) -> float:
    last = slice(-SCAN_CANDLES, None)
    return float(adx(window.highs[last], window.lows[last], window.closes[last], ADX_PERIOD)[-1])


def _move(closes: FloatArray) -> float:
    usual = float(realised_volatility(closes, VOLATILITY_CANDLES)[-1]) * math.sqrt(MOVE_CANDLES)
    move = math.log(float(closes[-1]) / float(closes[-1 - MOVE_CANDLES]))
    return move / usual if usual > 0.0 else 0.0


def _spread_bps(quote: Quote) -> float:
    """Over the mid; a crossed quote counts as no spread, since it is refused elsewhere."""
    bid, ask = to_float(quote.bid), to_float(quote.ask)
    return max(0.0, (ask - bid) / ((ask + bid) / 2.0) * 10_000.0)


def _funding_per_8h(view: MarketView) -> float | None:
    """Instruments pay every hour, 4 or 8 hours; only the same length can be compared."""
    if view.quote.funding_rate is None:
        return None
    return to_float(view.quote.funding_rate) * (_EIGHT_HOURS / view.instrument.funding_interval)


def _funding_part(per_8h: float | None, move: float) -> float:
    """From the side of the day's move: who goes with it pays a positive rate when it is up."""
    if per_8h is None or move == 0.0:
        return 0.5
    paid = per_8h if move > 0.0 else -per_8h
    return _unit(0.5 - paid / (2.0 * FULL_FUNDING))


def _unit(value: float) -> float:
    """Cut to 0..1; what is no number is worth nothing."""
    return min(max(value, 0.0), 1.0) if value == value else 0.0
