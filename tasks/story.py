"""Diary lines and events: what happened, told once, in the transaction of the change itself.

Diary entries carry the fields of seed 002 section 5.2; numbers travel as plain decimal text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from adapters.store.diary import write_diary
from adapters.store.events import NewEvent, emit_events
from tasks.cycle import Cycle
from trading.decisions import TradeDecision
from trading.exits.invalidation.plan import render_conditions
from trading.orders import Fill, Order
from trading.units import plain


def money(amount: Decimal | None) -> str | None:
    """Decimal to the text that diary and events carry."""
    return None if amount is None else plain(amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A stored decision and the verdict of risk in words, with its code where there is one."""

    id: UUID
    decision: TradeDecision
    verdict: str


def tell_decisions(conn: Connection, cycle: Cycle, judged: Sequence[Judged]) -> None:
    """Decisions with their verdicts: `decision.made`, or `decision.rejected` when denied.

    All diary lines come before the first event, as events hold a lock until the commit.
    """
    entries = [_decision_entry(cycle, each) for each in judged]
    for each, entry in zip(judged, entries, strict=True):
        _write(conn, cycle, "decision", entry, decision_id=each.id)
    emit_events(conn, [_event(cycle, _decision_kind(entry), entry) for entry in entries])


def _decision_entry(cycle: Cycle, judged: Judged) -> dict[str, Any]:
    decision = judged.decision
    return {
        "decision_id": str(judged.id),
        "asset": cycle.assets.of(decision.symbol),
        "action": decision.action.value,
        "allocation_usd": money(decision.allocation_usd),
        "tp_price": money(decision.take_profit_price),
        "sl_price": money(decision.stop_price),
        "exit_plan": decision.exit_plan,
        "exit_conditions": list(render_conditions(decision.exit_conditions)),
        "rationale": decision.rationale,
        "confidence": decision.confidence,
        "decided_by": decision.decided_by,
        "verdict": judged.verdict,
    }


def _decision_kind(entry: dict[str, Any]) -> str:
    return "decision.rejected" if entry["verdict"].startswith("denied") else "decision.made"


def tell_order(conn: Connection, cycle: Cycle, order: Order) -> None:
    """An order's new form, as the venue reports it."""
    _emit(
        conn,
        cycle,
        f"order.{_ORDER_KIND.get(order.status.value, order.status.value)}",
        {
            "order_id": order.venue_order_id,
            "client_order_id": order.request.client_order_id,
            "asset": cycle.assets.of(order.symbol),
            "side": order.request.side.value,
            "type": order.request.order_type.value,
            "quantity": money(order.request.quantity),
            "filled_quantity": money(order.filled_quantity),
            "fill_price": money(order.average_price),
            "stop_price": money(order.request.stop_price),
            "status": order.status.value,
            "timestamp": order.updated_at.isoformat(),
        },
    )


_ORDER_KIND = {"new": "accepted", "canceled": "cancelled", "partially_filled": "filled"}


def tell_fill(conn: Connection, cycle: Cycle, fill: Fill) -> None:
    """A fill that was booked for the first time."""
    entry = {
        "trade_id": fill.trade_id,
        "order_id": fill.venue_order_id,
        "client_order_id": fill.client_order_id,
        "asset": cycle.assets.of(fill.symbol),
        "side": fill.side.value,
        "amount": money(fill.quantity),
        "price": money(fill.price),
        "fee": money(fill.fee),
        "realized_pnl": money(fill.realized_pnl),
        "cause": fill.cause.value,
        "timestamp": fill.filled_at.isoformat(),
    }
    _write(conn, cycle, "fill", entry, at=fill.filled_at)
    _emit(conn, cycle, "fill.booked", entry)


def tell_difference(
    conn: Connection, cycle: Cycle, symbol: str, *, ours: Decimal, venue: Decimal
) -> None:
    """Our record and the venue disagree about a position."""
    entry = {"asset": cycle.assets.of(symbol), "ours": money(ours), "venue": money(venue)}
    _write(conn, cycle, "reconcile", entry)
    _emit(conn, cycle, "reconciliation.difference", entry)


