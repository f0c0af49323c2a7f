"""Calls about orders and groups of orders."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, cast

from tests.aster_sandbox import desk
from tests.aster_sandbox.order_answers import acknowledged, order_document
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.routing import Access, Ask, by_symbol, route
from tests.aster_sandbox.spans import span_of
from tests.aster_sandbox.venue_time import ms_of
from trading.orders import OrderType

_MOST_IN_BATCH = 5
_MOST_CANCELLED = 10


@route("POST", "*/order", access=Access.TRADING, orders=1)
def place(ask: Ask) -> Any:
    return _placed(ask, ask.parameters)


def _placed(ask: Ask, parameters: Mapping[str, str]) -> dict[str, Any]:
    record = desk.place(ask.venue, ask.user, parameters)
    # RESULT waits for the end of what cannot rest; everything else is told as it was taken.
    cannot_rest = record.words.time_in_force in ("IOC", "FOK", "GTX") or (
        record.order.request.order_type is OrderType.MARKET
    )
    if cannot_rest and parameters.get("newOrderRespType") == "RESULT":
        return order_document(record)
    return acknowledged(record)


@route("POST", "*/order/test", access=Access.TRADING)
def check(ask: Ask) -> Any:
    desk.check(ask.venue, ask.user, ask.parameters)
    return {}


def _batch_size(parameters: Mapping[str, str]) -> int:
    try:
        return len(json.loads(parameters.get("batchOrders", "[]")))
    except (ValueError, TypeError):
        return 0


@route("POST", "*/batchOrders", weight=5, access=Access.TRADING, orders=_batch_size)
def place_batch(ask: Ask) -> Any:
    items = _list(ask, "batchOrders")
    if not 1 <= len(items) <= _MOST_IN_BATCH:
        raise VenueRefusal(-4082, "Invalid number of batch place orders.")
    answers: list[Any] = []
    for item in items:
        if not isinstance(item, dict):
            raise VenueRefusal(-4083, "Fail to place batch orders.")
        fields = {str(name): _text(value) for name, value in item.items()}
        try:
            answers.append(_placed(ask, fields))
        except VenueRefusal as refusal:
            answers.append(refusal.document)
    return answers


@route("GET", "*/order", access=Access.SIGNED)
def query(ask: Ask) -> Any:
    ask.need("symbol")
    unknown = VenueRefusal(-2013, "Order does not exist.")
    record = desk.find(ask.user, ask.parameters, unknown)
    if desk.is_forgotten(ask.venue, record):
        raise unknown
    return order_document(record, has_time=True)


@route("GET", "*/openOrder", access=Access.SIGNED)
def query_open(ask: Ask) -> Any:
    ask.need("symbol")
    gone = VenueRefusal(-2013, "Order does not exist.")
    record = desk.find(ask.user, ask.parameters, gone)
    if record.order.venue_order_id not in ask.user.book.orders:
        raise gone
    return order_document(record, has_time=True)


@route("GET", "*/openOrders", weight=by_symbol(1, 40), access=Access.SIGNED)
def open_orders(ask: Ask) -> Any:
    symbol = ask.parameters.get("symbol") or None
    if symbol is not None:
        ask.venue.market(symbol)
    return [order_document(each, has_time=True) for each in ask.user.open_records(symbol)]


@route("GET", "*/allOrders", weight=5, access=Access.SIGNED)
def all_orders(ask: Ask) -> Any:
    symbol = ask.need("symbol")
    ask.venue.market(symbol)
    first, span = ask.number("orderId"), span_of(ask)
    found = [
        each
        for each in ask.user.records.values()
        if each.order.symbol == symbol
        and not desk.is_forgotten(ask.venue, each)
        and (
            each.number >= first if first is not None else span.holds(ms_of(each.order.created_at))
        )
    ]
    rows = found[: span.limit] if first is not None or span.is_from else found[-span.limit :]
    return [order_document(each, has_time=True) for each in rows]


@route("DELETE", "*/order", access=Access.TRADING)
def cancel(ask: Ask) -> Any:
    ask.need("symbol")
    return order_document(desk.cancel_order(ask.venue, ask.user, ask.parameters))


@route("DELETE", "*/allOpenOrders", access=Access.TRADING)
def cancel_all(ask: Ask) -> Any:
    symbol = ask.need("symbol")
    ask.venue.market(symbol)
    desk.cancel_all(ask.venue, ask.user, symbol)
    code = "200" if ask.venue.settings.writes_success_as_text else 200
    return {"code": code, "msg": "The operation of cancel all open order is done."}


@route("DELETE", "*/batchOrders", access=Access.TRADING)
def cancel_batch(ask: Ask) -> Any:
    symbol = ask.need("symbol")
    name = "orderIdList" if ask.parameters.get("orderIdList") else "origClientOrderIdList"
    ids = _list(ask, name)
    if not 1 <= len(ids) <= _MOST_CANCELLED:
        raise VenueRefusal(-4082, "Invalid number of batch cancel orders.")
    key = name.removesuffix("List")
    answers: list[Any] = []
    for each in ids:
        try:
            record = desk.cancel_order(ask.venue, ask.user, {"symbol": symbol, key: str(each)})
            answers.append(order_document(record))
        except VenueRefusal as refusal:
            answers.append(refusal.document)
    return answers


@route("POST", "*/countdownCancelAll", weight=10, access=Access.TRADING)
def countdown(ask: Ask) -> Any:
    symbol, wait = ask.need("symbol"), ask.number("countdownTime")
    ask.venue.market(symbol)
    if wait is None or wait < 0:
        raise VenueRefusal(-1102, "Mandatory parameter 'countdownTime' was not sent.")
    ask.user.countdowns.pop(symbol, None)
    if wait:
        ask.user.countdowns[symbol] = ask.venue.time.now_ms + wait
    return {"symbol": symbol, "countdownTime": str(wait)}


@route("POST", "v3/noop", access=Access.SIGNED)
def noop(_: Ask) -> Any:
    return {"code": 200, "msg": "success"}


def _list(ask: Ask, name: str) -> list[Any]:
    try:
        found = json.loads(ask.need(name))
    except ValueError:
        found = None
    if not isinstance(found, list):
        raise VenueRefusal(-1130, f"Data sent for parameter '{name}' is not valid.")
    return cast("list[Any]", found)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
