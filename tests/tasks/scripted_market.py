"""A market whose next candles a test writes down, and steps on it: enter, and look at exits later.

Three quiet days around 50,000 come first; then the script, one 5-minute candle after the other from
START on, as (high, low, close). An entry of 0.01 BTC at START fills at 50,025 at leverage 3.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert

from adapters.store.decisions import NewDecision, save_decisions
from adapters.store.tables import cycles
from tasks.account_state import AccountState, reconcile_account
from tasks.cycle import Cycle
from tasks.decide import Decided
from tasks.exits import manage_exits
from tasks.market import fetch_klines
from tasks.placing import place_orders
from tasks.resources import store_engine
from tasks.risk import Approval
from tasks.venues import venue_of
from tests.arena import START, TestArena
from trading.decisions import Action, TradeDecision
from trading.exits.invalidation.parse import parse_condition
from trading.orders import Order, OrderType, Side
from trading.risk.verdict import Approved
from trading.timeframes import EPOCH

STEP = timedelta(minutes=5)
QUIET = 12 * 24 * 3
Step = tuple[float, float, float]
Scripted = Callable[..., Awaitable[tuple[TestArena, Cycle]]]
"""Of the fixture `scripted`: steps in, arena and first cycle out."""
FLAT: Step = (50_010, 49_990, 50_000)
STOP, TARGET = Decimal(48_000), Decimal(60_000)
FILL = Decimal("50025")
"""What the entry pays: 50,000 and slippage."""


def write_script(folder: Path, *steps: Step, quiet_after: int = 12) -> None:
    """Candles of BTC: quiet days, the script, and quiet again at the script's last close."""
    last = steps[-1][2] if steps else FLAT[2]
    after: Step = (last + 10, last - 10, last)
    rows = ["open_time,open,high,low,close,volume"]
    before = FLAT[2]
    for number, (high, low, close) in enumerate([FLAT] * QUIET + [*steps] + [after] * quiet_after):
        opened = START + STEP * (number - QUIET)
        stamp = (opened - EPOCH) // timedelta(milliseconds=1)
        top, bottom = max(high, before), min(low, before)
        rows.append(f"{stamp},{before},{top},{bottom},{close},10")
        before = close
    (folder / "BTCUSDT-5m.csv").write_text("\n".join(rows) + "\n")


def later(cycle: Cycle, candles: float) -> Cycle:
    """The cycle so many candles after START."""
    at = START + STEP * candles
    return replace(cycle, slot=at, as_of=at)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """What is entered; the defaults are the long of this module's script."""

    action: Action = Action.BUY
    stop: Decimal = STOP
    target: Decimal | None = TARGET
    conditions: tuple[str, ...] = ()
    quantity: Decimal = Decimal("0.01")

    @property
    def side(self) -> Side:
        return Side.BUY if self.action is Action.BUY else Side.SELL


async def enter(cycle: Cycle, entry: Entry | None = None) -> AccountState:
    """An entry with its protection, as `place_orders` makes it from an approved decision."""
    state, markets = await reconcile_account.fn(cycle), await fetch_klines.fn(cycle)
    last = markets.views["BTCUSDT"].quote.last
    await place_orders.fn(cycle, state, markets, (_approval(cycle, entry or Entry(), last),))
    return await reconcile_account.fn(cycle)


def _approval(cycle: Cycle, entry: Entry, last: Decimal) -> Approval:
    decision = TradeDecision(
        symbol="BTCUSDT",
        action=entry.action,
        allocation_usd=entry.quantity * last,
        take_profit_price=entry.target,
        stop_price=entry.stop,
        exit_plan="as planned",
        rationale="test",
        confidence=1.0,
        decided_by="test",
        exit_conditions=tuple(parse_condition(text) for text in entry.conditions),
    )
    with store_engine().begin() as conn:
        own = _cycle_row(conn, cycle)
        (decision_id,) = save_decisions(
            conn,
            [NewDecision(decision=decision, asset="BTC", reference_price=last)],
            cycle_id=own,
            account_id=cycle.account.id,
            decided_at=cycle.as_of,
        )
    return Approval(
        decided=Decided(id=decision_id, decision=decision),
        verdict=Approved(
            symbol="BTCUSDT",
            side=entry.side,
            asked=decision.allocation_usd,
            notional=decision.allocation_usd,
            quantity=entry.quantity,
            price=last,
            leverage=3,
            stop_price=entry.stop,
            take_profit_price=entry.target,
        ),
    )


def _cycle_row(conn: Connection, cycle: Cycle) -> UUID:
    """A cycle of its own for each entry: a cycle has one decision per symbol."""
    own = uuid4()
    conn.execute(
        insert(cycles).values(
            id=own,
            account_id=cycle.account.id,
            slot=cycle.slot + timedelta(microseconds=1),
            trigger="manual",
            status="done",
            config_version=cycle.config_version,
            real_started_at=datetime.now(UTC),
        )
    )
    return own


async def exits_at(cycle: Cycle, candles: float) -> AccountState:
    """What `manage_exits` makes of the account so many candles after START."""
    then = later(cycle, candles)
    state = await reconcile_account.fn(then)
    return await manage_exits.fn(then, state, await fetch_klines.fn(then))


async def resting(cycle: Cycle, order_type: OrderType = OrderType.STOP_MARKET) -> list[Order]:
    """Resting orders of one type."""
    orders = await venue_of(cycle).open_orders()
    return [order for order in orders if order.request.order_type is order_type]


async def stops(cycle: Cycle) -> list[Decimal | None]:
    """Triggers of the resting stops."""
    return [order.request.stop_price for order in await resting(cycle)]