def tell_problem(conn: Connection, cycle: Cycle, symbol: str, problem: str) -> None:
    """Market data that must not be traded on: entries of the asset stop for this cycle."""
    entry = {"asset": cycle.assets.of(symbol), "problem": problem}
    _write(conn, cycle, "market", entry)
    _emit(conn, cycle, "market.problem", entry)


def tell_alone(conn: Connection, cycle: Cycle) -> None:
    """The collector had nothing for the slot, so the account read the market for itself."""
    sentence = "The collector had nothing for this slot; the account read the market itself."
    _write(conn, cycle, "market", {"asset": None, "problem": sentence})


def tell_scan(conn: Connection, cycle: Cycle, sentence: str, table: Mapping[str, Any]) -> None:
    """The account looks at other instruments than in its last cycle, and why."""
    _write(conn, cycle, "scan", {"asset": None, "sentence": sentence, **table})


def tell_exit(conn: Connection, cycle: Cycle, symbol: str, *, code: str, sentence: str) -> None:
    """An exit or a piece of protection that the runtime itself decided."""
    entry = {"asset": cycle.assets.of(symbol), "reason": code, "sentence": sentence}
    _write(conn, cycle, "exit", entry)
    _emit(conn, cycle, "exit.decided", entry)


def tell_stop_moved(
    conn: Connection, cycle: Cycle, symbol: str, *, stop: Decimal, sentence: str
) -> None:
    """A tier of profit moves the resting stop; told with the level, before the order."""
    entry = {
        "asset": cycle.assets.of(symbol),
        "reason": "tier",
        "sentence": sentence,
        "sl_price": money(stop),
    }
    _write(conn, cycle, "exit", entry)
    _emit(conn, cycle, "exit.stop_moved", entry)


def tell_entry(
    conn: Connection, cycle: Cycle, *, decision_id: UUID, intent_id: UUID, entry: dict[str, Any]
) -> None:
    """An entry with its protection: the diary line of seed 002 section 5.2."""
    _write(conn, cycle, "order", entry, decision_id=decision_id, intent_id=intent_id)


def tell_alarm(conn: Connection, cycle: Cycle, symbol: str, sentence: str) -> None:
    """Something that a person has to look at."""
    entry = {"asset": cycle.assets.of(symbol), "sentence": sentence}
    _write(conn, cycle, "alarm", entry)
    _emit(conn, cycle, "system.notice", entry)


def tell_equity(conn: Connection, cycle: Cycle, payload: dict[str, Any]) -> None:
    """The account's money after the cycle."""
    _emit(conn, cycle, "equity.updated", payload, channel="positions")


def _write(
    conn: Connection,
    cycle: Cycle,
    kind: str,
    entry: dict[str, Any],
    *,
    at: datetime | None = None,
    **ids: UUID,
) -> None:
    """A line of the diary about `entry["asset"]`, at the cycle's time unless another is given."""
    write_diary(
        conn,
        at=at or cycle.as_of,
        account_id=cycle.account.id,
        kind=kind,
        asset=entry["asset"],
        entry=entry,
        cycle_id=cycle.id,
        **ids,
    )


def _emit(
    conn: Connection,
    cycle: Cycle,
    kind: str,
    payload: dict[str, Any],
    *,
    channel: str = "trading-events",
) -> None:
    """An event for the listeners; after the diary line, as it holds a lock until the commit."""
    emit_events(conn, [_event(cycle, kind, payload, channel=channel)])


def _event(
    cycle: Cycle, kind: str, payload: dict[str, Any], *, channel: str = "trading-events"
) -> NewEvent:
    return NewEvent(
        at=cycle.as_of,
        account_id=cycle.account.id,
        channel=channel,
        kind=kind,
        payload=payload,
    )
