"""Orders and fills in the venue's words, with the extras that live answers carry."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.aster_sandbox.ledger import ASSET, rounded_money
from tests.aster_sandbox.users import Record, User
from tests.aster_sandbox.venue_time import ms_of
from trading.orders import Fill, Order, OrderStatus, OrderType, Side
from trading.units import ZERO, plain


def order_document(record: Record, *, has_time: bool = False) -> dict[str, Any]:
    """An order object; `time` is on answers to questions only."""
    order, words = record.order, record.words
    request = order.request
    average = order.average_price or ZERO
    document: dict[str, Any] = {
        "orderId": record.number,
        "symbol": order.symbol,
        "status": _status(order),
        "clientOrderId": request.client_order_id,
        "price": plain(request.price or ZERO),
        "avgPrice": _price(average),
        "origQty": plain(request.quantity),
        "executedQty": plain(order.filled_quantity),
        "cumQty": plain(order.filled_quantity),
        "cumQuote": plain(rounded_money(average * order.filled_quantity)),
        "timeInForce": words.time_in_force,
        "type": present_type(order),
        "reduceOnly": request.reduce_only,
        "closePosition": request.close_position,
        "side": request.side.upper(),
        "positionSide": words.position_side,
        "stopPrice": plain(request.stop_price or ZERO),
        "workingType": words.working_type,
        "priceProtect": words.has_price_protect,
        "origType": request.order_type.upper(),
        "updateTime": ms_of(order.updated_at),
        "newChainData": {"hash": f"0x{record.number:064x}"},
    }
    if request.order_type is OrderType.TRAILING_STOP_MARKET:
        document["activatePrice"] = words.activation_price or "0"
        document["priceRate"] = plain((request.callback_ratio or ZERO) * 100)
    if has_time:
        document["time"] = ms_of(order.created_at)
    return document


def acknowledged(record: Record) -> dict[str, Any]:
    """What an order is answered that was taken, whatever became of it since."""
    return order_document(record) | {
        "status": "NEW",
        "avgPrice": "0.00000",
        "executedQty": "0",
        "cumQty": "0",
        "cumQuote": "0",
        "type": record.order.request.order_type.upper(),
    }


def present_type(order: Order) -> str:
    """The plain type once it has been triggered."""
    kind = order.request.order_type
    if not kind.is_conditional:
        return kind.upper()
    if kind.has_limit:
        is_alive = order.triggered_at is not None or order.filled_quantity > ZERO
        return "LIMIT" if is_alive else kind.upper()
    return "MARKET" if order.filled_quantity > ZERO else kind.upper()


def _status(order: Order) -> str:
    return "NEW" if order.status is OrderStatus.PENDING else order.status.upper()


def fill_document(fill: Fill) -> dict[str, Any]:
    """One row of `userTrades`; what was paid is negative, as the documents show it."""
    return {
        "buyer": fill.side is Side.BUY,
        "commission": plain(-rounded_money(fill.fee)),
        "commissionAsset": ASSET,
        "id": int(fill.trade_id),
        "maker": fill.is_maker,
        "orderId": int(fill.venue_order_id),
        "price": plain(fill.price),
        "qty": plain(fill.quantity),
        "quoteQty": plain(rounded_money(fill.price * fill.quantity)),
        "realizedPnl": plain(rounded_money(fill.realized_pnl)),
        "side": fill.side.upper(),
        "positionSide": "BOTH",
        "symbol": fill.symbol,
        "time": ms_of(fill.filled_at),
    }


def strategy_orders(user: User, subs: list[tuple[int, str]]) -> list[dict[str, Any]]:
    """The orders of a group as `strategyOpenOrder` lists them."""
    rows: list[dict[str, Any]] = []
    for number, client_id in subs:
        record = user.record_of_client_id(client_id)
        if record is None:
            continue
        document = order_document(record)
        rows.append(
            {
                "strategySubId": number,
                "orderId": document["orderId"],
                "clientOrderId": client_id,
                "status": document["status"],
                "symbol": document["symbol"],
                "side": document["side"],
                "type": document["origType"],
                "quantity": document["origQty"],
                "reduceOnly": document["reduceOnly"],
                "closePosition": document["closePosition"],
                "price": document["price"],
                "avgPrice": document["avgPrice"],
                "stopPrice": document["stopPrice"],
                "activatePrice": document.get("activatePrice"),
            }
        )
    return rows


def _price(average: Decimal) -> str:
    return plain(average.quantize(Decimal("0.0000000001"))) if average else "0.00000"
