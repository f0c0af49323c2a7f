"""Views of the simulated market, with the candles that every strategy, regime and scan reads."""

from __future__ import annotations

from datetime import datetime

from trading.candles import CandleWindow
from trading.market import MarketView
from trading.simulation.candles import candles_until
from trading.simulation.instruments import ASSETS
from trading.simulation.quotes import quote_at
from trading.timeframes import Timeframe

READ = {Timeframe.M5: 500, Timeframe.H1: 400}


def simulated_view(
    symbol: str, at: datetime, *, seed: int = 7, read: dict[Timeframe, int] = READ
) -> MarketView:
    """What an account sees of one instrument at `at`."""
    asset = ASSETS[symbol]
    return MarketView(
        instrument=asset.instrument,
        quote=quote_at(seed, asset, at),
        windows={
            timeframe: CandleWindow(
                symbol, timeframe, candles_until(seed, asset, timeframe, until=at, limit=count)
            )
            for timeframe, count in read.items()
        },
    )
