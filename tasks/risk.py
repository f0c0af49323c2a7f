"""Put every decision before the risk rules; store and tell each verdict with its numbers.

Entries of one cycle are judged one after another, each with those approved before it, so that two
entries together cannot pass a limit that neither passes alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from prefect import get_run_logger, task
from sqlalchemy import Connection

from adapters.store.decisions import save_verdict
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.decide import Decided
from tasks.market import Markets
from tasks.market_now import with_prices_of_now
from tasks.options import READ
from tasks.resources import store_engine
from tasks.risk_context import build_context, first_room, read_memory
from tasks.story import Judged, tell_decisions
from trading.decisions import Action
from trading.risk.checks import check_entry
from trading.risk.market_checks import denied_by_data
from trading.risk.sequence import after_entry
from trading.risk.verdict import Approved, Denied, Shrunk, Verdict
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


@task(name="check_risk", **READ)
async def check_risk(
    cycle: Cycle, state: AccountState, markets: Markets, decisions: tuple[Decided, ...]
) -> tuple[Approval, ...]:
    """Approve, shrink or deny; closes always pass."""
    markets = await with_prices_of_now(cycle, markets, [each.decision for each in decisions])
    memory = read_memory(cycle, state, markets)
    room = first_room(state, memory)
    approvals: list[Approval] = []
    judged: list[_Judgement] = []
    for decided in decisions:
        decision = decided.decision
        if decision.action is Action.HOLD:
            judged.append(_Judgement(decided=decided, word="held"))
            continue
        if decision.action is Action.CLOSE:
            judged.append(_Judgement(decided=decided, word="approved"))
            approvals.append(Approval(decided=decided, verdict=None))
            continue
        view = markets.views.get(decision.symbol)
        if view is None:
            verdict: Verdict = denied_by_data(decision.symbol, _problem(markets, decision.symbol))
        else:
            context = build_context(cycle, state, view, decision, memory, room)
            verdict = check_entry(context)
            if isinstance(verdict, Approved):
                approvals.append(Approval(decided=decided, verdict=verdict))
                room = after_entry(context, verdict)
        judged.append(_Judgement(decided=decided, word=_word(verdict), verdict=verdict))
    _record(cycle, judged)
    return tuple(approvals)


def _problem(markets: Markets, symbol: str) -> str:
    return markets.problems.get(symbol, "nothing was read of it")


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
