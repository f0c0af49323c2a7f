"""What a model may know when it decides: the account, its past and its markets, as of the cycle.

Gathered from what the cycle has read already and from the store; nothing later than the cycle's time.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection

from adapters.store.income import total_transfers
from adapters.store.model_memory import closed_trades, latest_fills, words_of
from adapters.store.outcomes import load_outcome_table
from adapters.store.snapshots import load_growth_readings
from adapters.store.trades import StoredTrade, load_open_trades
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.market_views import document_of
from tasks.resources import memory_of, store_engine
from tasks.risk_context import RiskMemory, build_context, first_room, read_memory
from trading.conditions import Condition
from trading.decision.context.situation import (
    EntryRoom,
    HeldPosition,
    MarketBrief,
    PastTrade,
    Situation,
    Standing,
)
from trading.decision.context.trimming import MOST_OUTCOMES
from trading.decision.room import entry_room
from trading.decisions import Action, TradeDecision
from trading.errors import InvalidCondition
from trading.exits.invalidation.parse import parse_condition
from trading.market import MarketView
from trading.performance.path import MICROSECOND
from trading.performance.records import EquityReading
from trading.performance.summary import PerformanceSummary, summarise
from trading.ports import VenuePosition
from trading.regime.detection import RegimeRule, detect_regime
from trading.risk.gates import drawdown
from trading.timeframes import Timeframe
from trading.units import ZERO

PAST_TRADES, FILLS = 20, 20


def build_situation(cycle: Cycle, state: AccountState, markets: Markets) -> Situation:
    """All of it for one decision."""
    memory = read_memory(cycle, state, markets)
    account = cycle.account
    with store_engine().connect() as conn:
        open_trades = {t.trade.symbol: t for t in load_open_trades(conn, account.id)}
        past = closed_trades(conn, account.id, until=cycle.as_of, limit=PAST_TRADES)
        fills = latest_fills(conn, account.id, until=cycle.as_of, limit=FILLS)
        results = _results(conn, cycle, state.balance.equity)
        outcomes = load_outcome_table(conn, account.id, cycle.as_of, MOST_OUTCOMES)
        words = words_of(
            conn, [t.decision_id for t in open_trades.values() if t.decision_id is not None]
        )
    return Situation(
        as_of=cycle.as_of,
        interval=account.interval,
        standing=_standing(cycle, state, memory, results),
        limits=account.limits,
        entries_today=memory.entries_today,
        rooms=tuple(_room(cycle, state, view, memory) for view in markets),
        positions=tuple(
            _held(cycle, held, open_trades.get(held.position.symbol), state, words)
            for held in state.positions
        ),
        fills=fills,
        past=tuple(
            PastTrade(
                asset=cycle.assets.of(each.stored.trade.symbol),
                trade=each.stored.trade,
                close_reason=each.stored.close_reason,
                rationale=each.rationale,
            )
            for each in past
        ),
        markets=tuple(_brief(cycle, view, markets) for view in markets),
        no_data={cycle.assets.of(s): problem for s, problem in markets.problems.items()},
        outcomes=outcomes,
    )


def _standing(
    cycle: Cycle, state: AccountState, memory: RiskMemory, results: PerformanceSummary | None
) -> Standing:
    gained = None if results is None else results.equity.total_return
    return Standing(
        balance=state.balance,
        start_equity=cycle.account.initial_equity,
        total_return=None if gained is None else Decimal(repr(gained)),
        drawdown=drawdown(state.balance.equity, memory.peak_equity),
        sharpe=None if results is None else results.risk.sharpe,
        trading_state=cycle.trading_state,
    )


def _results(conn: Connection, cycle: Cycle, equity: Decimal) -> PerformanceSummary | None:
    """What the account has earned until now, as the dashboard counts it: deposits are no profit."""
    if not equity.is_finite():
        return None
    account = cycle.account
    stored = load_growth_readings(conn, account.id, before=cycle.as_of)
    # What it started with takes the place of the first snapshot, which may already hold a fee.
    started_at = stored[0].at if stored else cycle.as_of - MICROSECOND
    start = EquityReading(at=started_at, equity=account.initial_equity)
    transfers = total_transfers(conn, account.id)
    now = EquityReading(at=cycle.as_of, equity=equity, transfers=transfers)
    return summarise((start, *stored[1:], now), ())


def _room(cycle: Cycle, state: AccountState, view: MarketView, memory: RiskMemory) -> EntryRoom:
    probe = TradeDecision(
        symbol=view.symbol,
        action=Action.BUY,
        allocation_usd=ZERO,
        take_profit_price=None,
        stop_price=None,
        exit_plan="",
        rationale="",
        confidence=1.0,
        decided_by=cycle.account.model or "",
    )
    context = build_context(cycle, state, view, probe, memory, first_room(state, memory))
    return entry_room(context)


def _held(
    cycle: Cycle,
    held: VenuePosition,
    trade: StoredTrade | None,
    state: AccountState,
    words: Mapping[UUID, str],
) -> HeldPosition:
    symbol = held.position.symbol
    known = trade is not None
    decision_id = trade.decision_id if trade is not None else None
    return HeldPosition(
        asset=cycle.assets.of(symbol),
        held=held,
        stop_price=trade.stop_price if known else None,
        take_profit_price=trade.take_profit_price if known else None,
        leave_by=held.position.opened_at + timedelta(hours=cycle.account.limits.max_holding_hours),
        conditions=_conditions(trade),
        orders=tuple(order for order in state.open_orders if order.symbol == symbol),
        exit_plan=trade.exit_plan if known else "",
        rationale="" if decision_id is None else words.get(decision_id, ""),
    )


def _conditions(trade: StoredTrade | None) -> tuple[Condition, ...]:
    """Those that this version of the language can read; the exits say what they cannot."""
    found: list[Condition] = []
    for text in () if trade is None else trade.exit_conditions:
        try:
            found.append(parse_condition(text))
        except InvalidCondition:
            continue
    return tuple(found)


def _brief(cycle: Cycle, view: MarketView, markets: Markets) -> MarketBrief:
    return MarketBrief(
        view=view,
        document=document_of(memory_of(cycle.arena), markets.reading, view),
        regime=detect_regime(view.windows.get(Timeframe.H4), RegimeRule()),
    )
