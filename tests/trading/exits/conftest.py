"""Builders for exit tests: a long of 2 BTC from 100, opened at noon."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from trading.candles import Candle, CandleWindow
from trading.orders import Order, OrderRequest, OrderStatus, OrderType, Side
from trading.positions import Position
from trading.timeframes import Timeframe

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)


@pytest.fixture(scope="session")
def noon() -> datetime:
    return NOON


@pytest.fixture(scope="session")
def open_position() -> Callable[..., Position]:
    def opened(quantity: str | Decimal = "2", *, opened_at: datetime = NOON) -> Position:
        return Position(
            symbol="BTCUSDT",
            quantity=Decimal(quantity),
            entry_price=Decimal(100),
            leverage=3,
            isolated_margin=Decimal(70),
            opened_at=opened_at,
        )

    return opened


@pytest.fixture(scope="session")
def resting() -> Callable[..., Order]:
    """A resting reduce-only stop of ours at 95 for the builder's long, fields replaceable."""

    def order(
        client_order_id: str = "pf-stop",
        *,
        order_type: OrderType = OrderType.STOP_MARKET,
        side: Side = Side.SELL,
        quantity: str | Decimal = "2",
        filled: str = "0",
        stop_price: str | Decimal = "95",
        symbol: str = "BTCUSDT",
        reduce_only: bool = True,
        status: OrderStatus = OrderStatus.NEW,
        age: timedelta = timedelta(0),
        **terms: Any,
    ) -> Order:
        return Order(
            venue_order_id=f"v-{client_order_id}",
            request=OrderRequest(
                symbol=symbol,
                side=side,
                order_type=order_type,
                client_order_id=client_order_id,
                quantity=Decimal(quantity),
                stop_price=Decimal(stop_price),
                reduce_only=reduce_only,
                **terms,
            ),
            status=status,
            filled_quantity=Decimal(filled),
            average_price=None,
            created_at=NOON - age,
            updated_at=NOON - age,
        )

    return order


@pytest.fixture(scope="session")
def candles() -> Callable[..., CandleWindow]:
    """A window of candles from (high, low) pairs, the first opening at `start`."""

    def window(
        *extremes: tuple[str, str], start: datetime = NOON, timeframe: Timeframe = Timeframe.M5
    ) -> CandleWindow:
        return CandleWindow(
            "BTCUSDT",
            timeframe,
            tuple(
                Candle(
                    open_time=start + number * timeframe.length,
                    open=Decimal(low),
                    high=Decimal(high),
                    low=Decimal(low),
                    close=Decimal(high),
                    volume=Decimal(1),
                )
                for number, (high, low) in enumerate(extremes)
            ),
        )

    return window
