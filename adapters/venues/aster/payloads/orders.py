"""Answers about orders and fills."""

from __future__ import annotations

from decimal import Decimal

from pydantic import Field, field_validator

from adapters.venues.aster.payloads.payload import Payload

ZERO = Decimal(0)


class OrderPayload(Payload):
    """An order as the venue has it; words (side, type, status) are the venue's."""

    order_id: int
    client_order_id: str
    symbol: str
    status: str
    side: str
    type: str
    orig_type: str | None = None
    """What it was before it was triggered."""
    position_side: str = "BOTH"
    time_in_force: str = "GTC"
    price: Decimal = ZERO
    avg_price: Decimal | None = None
    orig_qty: Decimal
    executed_qty: Decimal
    cum_quote: Decimal | None = None
    stop_price: Decimal = ZERO
    activate_price: Decimal | None = None
    price_rate: Decimal | None = None
    working_type: str = "CONTRACT_PRICE"
    reduce_only: bool = False
    close_position: bool = False
    price_protect: bool = False
    update_time: int
    """Milliseconds."""
    time: int | None = None
    """Of creation; on queries."""


class FillPayload(Payload):
    """One execution of `userTrades`."""

    id: int
    order_id: int
    symbol: str
    side: str
    position_side: str = "BOTH"
    price: Decimal
    qty: Decimal
    quote_qty: Decimal | None = None
    commission: Decimal
    """The documents show it negative; the sign is for who maps it to say."""
    commission_asset: str
    realized_pnl: Decimal
    maker: bool
    time: int


class CountdownPayload(Payload):
    """`countdownCancelAll`."""

    symbol: str
    countdown_time: int


class CodePayload(Payload):
    """An answer that says no more than that it was done."""

    code: int
    msg: str = ""


class StrategyPayload(Payload):
    """A group of orders as placed."""

    strategy_id: int
    client_strategy_id: str = ""
    strategy_type: str
    strategy_status: str
    update_time: int
    failure_code: int = 0
    failure_reason: str = ""


class StrategyOrderPayload(Payload):
    """One order of a group; without `orderId` it has not been placed yet."""

    strategy_sub_id: int
    order_id: int | None = None
    client_order_id: str = ""
    status: str = ""
    symbol: str
    side: str
    type: str
    quantity: Decimal | None = None
    price: Decimal | None = None
    avg_price: Decimal | None = None
    stop_price: Decimal | None = None
    reduce_only: bool = False
    close_position: bool = False

    @field_validator("quantity", "price", "avg_price", "stop_price", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if value == "" else value


class StrategyStatePayload(Payload):
    """A group of orders as it stands."""

    strategy_id: int
    client_strategy_id: str = ""
    strategy_type: str
    strategy_status: str
    update_time: int
    sub_orders: tuple[StrategyOrderPayload, ...] = Field(())
