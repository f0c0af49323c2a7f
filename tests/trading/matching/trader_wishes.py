"""What a random trader may wish for: sizes that fit and that do not, on both sides of every rule."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from hypothesis import strategies as st

from trading.orders import OrderType, PriceKind, Side, TimeInForce

sides = st.sampled_from(Side)
quantities = st.one_of(st.integers(50, 3_000), st.integers(10_000, 150_000)).map(
    lambda lots: Decimal(lots) / 1000
)
distances = st.integers(-10, 60).map(lambda tenths: Decimal(tenths) / 10)
steps = st.one_of(st.integers(-40, 40), st.integers(-250, 250))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a rule draws of an order."""

    order_type: OrderType
    quantity: Decimal
    distance: Decimal
    """Of its level from the last price, on the side where it waits."""
    beyond: Decimal
    """Of the limit of a stop or take-profit limit from its trigger."""
    force: TimeInForce
    trigger_by: PriceKind
    callback: Decimal
    closes: bool
    reduces: bool


wishes = st.builds(
    Wish,
    order_type=st.sampled_from(OrderType),
    quantity=quantities,
    distance=distances,
    beyond=st.integers(-15, 15).map(lambda tenths: Decimal(tenths) / 10),
    force=st.sampled_from([*[TimeInForce.GTC] * 4, *TimeInForce]),
    trigger_by=st.sampled_from(PriceKind),
    callback=st.integers(0, 55).map(lambda thousandths: Decimal(thousandths) / 1000),
    closes=st.booleans(),
    reduces=st.booleans(),
)
