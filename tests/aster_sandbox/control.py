"""The test's hand on the venue over HTTP: `/sandbox/...`, for a sandbox in another process.

Bodies and answers are JSON. Each call is one method of the handle; nothing here is of Aster.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

from tests.aster_sandbox import desk
from tests.aster_sandbox.account_answers import account_document
from tests.aster_sandbox.answering import Answer
from tests.aster_sandbox.market import point
from tests.aster_sandbox.order_answers import order_document
from tests.aster_sandbox.received import Received
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.ticking import expire_listen_key, tick
from tests.aster_sandbox.users import Agent
from tests.aster_sandbox.venue import Venue
from trading.candles import Candle
from trading.market import BookLevel
from trading.units import plain

Given = dict[str, Any]


def control(venue: Venue, request: Received) -> Answer:
    """Do what a test asks; 400 with the reason when that is not possible."""
    name = request.path.removeprefix("/sandbox/")
    with venue.lock:
        tick(venue)
        try:
            document = _done(venue, name, request)
            status = 200
        except VenueRefusal as refusal:
            document, status = refusal.document, 400
        except (KeyError, TypeError, ValueError, ArithmeticError) as error:
            document, status = {"code": -1, "msg": f"{type(error).__name__}: {error}"}, 400
    return Answer(status=status, body=json.dumps(document).encode(), headers={})


def _done(venue: Venue, name: str, request: Received) -> Any:
    if request.method == "GET":
        asked = {key: values[0] for key, values in parse_qs(request.query).items()}
        return _READS[name](venue, asked)
    given = json.loads(request.body or "{}")
    return _WRITES[name](venue, given) or {}


def _price(venue: Venue, given: Given) -> None:
    venue.set_price(given["symbol"], _decimal(given.get("last")), _decimal(given.get("mark")))


def _candle(venue: Venue, given: Given) -> None:
    names = ("open", "high", "low", "close")
    prices = [Decimal(str(given[name])) for name in names]
    at = venue.time.instant()
    mark = _decimal(given.get("mark"))
    venue.step(
        given["symbol"],
        Candle(at, *prices, Decimal(str(given.get("volume", 0)))),
        None if mark is None else point(mark, at),
    )


def _book(venue: Venue, given: Given) -> None:
    sides = {
        name: None
        if given.get(name) is None
        else tuple(BookLevel(Decimal(str(p)), Decimal(str(q))) for p, q in given[name])
        for name in ("bids", "asks")
    }
    venue.market(given["symbol"]).set_book(**sides)


def _funding(venue: Venue, given: Given) -> None:
    venue.pay_funding(given["symbol"], Decimal(str(given["rate"])))


def _add_user(venue: Venue, given: Given) -> None:
    user = venue.add_user(given["address"], Decimal(str(given.get("funds", 10_000))))
    user.pairs |= given.get("pairs", {})
    for agent in given.get("agents", []):
        venue.add_agent(user.address, Agent(**agent))


def _funds(venue: Venue, given: Given) -> None:
    venue.move_funds(venue.user(given["user"]), Decimal(str(given["amount"])))


def _fill(venue: Venue, given: Given) -> None:
    desk.fill_by_hand(
        venue,
        venue.user(given["user"]),
        given["client_order_id"],
        Decimal(str(given["quantity"])),
        _decimal(given.get("price")),
    )


def _order(venue: Venue, given: Given) -> Any:
    parameters = {name: str(value) for name, value in given["order"].items()}
    return order_document(desk.place(venue, venue.user(given["user"]), parameters))


def _adl(venue: Venue, given: Given) -> None:
    user = venue.user(given["user"])
    desk.auto_deleverage(venue, user, given["symbol"], _decimal(given.get("quantity")))


def _status(venue: Venue, given: Given) -> None:
    venue.market(given["symbol"]).status = given["status"]


def _fill_plan(venue: Venue, given: Given) -> None:
    shares = tuple(Decimal(str(each)) for each in given["shares"])
    venue.fill_plans.append((shares, bool(given.get("waits", False))))


def _streams(venue: Venue, given: Given) -> None:
    action = given["action"]
    if action == "drop":
        venue.hub.drop_all()
    elif action == "hold":
        venue.hub.hold()
    elif action == "release":
        venue.hub.release(given.get("order"))
    elif action == "expire":
        expire_listen_key(venue, venue.user(given["user"]))
    else:
        raise ValueError(f"unknown action {action}: drop, hold, release, expire")


def _settings(venue: Venue, given: Given) -> None:
    for name, value in given.items():
        if not hasattr(venue.settings, name):
            raise ValueError(f"no setting {name}")
        setattr(venue.settings, name, value)


def _clock(venue: Venue, given: Given) -> None:
    venue.time.ahead_ms = int(given["ahead_ms"])


def _faults(venue: Venue, given: Given) -> None:
    if given.get("clear"):
        venue.faults.clear()
    else:
        venue.faults.add(**given)


def _state(venue: Venue, asked: Given) -> Any:
    user = venue.user(asked["user"])
    return {
        "wallet": plain(user.ledger.wallet),
        "ledger": [line.document() for line in user.ledger.lines],
        "openOrders": [order_document(each, has_time=True) for each in user.open_records()],
        "orders": [order_document(each, has_time=True) for each in user.records.values()],
        "account": account_document(venue, user),
    }


def _requests(venue: Venue, _: Given) -> Any:
    return [
        {"method": each.method, "path": each.path, "query": each.query, "body": each.body}
        for each in venue.requests
    ]


def _decimal(value: object) -> Decimal | None:
    return None if value is None else Decimal(str(value))


_READS: dict[str, Callable[[Venue, Given], Any]] = {
    "state": _state,
    "requests": _requests,
    "ready": lambda _venue, _asked: {"ready": True},
}
_WRITES: dict[str, Callable[[Venue, Given], Any]] = {
    "price": _price,
    "candle": _candle,
    "book": _book,
    "funding": _funding,
    "users": _add_user,
    "funds": _funds,
    "orders": _order,
    "adl": _adl,
    "status": _status,
    "fill": _fill,
    "fill-plan": _fill_plan,
    "streams": _streams,
    "settings": _settings,
    "clock": _clock,
    "faults": _faults,
}
