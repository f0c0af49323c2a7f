"""The quote of a simulated instrument at any instant, from the same path as its candles.

At the open of a minute the last price is that candle's open; inside it never leaves the candle's
low and high. The funding rate is the estimate as of that instant.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from trading.market import Quote
from trading.simulation.blocks import log_path, minute_bars
from trading.simulation.candles import MINUTE, minute_of
from trading.simulation.funding import (
    PREMIUM_HISTORY,
    funding_rates,
    mark_ticks,
    next_funding_at,
    open_interest_at,
    premiums,
)
from trading.simulation.instruments import SimulatedAsset
from trading.simulation.minutes import activity, ticks_inside
from trading.timeframes import EPOCH

_HALF_SPREAD = 0.00002
"""Of the price in usual times; grows with volatility."""


def quote_at(seed: int, asset: SimulatedAsset, at: datetime) -> Quote:
    """Last, mark, bid, ask, funding and open interest at `at`; bid and ask at least a tick away."""
    minute = minute_of(at)
    path = log_path(seed, asset, minute - PREMIUM_HISTORY, PREMIUM_HISTORY + 1)
    inside = (at - EPOCH - minute * MINUTE) // timedelta(microseconds=1)
    last = ticks_inside(seed, asset, minute_bars(seed, asset, minute, 1), inside)
    premium = premiums(seed, asset, minute, path)
    mark = mark_ticks(np.array([last], dtype=np.int64), premium)
    active = float(activity(seed, asset, np.array([minute], dtype=np.int64))[0])
    half_spread = max(1, round(last * _HALF_SPREAD * active))
    tick = asset.instrument.tick_size
    return Quote(
        symbol=asset.symbol,
        at=at,
        last=last * tick,
        mark=int(mark[0]) * tick,
        bid=max(1, last - half_spread) * tick,
        ask=(last + half_spread) * tick,
        funding_rate=funding_rates(asset, premium)[0],
        next_funding_at=next_funding_at(asset, at),
        open_interest=open_interest_at(seed, asset, at),
    )
