"""Whether a message is an order at all: its parameters, before any filter is asked.

Codes are Aster's: -4015 and -4116 client id, -1100 no number, -1116 order type, -1114 and -1115 time
in force, -1106 a parameter that the type does not take, -4137 a quantity beside close-position,
-1130 callback out of range, -1111 too many decimals. Prices are quote per base.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from trading.errors import OrderRejected
from trading.instruments import Instrument
from trading.market import Quote
from trading.matching.trailing import MAX_CALLBACK, MIN_CALLBACK
from trading.orders import OrderRequest, OrderType, PriceKind, TimeInForce
from trading.paper_book import BookState
from trading.units import ZERO, plain

CLIENT_ID = re.compile(r"[.A-Z:/a-z0-9_-]{1,36}", re.ASCII)
_CLOSES_POSITION = (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET)


@dataclass(frozen=True, slots=True, kw_only=True)
class Submission:
    """An order at the venue's door, with all that the rules look at."""

    state: BookState
    request: OrderRequest
    instrument: Instrument
    quote: Quote

    def __post_init__(self) -> None:
        for symbol in (self.instrument.symbol, self.quote.symbol):
            if symbol != self.request.symbol:
                raise OrderRejected(
                    -1121, f"Invalid symbol: order for {self.request.symbol}, market is {symbol}."
                )

    @property
    def price_now(self) -> Decimal:
        """What triggers the order: the last price or the mark."""
        is_mark = self.request.trigger_by is PriceKind.MARK
        return self.quote.mark if is_mark else self.quote.last


def require_client_id(submission: Submission) -> None:
    """1 to 36 characters, and unlike that of any open order."""
    given, state = submission.request.client_order_id, submission.state
    if CLIENT_ID.fullmatch(given) is None:
        raise OrderRejected(
            -4015, f"Client order id {given!r} must be 1 to 36 of A-Z a-z 0-9 . : / _ -"
        )
    # Unique among open orders only, as at Aster: the stored intent is the guard against repeats.
    known = (*state.orders.values(), *state.waiting.values())
    if any(order.request.client_order_id == given for order in known):
        raise OrderRejected(-4116, f"ClientOrderId is duplicated: {given} is open.")


def require_numbers(submission: Submission) -> None:
    """Every amount is a finite number."""
    for name, value in _amounts(submission.request).items():
        if value is not None and not value.is_finite():
            raise OrderRejected(-1100, f"Illegal characters found in parameter {name}.")


def require_known_words(submission: Submission) -> None:
    """The instrument takes this order type and this time in force."""
    request, instrument = submission.request, submission.instrument
    if instrument.order_types and request.order_type not in instrument.order_types:
        raise OrderRejected(
            -1116, f"Invalid orderType: {request.symbol} takes no {request.order_type} orders."
        )
    force = request.time_in_force
    if force is not TimeInForce.GTC and not request.order_type.has_limit:
        raise OrderRejected(-1114, f"TimeInForce {force} sent when not required: no limit order.")
    if instrument.times_in_force and force not in instrument.times_in_force:
        raise OrderRejected(-1115, f"Invalid timeInForce: {request.symbol} takes no {force}.")


def require_fitting_parameters(submission: Submission) -> None:
    """Nothing is sent that the order type does not take."""
    request = submission.request
    kind = request.order_type
    is_trailing = kind is OrderType.TRAILING_STOP_MARKET
    is_close = request.close_position
    for name, is_superfluous in (
        ("price", request.price is not None and not kind.has_limit),
        ("stopPrice", request.stop_price is not None and (is_trailing or not kind.is_conditional)),
        ("activationPrice", request.activation_price is not None and not is_trailing),
        ("callbackRate", request.callback_ratio is not None and not is_trailing),
        ("workingType", request.trigger_by is PriceKind.MARK and not kind.is_conditional),
        ("closePosition", is_close and kind not in _CLOSES_POSITION),
        ("reduceOnly", is_close and request.reduce_only),
    ):
        if is_superfluous:
            raise OrderRejected(-1106, f"Parameter '{name}' sent when not required by {kind}.")
    if is_close and request.quantity != ZERO:
        raise OrderRejected(-4137, "Quantity must be zero with closePosition equals true.")


def require_callback(submission: Submission) -> None:
    """A trailing stop follows at 0.1 to 5 percent."""
    ratio = submission.request.callback_ratio
    if ratio is not None and not MIN_CALLBACK <= ratio <= MAX_CALLBACK:
        raise OrderRejected(
            -1130,
            f"Data sent for parameter 'callbackRate' is not valid: ratio {plain(ratio)}, allowed"
            f" {plain(MIN_CALLBACK)} to {plain(MAX_CALLBACK)}.",
        )


def require_precision(submission: Submission) -> None:
    """No more decimals than the venue reads."""
    instrument = submission.instrument
    for name, value in _amounts(submission.request).items():
        if value is None or name == "callback_ratio":
            continue
        allowed = instrument.quantity_decimals if name == "quantity" else instrument.price_decimals
        if value != round(value, allowed):
            raise OrderRejected(
                -1111,
                f"Precision is over the maximum defined for this asset: {name} {plain(value)}"
                f" has more than {allowed} decimals.",
            )


def _amounts(request: OrderRequest) -> dict[str, Decimal | None]:
    return {
        "quantity": request.quantity,
        "price": request.price,
        "stop_price": request.stop_price,
        "activation_price": request.activation_price,
        "callback_ratio": request.callback_ratio,
    }
