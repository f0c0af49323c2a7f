"""A BTC perpetual, quotes of it and its view, for tests that need some market and no special one.

Prices are quote per base. What a test is about it says itself: `replace(BTC, ...)` in sight.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from trading.candles import CandleWindow
from trading.instruments import Instrument, MaintenanceBracket
from trading.market import MarketView, Quote


def bracket(floor: int, max_leverage: int, ratio: str, cumulative: int = 0) -> MaintenanceBracket:
    """A row of a margin table, from a notional on; `ratio` is the maintenance margin's."""
    return MaintenanceBracket(
        notional_floor=Decimal(floor),
        max_leverage=max_leverage,
        maintenance_ratio=Decimal(ratio),
        cumulative=Decimal(cumulative),
    )


BTC = Instrument(
    symbol="BTCUSDT",
    base="BTC",
    quote="USDT",
    tick_size=Decimal("0.1"),
    step_size=Decimal("0.001"),
    min_quantity=Decimal("0.001"),
    max_quantity=Decimal(1000),
    max_market_quantity=Decimal(500),
    min_notional=Decimal(5),
    brackets=(bracket(0, 50, "0.005"),),
)


def build_quote(
    price: Decimal | str,
    at: datetime,
    *,
    symbol: str = "BTCUSDT",
    spread: str = "0",
    **more: Decimal,
) -> Quote:
    """Last and mark at `price`, bid and ask half of `spread` below and above it."""
    last, half = Decimal(price), Decimal(spread) / 2
    return Quote(
        symbol=symbol, at=at, last=last, mark=last, bid=last - half, ask=last + half, **more
    )


def build_view(quote: Quote, *windows: CandleWindow) -> MarketView:
    """What is known of BTC at the quote's instant."""
    return MarketView(
        instrument=BTC, quote=quote, windows={each.timeframe: each for each in windows}
    )
