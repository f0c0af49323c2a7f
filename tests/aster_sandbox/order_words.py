"""From the parameters of an order to a request of the engine, or to the venue's no.

In the venue's order: mandatory parameters (-1102), enums (-1115, -1116, -1117), numbers (-1100), symbol
(-1121), mode and side (-4061); filters, trigger, reduce-only, margin and room are the engine's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from tests.aster_sandbox.refusals import VenueRefusal, missing
from tests.aster_sandbox.users import Words
from trading.errors import InvalidRecord
from trading.orders import OrderRequest, OrderType, PriceKind, Side, TimeInForce
from trading.units import ZERO

_NEEDED: dict[str, tuple[str, ...]] = {
    "LIMIT": ("timeInForce", "quantity", "price"),
    "MARKET": ("quantity",),
    "STOP": ("quantity", "price", "stopPrice"),
    "TAKE_PROFIT": ("quantity", "price", "stopPrice"),
    "STOP_MARKET": ("stopPrice",),
    "TAKE_PROFIT_MARKET": ("stopPrice",),
    "TRAILING_STOP_MARKET": ("quantity", "callbackRate"),
}
_FORCES = ("GTC", "IOC", "FOK", "GTX", "HIDDEN")
_NUMBER = re.compile(r"[0-9]{1,20}(\.[0-9]{1,20})?")
_NUMBERS = ("quantity", "price", "stopPrice", "activationPrice", "callbackRate")
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manners:
    """What the parameters are read by."""

    symbols: frozenset[str]
    is_hedge: bool = False
    has_strict_flags: bool = False


def read_order(
    parameters: Mapping[str, str], manners: Manners, *, generated_id: str
) -> tuple[OrderRequest, Words]:
    """What is asked for; `generated_id` is taken where the order names no client id."""
    kind = _require_parameters(parameters, manners)
    force = _require_enums(parameters, kind)
    numbers = {name: _number(parameters, name) for name in _NUMBERS}
    symbol = parameters["symbol"]
    if symbol not in manners.symbols:
        raise VenueRefusal(-1121, "Invalid symbol.")
    position_side = _position_side(parameters, manners)
    is_close = flag(parameters, "closePosition", manners)
    if not is_close and numbers["quantity"] == ZERO:
        raise VenueRefusal(-4003, "Quantity less than or equal to zero.")
    callback = numbers["callbackRate"]
    working = parameters.get("workingType") or "CONTRACT_PRICE"
    try:
        request = OrderRequest(
            symbol=symbol,
            side=Side(parameters["side"].lower()),
            order_type=OrderType(kind.lower()),
            client_order_id=parameters.get("newClientOrderId") or generated_id,
            quantity=numbers["quantity"] or ZERO,
            price=numbers["price"],
            stop_price=numbers["stopPrice"],
            reduce_only=flag(parameters, "reduceOnly", manners),
            time_in_force=TimeInForce(force.lower()),
            close_position=is_close,
            trigger_by=PriceKind.MARK if working == "MARK_PRICE" else PriceKind.LAST,
            activation_price=numbers["activationPrice"],
            callback_ratio=None if callback is None else callback / _HUNDRED,
        )
    except InvalidRecord as error:
        raise VenueRefusal(-1102, str(error)) from None
    words = Words(
        position_side=position_side,
        working_type=working,
        time_in_force=force,
        has_price_protect=flag(parameters, "priceProtect", manners),
        activation_price=parameters.get("activationPrice") or None,
    )
    return request, words


def flag(parameters: Mapping[str, str], name: str, manners: Manners) -> bool:
    """A flag that may be absent; -1130 for what is none."""
    text = parameters.get(name, "")
    known = ("true", "false", "TRUE", "FALSE") if name == "priceProtect" else ("true", "false")
    if not text:
        return False
    if text not in known and (manners.has_strict_flags or text.lower() not in known):
        raise VenueRefusal(-1130, f"Data sent for parameter '{name}' is not valid.")
    return text.lower() == "true"


def _require_parameters(parameters: Mapping[str, str], manners: Manners) -> str:
    for name in ("symbol", "side", "type"):
        if not parameters.get(name):
            raise missing(name)
    kind = parameters["type"]
    if kind not in _NEEDED:
        raise VenueRefusal(-1116, "Invalid orderType.")
    is_close = flag(parameters, "closePosition", manners)
    needed = list(_NEEDED[kind])
    if kind in ("STOP_MARKET", "TAKE_PROFIT_MARKET") and not is_close:
        needed.append("quantity")
    for name in needed:
        if not parameters.get(name):
            raise missing(name)
    return kind


def _require_enums(parameters: Mapping[str, str], kind: str) -> str:
    if parameters["side"] not in ("BUY", "SELL"):
        raise VenueRefusal(-1117, "Invalid side.")
    force = parameters.get("timeInForce") or "GTC"
    if force not in _FORCES or force == "HIDDEN":
        # Hidden orders are not simulated: no client of ours sends one.
        raise VenueRefusal(-1115, "Invalid timeInForce.")
    for name, allowed in (
        ("workingType", ("CONTRACT_PRICE", "MARK_PRICE")),
        ("newOrderRespType", ("ACK", "RESULT")),
        ("positionSide", ("BOTH", "LONG", "SHORT")),
    ):
        if parameters.get(name) and parameters[name] not in allowed:
            raise VenueRefusal(-1130, f"Data sent for parameter '{name}' is not valid.")
    return force


def _position_side(parameters: Mapping[str, str], manners: Manners) -> str:
    side = parameters.get("positionSide") or "BOTH"
    if (side == "BOTH") is manners.is_hedge:
        raise VenueRefusal(-4061, "Order's position side does not match user's setting.")
    if manners.is_hedge:
        raise VenueRefusal(-1000, "The sandbox keeps no separate long and short positions.")
    return side


def _number(parameters: Mapping[str, str], name: str) -> Decimal | None:
    text = parameters.get(name, "")
    if not text:
        return None
    if _NUMBER.fullmatch(text) is None:
        raise VenueRefusal(
            -1100,
            f"Illegal characters found in parameter '{name}'; legal range is {_NUMBER.pattern}.",
        )
    return Decimal(text)
