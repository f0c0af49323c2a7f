"""Many cycles of a live account while the venue, the network and the price do their worst.

One seed decides everything; the venue's own records are the truth.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from decimal import Decimal
from random import Random
from typing import Any

from tests.live.live_arena import LONG, LiveArena
from trading.decisions import Action
from trading.errors import TradingError
from trading.exits.protection import is_protected
from trading.orders import CLIENT_ID_PREFIX

WRITES: tuple[dict[str, Any], ...] = (
    {"execute": True, "status": 503},
    {"status": 503},
    {"execute": True, "drop": True},
    {"drop": True},
    {"execute": True, "cut": 30},
    {"execute": True, "status": 200, "body": "<html>busy</html>"},
    {"execute": True, "merge": {"orderId": None}},
    {"execute": True, "status": 502, "body": ""},
    {"status": 400, "body": '{"code":-1021,"msg":"Timestamp for this request is outside"}'},
    {"status": 400, "body": '{"code":-4225,"msg":"Nonce Expired"}'},
    {"status": 400, "body": '{"code":-2010,"msg":"NEW_ORDER_REJECTED"}'},
    {"status": 400, "body": '{"code":-2019,"msg":"Margin is insufficient."}'},
    {"execute": True, "status": 400, "body": '{"code":-1007,"msg":"Timeout"}'},
)
READS: tuple[dict[str, Any], ...] = (
    {"status": 500, "body": "<html>oops</html>"},
    {"drop": True},
    {"cut": 10},
    {"status": 200, "body": "[]x"},
    {"retype": True},
)
POSTS = ("order",)
GROUP_PATH = "placeStrategyOrder"
GROUPED_POSTS = (GROUP_PATH, "order")
PATHS = ("order", "openOrders", "positionRisk", "accountWithJoinMargin", "userTrades", "income")


@dataclass(slots=True)
class Seen:
    """What a run has come to."""

    cycles: int = 0
    failed_cycles: int = 0
    faults: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    duplicates: list[str] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)
    naked: list[str] = field(default_factory=list)
    ledgers: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.duplicates or self.lost or self.naked or self.ledgers)


async def run(
    live: LiveArena, *, cycles: int, seed: int, calm_every: int = 10, posts: tuple[str, ...] = POSTS
) -> Seen:
    """So many cycles with faults, each tenth one without: then both sides must agree.

    `posts` are the paths by which the account sends orders.
    """
    random, seen = Random(seed), Seen()
    for number in range(1, cycles + 1):
        is_calm = number % calm_every == 0
        live.sandbox.venue.faults.clear()
        live.sandbox.venue.fill_plans.clear()
        _move_price(live, random)
        if not is_calm:
            _plan_faults(live, random, posts)
            if random.random() < 0.1:
                live.sandbox.plan_fills(Decimal(random.randint(1, 9)) / 10)
        before = len(live.sandbox.venue.faults.happened)
        await _cycle(live, random, seen, is_calm=is_calm)
        seen.faults += len(live.sandbox.venue.faults.happened) - before
        _look_for_duplicates(live, seen)
        if is_calm:
            live.sandbox.venue.faults.clear()
            await live.cycle()
            _compare(live, seen, number)
    return seen


async def _cycle(live: LiveArena, random: Random, seen: Seen, *, is_calm: bool) -> None:
    seen.cycles += 1
    wish = random.random()
    entry = None
    if wish < 0.5 and live.held == 0:
        entry = _entry(live, random)
    try:
        await live.cycle(entry, close=wish > 0.85)
    except (TradingError, TimeoutError) as error:
        if is_calm:
            raise
        seen.failed_cycles += 1
        seen.outcomes[type(error).__name__] += 1


def _entry(live: LiveArena, random: Random) -> Any:
    price = live.sandbox.venue.market("BTCUSDT").last
    side = random.choice((1, -1))
    near = Decimal(random.randint(5, 40)) / 1000 * side
    return replace(
        LONG,
        action=Action.BUY if side > 0 else Action.SELL,
        stop=(price * (1 - near)).quantize(Decimal("0.1")),
        target=(price * (1 + 2 * near)).quantize(Decimal("0.1")),
        quantity=Decimal(random.randint(2, 30)) / 1000,
    )


def _move_price(live: LiveArena, random: Random) -> None:
    last = live.sandbox.venue.market("BTCUSDT").last
    widest = 400 if random.random() < 0.15 else 40
    moved = last * (1 + Decimal(random.randint(-widest, widest)) / 10_000)
    moved = min(max(moved, Decimal(40_000)), Decimal(90_000))
    live.sandbox.set_price("BTCUSDT", moved.quantize(Decimal("0.1")))


def _plan_faults(live: LiveArena, random: Random, posts: tuple[str, ...]) -> None:
    for _ in range(random.randint(0, 3)):
        if random.random() < 0.6:
            how = dict(random.choice(WRITES))
            method = random.choice(("POST", "POST", "DELETE"))
            path = random.choice(posts) if method == "POST" else "order"
            nth = 1 if path == GROUP_PATH else random.randint(1, 4)  # a cycle sends one group
            live.sandbox.fail(path, method=method, nth=nth, **how)
        else:
            how = dict(random.choice(READS))
            path = random.choice(PATHS)
            live.sandbox.fail(path, method="GET", nth=random.randint(1, 5), **how)
    if random.random() < 0.05:
        live.sandbox.fail("openOrders", times=0, hide_stops=True)


def _look_for_duplicates(live: LiveArena, seen: Seen) -> None:
    """One client id is one intent: the venue must never have taken it twice."""
    ids = Counter(
        record.order.request.client_order_id
        for record in live.user.records.values()
        if record.order.request.client_order_id.startswith(CLIENT_ID_PREFIX)
    )
    seen.duplicates += [name for name, count in ids.items() if count > 1]


def _compare(live: LiveArena, seen: Seen, number: int) -> None:
    """After a calm cycle our record must be the venue's."""
    states = {
        str(name): str(state)
        for name, state in live.rows("select client_order_id, state from app.intents")
    }
    for record in live.user.records.values():
        order = record.order
        name = order.request.client_order_id
        if not name.startswith(CLIENT_ID_PREFIX):
            continue
        state = states.get(name)
        if state is None or (order.status.is_open != (state == "open")):
            seen.lost.append(f"cycle {number}: {name} is {order.status} and we say {state}")
    booked = {str(each) for (each,) in live.rows("select trade_id from app.fills")}
    seen.lost += [
        f"cycle {number}: fill {fill.trade_id}"
        for fill in live.user.fills
        if fill.trade_id not in booked
    ]
    position = live.user.book.positions.get("BTCUSDT")
    orders = [record.order for record in live.user.open_records("BTCUSDT")]
    if position is not None and not is_protected(position, orders):
        seen.naked.append(f"cycle {number}: {position.quantity} without its stop")
    if position is None and orders:
        seen.naked.append(f"cycle {number}: {len(orders)} orders protect nothing")
    try:
        live.require_equal_ledgers()
    except AssertionError as error:
        seen.ledgers.append(f"cycle {number}: {error}")
