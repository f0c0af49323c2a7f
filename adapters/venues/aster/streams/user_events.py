"""What the user stream tells, as records: orders, account, settings, margin calls, the key's end.

Order of arrival is not promised by the venue; sort by `at` whoever needs it. Money is quote,
quantities are base and signed for positions. A known event whose fields are missing is an
`Unreadable`, so that nobody takes it for silence.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from pydantic import Field, ValidationError

from adapters.venues.aster.payloads.payload import Payload, fields_in
from adapters.venues.aster.streams.event_payload import Event, event_in
from trading.units import ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUpdate:
    """`ORDER_TRADE_UPDATE`."""

    at: datetime
    symbol: str
    client_order_id: str
    order_id: int
    side: str
    order_type: str
    """As it is now: a stop that was triggered is a MARKET order."""
    original_type: str
    what: str
    """NEW, TRADE, CANCELED, EXPIRED, or CALCULATED (liquidation, ADL)."""
    status: str
    quantity: Decimal
    price: Decimal
    stop_price: Decimal
    average_price: Decimal
    filled_quantity: Decimal
    last_quantity: Decimal
    """Of this event's fill."""
    last_price: Decimal
    trade_id: int
    """0 without a fill."""
    is_maker: bool
    fee: Decimal
    """Paid is positive."""
    fee_asset: str | None
    realized_pnl: Decimal
    reduce_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceState:
    """An asset's wallet after an event."""

    asset: str
    wallet: Decimal
    cross_wallet: Decimal
    change: Decimal
    """Other than by profit and fees."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionState:
    """A position after an event."""

    symbol: str
    quantity: Decimal
    entry_price: Decimal
    unrealized: Decimal
    margin_type: str
    position_side: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountUpdate:
    """`ACCOUNT_UPDATE`: balances and positions that have changed; never what is available."""

    at: datetime
    reason: str
    """ORDER, FUNDING_FEE, DEPOSIT, WITHDRAW, ..."""
    balances: tuple[BalanceState, ...]
    positions: tuple[PositionState, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfigUpdate:
    """`ACCOUNT_CONFIG_UPDATE`: the leverage of a symbol, or the multi-assets mode."""

    at: datetime
    symbol: str | None
    leverage: int | None
    is_multi_assets: bool | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndangeredPosition:
    """A position that has too little margin."""

    symbol: str
    quantity: Decimal
    mark: Decimal
    unrealized: Decimal
    maintenance: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class MarginCall:
    """`MARGIN_CALL`."""

    at: datetime
    cross_wallet: Decimal | None
    positions: tuple[EndangeredPosition, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expired:
    """`listenKeyExpired`: nothing more comes over this connection."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """An event of a kind that matters, without the fields that the venue documents."""

    at: datetime
    kind: str
    fields: tuple[str, ...]
    """The venue's names of what is missing or of the wrong kind."""


UserEvent = OrderUpdate | AccountUpdate | ConfigUpdate | MarginCall | Expired | Unreadable


class _Order(Payload):
    symbol: str = Field(alias="s")
    client_order_id: str = Field("", alias="c")
    order_id: int = Field(alias="i")
    side: str = Field(alias="S")
    order_type: str = Field(alias="o")
    original_type: str = Field("", alias="ot")
    what: str = Field(alias="x")
    status: str = Field(alias="X")
    quantity: Decimal = Field(alias="q")
    price: Decimal = Field(ZERO, alias="p")
    stop_price: Decimal = Field(ZERO, alias="sp")
    average_price: Decimal = Field(ZERO, alias="ap")
    filled_quantity: Decimal = Field(alias="z")
    last_quantity: Decimal = Field(ZERO, alias="l")
    last_price: Decimal = Field(ZERO, alias="L")
    trade_id: int = Field(0, alias="t")
    is_maker: bool = Field(default=False, alias="m")
    fee: Decimal = Field(ZERO, alias="n")
    fee_asset: str | None = Field(None, alias="N")
    realized_pnl: Decimal = Field(ZERO, alias="rp")
    reduce_only: bool = Field(default=False, alias="R")


