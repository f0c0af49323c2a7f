"""Put every decision before the risk rules; store and tell each verdict with its numbers.

Entries of one cycle are judged one after another, each with those approved before it, so that two
entries together cannot pass a limit that neither passes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from prefect import get_run_logger, task
from sqlalchemy import Connection

from adapters.store.accounts import load_account
from adapters.store.decisions import save_verdict
from adapters.store.intents import entries_since
from adapters.store.snapshots import day_start_equity, lowest_equity_since
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.decide import Decided
from tasks.market import Markets
from tasks.options import READ
from tasks.resources import store_engine
from tasks.story import Judged, tell_decisions
from trading.account import OperatorState
from trading.decisions import Action
from trading.market import MarketView
from trading.positions import Position
from trading.risk.checks import check_entry
from trading.risk.state import MarkedPosition, RiskContext
from trading.risk.stop_distance import stop_atr
from trading.risk.verdict import Approved, Denied, Shrunk, Verdict
from trading.timeframes import floor_instant
from trading.units import ZERO, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """A decision that may be carried out; `verdict` is None for a close."""

    decided: Decided
    verdict: Approved | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judgement:
    """What became of one decision; `verdict` is None for what risk is not asked about."""

    decided: Decided
    word: str
    verdict: Verdict | None = None

    @property
    def words(self) -> str:
        code = getattr(self.verdict, "code", None)
        return self.word if code is None else f"{self.word}: {code}"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Day:
    """What the rules need from the store: the day's figures and the operator's word."""

    entries: int
    equity_at_start: Decimal | None
    lowest_equity: Decimal | None
    peak_equity: Decimal | None
    operator_state: OperatorState


@task(name="check_risk", **READ)
async def check_risk(
    cycle: Cycle, state: AccountState, markets: Markets, decisions: tuple[Decided, ...]
) -> tuple[Approval, ...]:
    """Approve, shrink or deny; closes always pass."""
    day = _read_day(cycle)
    positions = [MarkedPosition(position=p.position, mark=p.mark) for p in state.positions]
    available = state.balance.available
    approvals: list[Approval] = []
    judged: list[_Judgement] = []
    for decided in decisions:
        action = decided.decision.action
        if action is Action.HOLD:
            judged.append(_Judgement(decided=decided, word="held"))
            continue
        if action is Action.CLOSE:
            judged.append(_Judgement(decided=decided, word="approved"))
            approvals.append(Approval(decided=decided, verdict=None))
            continue
        view = markets.views[decided.decision.symbol]
        verdict = check_entry(
            _context(cycle, state, view, decided, day, tuple(positions), available)
        )
        judged.append(_Judgement(decided=decided, word=_word(verdict), verdict=verdict))
        if isinstance(verdict, Approved):
            approvals.append(Approval(decided=decided, verdict=verdict))
            positions = [*positions, _planned(cycle, verdict)]
            available -= verdict.notional / verdict.leverage
            day = replace(day, entries=day.entries + 1)
    _record(cycle, judged)
    return tuple(approvals)


def _read_day(cycle: Cycle) -> _Day:
    start = floor_instant(cycle.as_of, timedelta(days=1))
    with store_engine().connect() as conn:
        stored = load_account(conn, cycle.account.id)
        return _Day(
            entries=entries_since(conn, cycle.account.id, start),
            equity_at_start=day_start_equity(conn, cycle.account.id, start)
            or cycle.account.initial_equity,
            lowest_equity=lowest_equity_since(conn, cycle.account.id, start),
            peak_equity=stored.peak_equity or cycle.account.initial_equity,
            operator_state=stored.operator_state,
        )


def _context(
    cycle: Cycle,
    state: AccountState,
    view: MarketView,
    decided: Decided,
    day: _Day,
    positions: tuple[MarkedPosition, ...],
    available: Decimal,
) -> RiskContext:
    return RiskContext(
        limits=cycle.account.limits,
        decision=decided.decision,
        instrument=view.instrument,
        quote=view.quote,
        equity=state.balance.equity,
        available=available,
        equity_at_day_start=day.equity_at_start,
        lowest_equity_today=day.lowest_equity,
        peak_equity=day.peak_equity,
        trading_state=cycle.trading_state,
        operator_state=day.operator_state,
        positions=positions,
        entries_today=day.entries,
        atr=stop_atr(view),
    )


def _planned(cycle: Cycle, verdict: Approved) -> MarkedPosition:
    """The position that an approval will become, for the judgement of the next one."""
    signed = verdict.quantity * verdict.side.sign
    return MarkedPosition(
        position=Position(
            symbol=verdict.symbol,
            quantity=signed,
            entry_price=verdict.price,
            leverage=verdict.leverage,
            isolated_margin=verdict.notional / verdict.leverage,
            opened_at=cycle.as_of,
        ),
        mark=verdict.price,
    )


def _word(verdict: Verdict) -> str:
    if isinstance(verdict, Denied):
        return "denied"
    return "shrunk" if isinstance(verdict, Shrunk) else "approved"


def _record(cycle: Cycle, judged: Sequence[_Judgement]) -> None:
    """Store and tell all verdicts of the cycle in one transaction."""
    with store_engine().begin() as conn:
        for each in judged:
            _save(conn, each.decided, each.word, each.verdict)
        tell_decisions(
            conn,
            cycle,
            [
                Judged(id=each.decided.id, decision=each.decided.decision, verdict=each.words)
                for each in judged
            ],
        )
    for each in judged:
        _report(cycle, each.decided, each.word, each.verdict)


def _report(cycle: Cycle, decided: Decided, word: str, verdict: Verdict | None) -> None:
    if isinstance(verdict, Denied | Shrunk):
        get_run_logger().info(
            "Risk %s %s %s: %s Limit %s, actual %s.", word, decided.decision.action,
            cycle.assets.of(decided.decision.symbol), verdict.sentence, verdict.limit, verdict.actual,
        )  # fmt: skip
    elif isinstance(verdict, Approved):
        get_run_logger().info(
            "Risk approves %s %s: notional %s USDT, stop %s, target %s.",
            decided.decision.action, cycle.assets.of(decided.decision.symbol),
            plain(round(verdict.notional, 2)),
            "none" if verdict.stop_price is None else plain(verdict.stop_price),
            "none" if verdict.take_profit_price is None else plain(verdict.take_profit_price),
        )  # fmt: skip


def _save(conn: Connection, decided: Decided, word: str, verdict: Verdict | None) -> None:
    extra: dict[str, Any] = {}
    if isinstance(verdict, Denied | Shrunk):
        extra = {
            "code": verdict.code.value,
            "text": verdict.sentence,
            "limit": verdict.limit,
            "actual": verdict.actual,
        }
    notional = verdict.notional if isinstance(verdict, Approved) else ZERO
    save_verdict(
        conn,
        decided.id,
        verdict=word,
        code=extra.get("code"),
        text=extra.get("text"),
        limit=extra.get("limit"),
        actual=extra.get("actual"),
        approved_notional=None if verdict is None else notional,
        approved_stop_price=verdict.stop_price if isinstance(verdict, Approved) else None,
        approved_take_profit_price=(
            verdict.take_profit_price if isinstance(verdict, Approved) else None
        ),
    )
