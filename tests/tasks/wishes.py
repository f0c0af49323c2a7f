"""What the tests of the steps ask the venue for."""

from __future__ import annotations

from decimal import Decimal

from tasks.orders import Wish
from trading.orders import Leg, OrderType, Side

ENTRY = Wish(
    symbol="BTCUSDT",
    leg=Leg.ENTRY,
    side=Side.BUY,
    order_type=OrderType.MARKET,
    quantity=Decimal("0.01"),
    reference_price=Decimal(50_000),
)
