"""Groups of orders: OTO, OCO, OTOCO, as the engine keeps them together (V3 only).

What drives what is taken from the kind of the group; the conditions of the sub-orders are not read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from tests.aster_sandbox import desk
from tests.aster_sandbox.order_answers import strategy_orders
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.routing import Access, Ask, route
from tests.aster_sandbox.users import Strategy
from trading.errors import InvalidRecord, OrderRejected
from trading.matching.groups import submit_group
from trading.order_groups import OrderGroup
from trading.orders import OrderStatus

_SIZES = {"OTO": 2, "OCO": 2, "OTOCO": 3}


def _size(parameters: Mapping[str, str]) -> int:
    return _SIZES.get(parameters.get("strategyType", ""), 0)


@route("POST", "v3/placeStrategyOrder", weight=50, access=Access.TRADING, orders=_size)
def place(ask: Ask) -> Any:
    kind = ask.need("strategyType")
    items = _items(ask, kind)
    user, venue = ask.user, ask.venue
    number = len(user.strategies) + 1 + user.book.next_order_id
    client_id = ask.parameters.get("clientStrategyId") or f"strategy_{number}"
    read = [desk.read(venue, user, item) for item in items]
    requests = [request for request, _, _ in read]
    entry = None if kind == "OCO" else requests[0]
    exits = tuple(requests if entry is None else requests[1:])
    try:
        group = OrderGroup(group_id=client_id, entry=entry, exits=exits)
        outcome = submit_group(user.book, group, read[0][2])
    except OrderRejected as refused:
        raise VenueRefusal(refused.code, refused.text) from None
    except InvalidRecord as error:
        raise VenueRefusal(-1130, str(error)) from None
    strategy = Strategy(
        number=number,
        client_id=client_id,
        kind=kind,
        at_ms=venue.time.now_ms,
        subs=[(index, each.client_order_id) for index, each in enumerate(requests, start=1)],
    )
    user.strategies[client_id] = strategy
    venue.post(user, outcome, {r.client_order_id: words for r, words, _ in read})
    return _head(ask, strategy) | {"failureCode": 0, "failureReason": ""}


@route("GET", "v3/strategyOpenOrder", weight=5, access=Access.SIGNED)
def open_group(ask: Ask) -> Any:
    strategy = _found(ask)
    if not _is_working(ask, strategy):
        raise VenueRefusal(-2013, "Order does not exist.")
    return _whole(ask, strategy)


@route("GET", "v3/strategyHistoryOrder", weight=5, access=Access.SIGNED)
def past_group(ask: Ask) -> Any:
    return _whole(ask, _found(ask))


def _items(ask: Ask, kind: str) -> list[dict[str, str]]:
    try:
        found = json.loads(ask.need("subOrderList"))
    except ValueError:
        found = None
    if (
        kind not in _SIZES
        or not isinstance(found, list)
        or len(found) != _SIZES[kind]
        or not all(isinstance(each, dict) for each in found)
    ):
        raise VenueRefusal(-1130, "Data sent for parameter 'subOrderList' is not valid.")
    items: list[dict[str, str]] = []
    for index, each in enumerate(found, start=1):
        item = {str(name): str(value) for name, value in each.items() if value is not None}
        if item.pop("strategySubId", "") != str(index) or not item.pop("securityType", ""):
            raise VenueRefusal(-1130, "Data sent for parameter 'strategySubId' is not valid.")
        item["newClientOrderId"] = item.pop("clientOrderId", f"{kind.lower()}_{index}")
        items.append(item)
    return items


def _found(ask: Ask) -> Strategy:
    client_id, number = ask.parameters.get("clientStrategyId"), ask.number("strategyId")
    for strategy in ask.user.strategies.values():
        if client_id == strategy.client_id or number == strategy.number:
            return strategy
    raise VenueRefusal(-2013, "Order does not exist.")


def _is_working(ask: Ask, strategy: Strategy) -> bool:
    for _, client_id in strategy.subs:
        record = ask.user.record_of_client_id(client_id)
        if record is None:
            continue
        if record.order.status.is_open or record.order.status is OrderStatus.PENDING:
            return True
    return False


def _head(ask: Ask, strategy: Strategy) -> dict[str, Any]:
    return {
        "strategyId": strategy.number,
        "clientStrategyId": strategy.client_id,
        "strategyType": strategy.kind,
        "strategyStatus": "WORKING" if _is_working(ask, strategy) else "EXPIRED",
        "updateTime": ask.venue.time.now_ms,
    }


def _whole(ask: Ask, strategy: Strategy) -> dict[str, Any]:
    return _head(ask, strategy) | {
        "bookTime": strategy.at_ms,
        "subOrders": [
            {"strategyId": strategy.number, **row}
            for row in strategy_orders(ask.user, strategy.subs)
        ],
    }