class _OrderEvent(Event):
    order: _Order = Field(alias="o")


class _Balance(Payload):
    asset: str = Field(alias="a")
    wallet: Decimal = Field(alias="wb")
    cross_wallet: Decimal = Field(ZERO, alias="cw")
    change: Decimal = Field(ZERO, alias="bc")


class _Position(Payload):
    symbol: str = Field(alias="s")
    quantity: Decimal = Field(alias="pa")
    entry_price: Decimal = Field(ZERO, alias="ep")
    unrealized: Decimal = Field(ZERO, alias="up")
    margin_type: str = Field("", alias="mt")
    position_side: str = Field("BOTH", alias="ps")


class _Change(Payload):
    reason: str = Field("", alias="m")
    balances: tuple[_Balance, ...] = Field((), alias="B")
    positions: tuple[_Position, ...] = Field((), alias="P")


class _AccountEvent(Event):
    change: _Change = Field(alias="a")


class _Leverage(Payload):
    symbol: str = Field(alias="s")
    leverage: int = Field(alias="l")


class _Modes(Payload):
    is_multi_assets: bool | None = Field(None, alias="j")


class _ConfigEvent(Event):
    leverage: _Leverage | None = Field(None, alias="ac")
    modes: _Modes | None = Field(None, alias="ai")


class _Endangered(Payload):
    symbol: str = Field(alias="s")
    quantity: Decimal = Field(alias="pa")
    mark: Decimal = Field(ZERO, alias="mp")
    unrealized: Decimal = Field(ZERO, alias="up")
    maintenance: Decimal = Field(ZERO, alias="mm")


class _MarginEvent(Event):
    cross_wallet: Decimal | None = Field(None, alias="cw")
    positions: tuple[_Endangered, ...] = Field((), alias="p")


def read_user_event(document: dict[str, Any], now: datetime) -> UserEvent | None:
    """The record of an event; None for kinds that mean nothing here. `now` stands in for a lost time."""
    event = event_in(document)
    kind = str(event.get("e"))
    read = _READERS.get(kind)
    if read is None:
        return None
    try:
        return read(event)
    except ValidationError as error:
        return Unreadable(at=now, kind=kind, fields=fields_in(error))


def _order(event: Any) -> OrderUpdate:
    read = _OrderEvent.model_validate(event)
    return OrderUpdate(at=read.at, **dict(read.order))


def _account(event: Any) -> AccountUpdate:
    read = _AccountEvent.model_validate(event)
    return AccountUpdate(
        at=read.at,
        reason=read.change.reason,
        balances=tuple(BalanceState(**dict(each)) for each in read.change.balances),
        positions=tuple(PositionState(**dict(each)) for each in read.change.positions),
    )


def _config(event: Any) -> ConfigUpdate:
    read = _ConfigEvent.model_validate(event)
    return ConfigUpdate(
        at=read.at,
        symbol=read.leverage.symbol if read.leverage else None,
        leverage=read.leverage.leverage if read.leverage else None,
        is_multi_assets=read.modes.is_multi_assets if read.modes else None,
    )


def _margin(event: Any) -> MarginCall:
    read = _MarginEvent.model_validate(event)
    return MarginCall(
        at=read.at,
        cross_wallet=read.cross_wallet,
        positions=tuple(EndangeredPosition(**dict(each)) for each in read.positions),
    )


def _expired(event: Any) -> Expired:
    return Expired(at=Event.model_validate(event).at)


_READERS: dict[str, Callable[[Any], UserEvent]] = {
    "ORDER_TRADE_UPDATE": _order,
    "ACCOUNT_UPDATE": _account,
    "ACCOUNT_CONFIG_UPDATE": _config,
    "MARGIN_CALL": _margin,
    "listenKeyExpired": _expired,
}
