"""From a request to an answer: weight, route, keys, orders, and what the route makes of it.

Everything happens under the venue's lock, whole; the answer is bytes by then.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from tests.aster_sandbox import (
    account_routes,
    builder_routes,
    market_routes,
    order_routes,
    strategy_routes,
)
from tests.aster_sandbox.authorising import Caller
from tests.aster_sandbox.faults import Fault
from tests.aster_sandbox.received import Received
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.routing import ROUTES, Access, Ask, Route
from tests.aster_sandbox.ticking import tick
from tests.aster_sandbox.venue import Venue

SUBJECTS = (account_routes, builder_routes, market_routes, order_routes, strategy_routes)
"""Their import fills the table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What goes back."""

    status: int
    body: bytes
    headers: dict[str, str]


def answer(venue: Venue, request: Received, fault: Fault | None = None) -> Answer:
    """Carry out a request; what the fault hides is left out of the answer."""
    with venue.lock:
        tick(venue)
        now_ms = venue.time.now_ms
        owner: str | None = None
        extra: dict[str, str] = {}
        try:
            if request.path == "/api/v3/exchangeInfo":
                document: Any = {"timezone": "UTC", "symbols": [], "assets": [], "rateLimits": []}
            else:
                found = _route(request)
                venue.scales.spend(request.host, found.weight_of(request.parameters), now_ms)
                caller = _admitted(venue, request, found)
                owner = _counted(venue, request, found, caller)
                ask = Ask(venue=venue, parameters=request.parameters, caller=caller)
                document = found.answer(ask)
            status = 200
        except VenueRefusal as refusal:
            document, status, extra = refusal.document, refusal.status, refusal.headers
        bent = document if fault is None else fault.bent(document)
        return Answer(
            status=status,
            body=json.dumps(bent).encode(),
            headers={**venue.scales.headers(request.host, owner, now_ms), **extra},
        )


def _route(request: Received) -> Route:
    found = ROUTES.get((request.method, request.path))
    if found is None:
        raise VenueRefusal(-5000, f"Path {request.path}, Method {request.method} is invalid", 404)
    return found


def _admitted(venue: Venue, request: Received, found: Route) -> Caller | None:
    if found.access is Access.OPEN:
        return None
    is_signed = found.access is not Access.KEY
    caller = venue.doorkeeper.admit(request, is_signed=is_signed, now_us=venue.time.now_us)
    if found.access is Access.TRADING:
        caller.require_trading()
    return caller


def _counted(venue: Venue, request: Received, found: Route, caller: Caller | None) -> str | None:
    orders = found.orders_of(request.parameters)
    if caller is None or not orders:
        return None
    owner = caller.user.address.lower()
    venue.scales.count_orders(owner, orders, venue.time.now_ms)
    return owner
