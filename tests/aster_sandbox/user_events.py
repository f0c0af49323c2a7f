"""What the user stream says of the engine's events: ORDER_TRADE_UPDATE, then ACCOUNT_UPDATE.

An order that is new is told as NEW before anything that happens to it. Liquidations are CALCULATED.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from tests.aster_sandbox.ledger import ASSET, rounded_money
from tests.aster_sandbox.order_answers import present_type
from tests.aster_sandbox.users import Record, User
from trading.matching.margin import isolated_margin
from trading.orders import Fill, FillCause, Order, OrderStatus, Side
from trading.paper_book import FundingPaid, FundsMoved, OrderChanged, OrderFilled, VenueEvent
from trading.positions import MarginMode
from trading.units import ZERO, plain

_ENDS = {OrderStatus.CANCELED: "CANCELED", OrderStatus.EXPIRED: "EXPIRED"}


def documents_of(
    user: User,
    events: Sequence[VenueEvent],
    fresh: Sequence[Order],
    now_ms: int,
    marks: Mapping[str, Decimal],
) -> list[dict[str, Any]]:
    """Documents in the order in which they happened; `fresh` are orders seen for the first time."""
    documents: list[dict[str, Any]] = []
    new = {order.venue_order_id for order in fresh}
    by_number = {e.order.venue_order_id: e.order for e in events if isinstance(e, OrderChanged)}
    for event in events:
        if isinstance(event, OrderChanged):
            documents += _of_order(user, event.order, new, now_ms)
        elif isinstance(event, OrderFilled):
            order = by_number.get(event.fill.venue_order_id)
            if order is not None:
                documents.append(_update(user, order, "TRADE", now_ms, event.fill))
            documents.append(
                account_update(user, "ORDER", [event.fill.symbol], ZERO, now_ms, marks)
            )
        elif isinstance(event, FundingPaid):
            position = user.book.positions.get(event.symbol)
            is_isolated = position is not None and position.margin_mode is MarginMode.ISOLATED
            symbols = [event.symbol] if is_isolated else []
            documents.append(
                account_update(user, "FUNDING_FEE", symbols, event.amount, now_ms, marks)
            )
        elif isinstance(event, FundsMoved):
            reason = "DEPOSIT" if event.amount > ZERO else "WITHDRAW"
            documents.append(account_update(user, reason, [], event.amount, now_ms, marks))
    return documents


def config_update(symbol: str, leverage: int, now_ms: int) -> dict[str, Any]:
    """A leverage that was set."""
    return {
        "e": "ACCOUNT_CONFIG_UPDATE",
        "E": now_ms,
        "T": now_ms,
        "ac": {"s": symbol, "l": leverage},
    }


def _of_order(user: User, order: Order, new: set[str], now_ms: int) -> list[dict[str, Any]]:
    if order.status is OrderStatus.PENDING:
        return []
    documents: list[dict[str, Any]] = []
    if order.venue_order_id in new:
        new.discard(order.venue_order_id)
        documents.append(_update(user, order, "NEW", now_ms))
    if order.status in _ENDS:
        documents.append(_update(user, order, _ENDS[order.status], now_ms))
    return documents


def _update(
    user: User, order: Order, what: str, now_ms: int, fill: Fill | None = None
) -> dict[str, Any]:
    if fill is not None and (
        fill.cause is FillCause.LIQUIDATION or order.request.client_order_id == "adl_autoclose"
    ):
        what = "CALCULATED"
    record = user.records.get(int(order.venue_order_id))
    document = _terms(order, record)
    is_new = what == "NEW"
    average = ZERO if is_new or order.average_price is None else order.average_price
    document |= {
        "x": what,
        "X": "NEW" if is_new else order.status.upper(),
        "ap": plain(average),
        "z": "0" if is_new else plain(order.filled_quantity),
        "l": "0" if fill is None else plain(fill.quantity),
        "L": "0" if fill is None else plain(fill.price),
        "t": 0 if fill is None else int(fill.trade_id),
        "m": fill is not None and fill.is_maker,
        "rp": "0" if fill is None else plain(rounded_money(fill.realized_pnl)),
        "T": now_ms,
    }
    if fill is not None:
        document |= {"N": ASSET, "n": plain(rounded_money(fill.fee))}
    return {"e": "ORDER_TRADE_UPDATE", "E": now_ms, "T": now_ms, "o": document}


def _terms(order: Order, record: Record | None) -> dict[str, Any]:
    request = order.request
    words = record.words if record is not None else None
    terms: dict[str, Any] = {
        "s": order.symbol,
        "c": request.client_order_id,
        "S": request.side.upper(),
        "o": present_type(order),
        "ot": request.order_type.upper(),
        "f": words.time_in_force if words else "GTC",
        "q": plain(request.quantity),
        "p": plain(request.price or ZERO),
        "sp": plain(request.stop_price or ZERO),
        "i": int(order.venue_order_id),
        "b": "0",
        "a": "0",
        "R": request.reduce_only,
        "wt": words.working_type if words else "CONTRACT_PRICE",
        "ps": words.position_side if words else "BOTH",
        "cp": request.close_position,
    }
    if request.callback_ratio is not None:
        terms |= {
            "AP": words.activation_price or "0" if words else "0",
            "cr": plain(request.callback_ratio * 100),
        }
    if not request.close_position and request.side is Side.BUY and request.price:
        terms["b"] = plain(rounded_money(request.price * order.remaining))
    return terms


def account_update(
    user: User,
    reason: str,
    symbols: Sequence[str],
    change: Decimal,
    now_ms: int,
    marks: Mapping[str, Decimal],
) -> dict[str, Any]:
    """ACCOUNT_UPDATE, with the balance and the positions of those symbols."""
    wallet = user.ledger.wallet
    return {
        "e": "ACCOUNT_UPDATE",
        "E": now_ms,
        "T": now_ms,
        "a": {
            "m": reason,
            "B": [
                {
                    "a": ASSET,
                    "wb": plain(wallet),
                    "cw": plain(rounded_money(wallet - isolated_margin(user.book))),
                    "bc": plain(rounded_money(change)),
                }
            ],
            "P": [_position(user, symbol, marks[symbol]) for symbol in symbols],
        },
    }


def _position(user: User, symbol: str, mark: Decimal) -> dict[str, Any]:
    position = user.book.positions.get(symbol)
    mode = user.book.margin_modes.get(symbol, MarginMode.ISOLATED)
    is_isolated = mode is MarginMode.ISOLATED
    return {
        "s": symbol,
        "pa": "0" if position is None else plain(position.quantity),
        "ep": "0" if position is None else plain(position.entry_price),
        "cr": plain(user.realized.get(symbol, ZERO)),
        "up": "0" if position is None else plain(rounded_money(position.unrealized_pnl(mark))),
        "mt": "isolated" if is_isolated else "cross",
        "iw": plain(position.isolated_margin) if position is not None and is_isolated else "0",
        "ps": "BOTH",
    }
