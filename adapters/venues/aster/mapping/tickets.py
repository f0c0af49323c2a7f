"""Our orders in the venue's words, one by one or as a group. Nothing is rounded here.

A parameter goes out only where the order type takes it. What the venue could not read, or what is
finer than the instrument's steps, is refused before a byte is sent.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Literal, cast

from adapters.venues.aster.strategy_calls import GroupType, SubOrder
from adapters.venues.aster.tickets import Ticket, TicketType
from trading.errors import InvalidRecord, OrderRejected
from trading.instruments import Instrument
from trading.order_groups import OrderGroup
from trading.orders import OrderRequest, OrderType, PriceKind
from trading.units import plain
from trading.weights import Priority

_MALFORMED = -1130
"""The venue's code of data that is not valid for its parameter."""
_TOO_FINE = -1111
"""The venue's code of more decimals than it takes."""
_HUNDRED = Decimal(100)


def ticket_of(request: OrderRequest, instrument: Instrument | None) -> Ticket:
    """The order as it is sent; without an instrument its steps are not looked at.

    Raises
    ------
    OrderRejected
        The venue would not read it, or it has more decimals than the filters; nothing was sent.
    """
    if instrument is not None:
        _require_coarse(request, instrument)
    kind = request.order_type
    try:
        return Ticket(
            symbol=request.symbol,
            side=cast(Literal["BUY", "SELL"], request.side.upper()),
            type=cast(TicketType, kind.upper()),
            client_order_id=request.client_order_id,
            quantity=request.quantity or None,
            price=request.price,
            stop_price=request.stop_price,
            activation_price=request.activation_price,
            callback_rate=_percent(request.callback_ratio),
            time_in_force=_force_of(request),
            reduce_only=request.reduce_only,
            close_position=request.close_position,
            working_type=_working_type(request),
        )
    except InvalidRecord as error:
        raise OrderRejected(_MALFORMED, f"not sent: {error}") from None


def priority_of(request: OrderRequest) -> Priority:
    """What only reduces is let through before everything else."""
    return Priority.EXIT if request.only_reduces else Priority.ENTRY


def members_of(group: OrderGroup) -> tuple[OrderRequest, ...]:
    """The orders of a group, the entry first."""
    return (*((group.entry,) if group.entry else ()), *group.exits)


def sub_orders(
    group: OrderGroup, instrument: Instrument | None
) -> tuple[GroupType, Sequence[SubOrder]]:
    """The kind of a group and its orders with what brings each to life or ends it.

    Exits are placed as soon as the entry has filled anything. The one that is filled whole takes the
    other away: a part of a fill must not leave the rest without its stop.
    """
    tickets = [ticket_of(each, instrument) for each in members_of(group)]
    if group.entry is None:
        return "OCO", [
            SubOrder(ticket=ticket, conditions=(_AT_ONCE, *_ended_by(other)))
            for ticket, other in zip(tickets, (2, 1), strict=True)
        ]
    entry = SubOrder(ticket=tickets[0], conditions=(_AT_ONCE, _BY_NOBODY))
    if len(group.exits) == 1:
        return "OTO", [entry, SubOrder(ticket=tickets[1], conditions=(*_AFTER_ENTRY, _BY_NOBODY))]
    return "OTOCO", [
        entry,
        *(
            SubOrder(ticket=ticket, conditions=(*_AFTER_ENTRY, *_ended_by(other)))
            for ticket, other in zip(tickets[1:], (3, 2), strict=True)
        ),
    ]


_AT_ONCE = ("firstDrivenId", "0")
"""Public clients report that the venue refuses a sub-order that does not say this."""
_BY_NOBODY = ("secondDrivenId", "0")
_AFTER_ENTRY = (
    ("firstDrivenId", "1"),
    ("firstDrivenOn", "PARTIALLY_FILLED_OR_FILLED"),
    ("firstTrigger", "PLACE_ORDER"),
)


def _ended_by(other: int) -> tuple[tuple[str, str], ...]:
    return (
        ("secondDrivenId", str(other)),
        ("secondDrivenOn", "FILLED"),
        ("secondTrigger", "CANCEL_ORDER"),
    )


def _require_coarse(request: OrderRequest, instrument: Instrument) -> None:
    step = instrument.step_size
    if request.order_type is OrderType.MARKET and instrument.market_step_size is not None:
        step = instrument.market_step_size
    for name, value, unit in (
        ("quantity", request.quantity, step),
        ("price", request.price, instrument.tick_size),
        ("stop price", request.stop_price, instrument.tick_size),
        ("activation price", request.activation_price, instrument.tick_size),
    ):
        if value is not None and _decimals(value) > _decimals(unit):
            raise OrderRejected(
                _TOO_FINE,
                f"not sent: {name} {plain(value)} of {request.symbol} has more decimals than its"
                f" step {plain(unit)}",
            )


def _decimals(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def _percent(ratio: Decimal | None) -> Decimal | None:
    return None if ratio is None else ratio * _HUNDRED


def _force_of(request: OrderRequest) -> Literal["GTC", "IOC", "FOK", "GTX"] | None:
    if not request.order_type.has_limit:
        return None
    return cast(Literal["GTC", "IOC", "FOK", "GTX"], request.time_in_force.upper())


def _working_type(request: OrderRequest) -> Literal["MARK_PRICE", "CONTRACT_PRICE"] | None:
    if not request.order_type.is_conditional:
        return None
    return "MARK_PRICE" if request.trigger_by is PriceKind.MARK else "CONTRACT_PRICE"
