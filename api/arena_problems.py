"""What is wrong with the arena right now, worst first, each with what to do next.

Pure: facts in, problems out. Ages are real seconds. An account counts as late when it has not
finished a cycle for two and a half of its intervals (plus a grace for the start of a flow run).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from adapters.store.alerts import Alert
from adapters.store.arena import Arena
from adapters.store.views.accounts import AccountView
from adapters.store.views.positions import PositionView
from trading.timeframes import Timeframe

SEVERITIES = ("critical", "warning", "info")
LATE_INTERVALS = 2.5
GRACE = timedelta(seconds=30)
_LONGEST_REASON = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaProblem:
    """One thing that a person should know."""

    severity: str
    code: str
    title: str
    detail: str = ""
    remedy: str = ""
    account_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaFacts:
    """What the problems are found in."""

    real_now: datetime
    arena: Arena | None
    accounts: Sequence[AccountView]
    positions: Sequence[PositionView]
    unknown_intents: Mapping[str, int]
    is_feed_listening: bool
    alerts: Sequence[Alert] = ()
    """Open ones."""


def find_problems(facts: ArenaFacts) -> tuple[ArenaProblem, ...]:
    """All problems, worst first; within a severity in the order of the checks below."""
    found = [problem for check in _CHECKS for problem in check(facts)]
    return tuple(sorted(found, key=lambda problem: SEVERITIES.index(problem.severity)))


def is_starting(facts: ArenaFacts) -> bool:
    """No cycle has run yet, so nothing can be late."""
    return all(account.last_cycle is None for account in facts.accounts)


def has_market_ended(facts: ArenaFacts) -> bool:
    """A recorded market has been played to its end."""
    if facts.arena is None or facts.arena.clock.ends_at is None:
        return False
    return facts.arena.clock.market_at(facts.real_now) >= facts.arena.clock.ends_at


def _unprotected(facts: ArenaFacts) -> list[ArenaProblem]:
    unstopped = {a.id for a in facts.accounts if not a.limits.get("requires_stop", True)}
    return [
        ArenaProblem(
            severity="critical",
            code="position_without_stop",
            title=f"{position.account_id} holds {position.asset} without a resting stop.",
            remedy="Its next cycle places one or closes the position; if this stays, close it.",
            account_id=position.account_id,
        )
        for position in facts.positions
        if not position.has_resting_stop and position.account_id not in unstopped
    ]


def _unknown_orders(facts: ArenaFacts) -> list[ArenaProblem]:
    return [
        ArenaProblem(
            severity="critical",
            code="order_outcome_unknown",
            title=f"{account_id} has {count} order(s) whose outcome is not known.",
            remedy="The next cycle asks the venue; nothing is sent again.",
            account_id=account_id,
        )
        for account_id, count in facts.unknown_intents.items()
    ]


def _alerts(facts: ArenaFacts) -> list[ArenaProblem]:
    return [
        ArenaProblem(
            severity=alert.severity.value,
            code=alert.code,
            title=alert.sentence,
            remedy=_REMEDIES.get(alert.code, ""),
            account_id=alert.account_id,
        )
        for alert in facts.alerts
    ]


_REMEDIES = {
    "no_finished_cycle": "Look at its flow runs; the alert ends with its next finished cycle.",
    "cycles_failing": "The flow run's log has the story; the next finished cycle ends the alert.",
    "wallet_gap": "Compare the venue's transaction history with perpflow accounts show ID --venue;"
    " each cycle looks for what is missing.",
    "flatten_failed": "Look at the venue, then run perpflow panic --flatten again.",
}


def _operator_halts(facts: ArenaFacts) -> list[ArenaProblem]:
    return [
        ArenaProblem(
            severity="critical",
            code="operator_halt",
            title=f"{account.name} is halted by the operator.",
            detail="Nothing is opened; stops, targets and exits go on.",
            remedy=f"End it with: perpflow release --account {account.id}",
            account_id=account.id,
        )
        for account in facts.accounts
        if account.operator_state == "halted"
    ]


def _bad_accounts(facts: ArenaFacts) -> list[ArenaProblem]:
    found: list[ArenaProblem] = []
    for account in facts.accounts:
        cycle = account.last_cycle
        if account.trading_state == "halted":
            found.append(
                ArenaProblem(
                    severity="critical",
                    code="account_halted",
                    title=f"{account.name} is halted by risk.",
                    detail="Nothing but protection is sent.",
                    remedy="It resumes by itself when the drawdown improves.",
                    account_id=account.id,
                )
            )
        if cycle is not None and cycle.status == "failed":
            found.append(
                ArenaProblem(
                    severity="critical",
                    code="cycle_failed",
                    title=f"The last cycle of {account.name} failed.",
                    detail=_short(cycle.reason),
                    remedy="The next one starts at its interval; the flow run's log has the story.",
                    account_id=account.id,
                )
            )
    return found


def _old_data(facts: ArenaFacts) -> list[ArenaProblem]:
    if facts.arena is None or is_starting(facts) or has_market_ended(facts):
        return []
    late = [account for account in facts.accounts if _is_late(account, facts)]
    working = [account for account in facts.accounts if account.status == "active"]
    if late and len(late) == len(working):
        return [
            ArenaProblem(
                severity="critical",
                code="arena_stands_still",
                title="No agent has finished a cycle for too long; the numbers are old.",
                remedy="Is perpflow up still running? perpflow doctor names the cause.",
            )
        ]
    return [
        ArenaProblem(
            severity="warning",
            code="cycle_late",
            title=f"{account.name} has not finished a cycle for more than two intervals.",
            detail=_short(account.last_cycle.reason if account.last_cycle else None),
            remedy="Look at its flow runs.",
            account_id=account.id,
        )
        for account in late
    ]


def _restricted(facts: ArenaFacts) -> list[ArenaProblem]:
    found: list[ArenaProblem] = []
    for account in facts.accounts:
        if account.trading_state == "reducing":
            found.append(
                ArenaProblem(
                    severity="warning",
                    code="account_reducing",
                    title=f"{account.name} may only close positions.",
                    detail="Its drawdown reached the first limit.",
                    remedy="It resumes by itself when the drawdown improves.",
                    account_id=account.id,
                )
            )
        if account.status != "active":
            found.append(
                ArenaProblem(
                    severity="info",
                    code=f"account_{account.status}",
                    title=f"{account.name} is {account.status}.",
                    detail="The operator set this.",
                    account_id=account.id,
                )
            )
    return found


def _feed(facts: ArenaFacts) -> list[ArenaProblem]:
    if facts.is_feed_listening:
        return []
    return [
        ArenaProblem(
            severity="warning",
            code="event_feed_lost",
            title="Live events do not arrive from the database.",
            remedy="The API connects again by itself; figures are still read on request.",
        )
    ]


def _stages(facts: ArenaFacts) -> list[ArenaProblem]:
    if not facts.accounts:
        return [
            ArenaProblem(
                severity="info",
                code="no_accounts",
                title="There is no account yet.",
                remedy="Start the arena with: perpflow up",
            )
        ]
    if is_starting(facts):
        return [
            ArenaProblem(
                severity="info",
                code="orchestrator_starting",
                title="The orchestrator is starting.",
                detail="The first start takes about half a minute;"
                " agents decide at their next interval.",
            )
        ]
    if has_market_ended(facts):
        return [
            ArenaProblem(
                severity="info",
                code="market_ended",
                title="The recorded market has been played to its end.",
                detail="Agents decide no more; all figures stay.",
            )
        ]
    return []


# The order is the policy: what may cost money first, then what is not known, then what is late.
_CHECKS = (
    _unprotected,
    _unknown_orders,
    _operator_halts,
    _alerts,
    _bad_accounts,
    _old_data,
    _restricted,
    _feed,
    _stages,
)


def _is_late(account: AccountView, facts: ArenaFacts) -> bool:
    if account.status != "active" or facts.arena is None or account.interval is None:
        return False
    since = account.last_done.real_finished_at if account.last_done else account.real_created_at
    # After a stop the arena goes on at its anchor: nothing is late before it went on.
    since = max(since or account.real_created_at, facts.arena.clock.real_anchor)
    allowed = facts.arena.clock.real_length(Timeframe(account.interval).length) * LATE_INTERVALS
    return facts.real_now - since > allowed + GRACE


def _short(reason: str | None) -> str:
    return "" if reason is None else reason[:_LONGEST_REASON]
