"""What the risk rules look at, gathered once per cycle from store, venue and market.

Only what survives a restart is asked for: the day, its entries, the peak and the last closes come
from the store, the positions from the venue.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import Connection

from adapters.store.accounts import load_account
from adapters.store.income import transfers_since
from adapters.store.intents import entries_since, without_outcome
from adapters.store.risk_state import RiskDay, last_closes, load_risk_day, note_equity
from adapters.store.snapshots import day_start_equity, lowest_equity_since
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.lateness import market_time, next_slot
from tasks.market import Markets
from tasks.resources import store_engine
from trading.account import OperatorState
from trading.decisions import TradeDecision
from trading.limits import RiskLimits
from trading.market import MarketView
from trading.risk.correlation import Correlations, compute_correlations
from trading.risk.gates import is_money
from trading.risk.positions import LastClose, MarkedPosition
from trading.risk.sequence import Room
from trading.risk.state import RiskContext
from trading.risk.stop_distance import stop_atr
from trading.timeframes import floor_instant

_DAY = timedelta(days=1)
_RECORDED = "recorded"


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskMemory:
    """What the rules need from the store; None is unknown, never zero."""

    entries_today: int
    equity_at_day_start: Decimal | None
    lowest_equity: Decimal | None
    peak_equity: Decimal | None
    operator_state: OperatorState
    last_closes: Mapping[str, LastClose]
    """By symbol."""
    frozen: Mapping[str, str]
    """Symbols whose state at the venue is not settled, and why."""
    correlations: Correlations


def read_memory(cycle: Cycle, state: AccountState, markets: Markets) -> RiskMemory:
    """Note this cycle's equity in its day, and read what is remembered."""
    account = cycle.account
    day = floor_instant(cycle.as_of, _DAY)
    with store_engine().begin() as conn:
        stored = load_account(conn, account.id)
        flow = transfers_since(conn, account.id, day)
        noted = _note(conn, cycle, state.balance.equity, flow)
        return RiskMemory(
            entries_today=entries_since(conn, account.id, day),
            # A deposit is no profit and a withdrawal no loss: both move the day's start along.
            equity_at_day_start=None if noted is None else noted.start_equity + flow,
            lowest_equity=None if noted is None else noted.lowest_equity + flow,
            peak_equity=account.initial_equity
            if stored.peak_equity is None
            else stored.peak_equity,
            operator_state=stored.operator_state,
            frozen={**state.frozen, **without_outcome(conn, account.id)},
            last_closes=last_closes(conn, account.id, cycle.as_of - _remembered(account.limits)),
            correlations=compute_correlations(markets),
        )


def first_room(state: AccountState, memory: RiskMemory) -> Room:
    """What the first entry of the cycle finds."""
    return Room(
        positions=tuple(
            MarkedPosition(position=p.position, mark=p.mark)
            for p in (*state.positions, *state.foreign)
        ),
        available=state.balance.available,
        entries_today=memory.entries_today,
    )


def build_context(
    cycle: Cycle,
    state: AccountState,
    view: MarketView,
    decision: TradeDecision,
    memory: RiskMemory,
    room: Room,
) -> RiskContext:
    """One decision to open or add, with all that the checks may look at."""
    quote, fees = view.quote, cycle.account.paper.fees
    return RiskContext(
        limits=cycle.account.limits,
        decision=decision,
        instrument=view.instrument,
        quote=quote,
        at=cycle.as_of,
        judged_at=market_time(cycle, datetime.now(UTC)),
        next_slot=next_slot(cycle),
        equity=state.balance.equity,
        available=room.available,
        equity_at_day_start=memory.equity_at_day_start,
        lowest_equity_today=memory.lowest_equity,
        peak_equity=memory.peak_equity,
        trading_state=cycle.trading_state,
        operator_state=memory.operator_state,
        frozen=memory.frozen.get(view.symbol),
        positions=room.positions,
        entries_today=room.entries_today,
        atr=stop_atr(view),
        last_close=memory.last_closes.get(view.symbol),
        correlations=memory.correlations,
        taker_fee=fees.taker,
        slippage=fees.slippage,
        # Recorded candles without a funding file: that market never takes any.
        pays_funding=cycle.arena.source != _RECORDED or quote.next_funding_at is not None,
    )


def _note(conn: Connection, cycle: Cycle, equity: Decimal, flow: Decimal) -> RiskDay | None:
    """The day with this reading in it, less `flow`; None when no start of it is known.

    A broken figure is not stored: the checks deny entries for it, and closes must go on.
    """
    account, day = cycle.account, floor_instant(cycle.as_of, _DAY)
    known = load_risk_day(conn, account.id, day)
    start = day_start_equity(conn, account.id, day) if known is None else known.start_equity
    start = account.initial_equity if start is None else start
    if not is_money(start) or not equity.is_finite():
        return known
    told = lowest_equity_since(conn, account.id, day)
    net = equity - flow
    lowest = net if told is None else min(net, told)
    return note_equity(conn, account.id, day, start=start, equity=lowest)


def _remembered(limits: RiskLimits) -> timedelta:
    """How far back a close still matters."""
    return max(timedelta(minutes=limits.cooldown_minutes), timedelta(hours=limits.turn_hours))
