"""Diary lines and events: what happened, told once, in the transaction of the change itself.

Diary entries carry the fields of seed 002 section 5.2; numbers travel as plain decimal text.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Connection

from adapters.store.diary import write_diary
from adapters.store.events import emit_event
from tasks.cycle import Cycle
from trading.decisions import TradeDecision
from trading.orders import Fill, Order
from trading.units import plain


def asset_of(symbol: str) -> str:
    """`BTCUSDT` to `BTC`; the quote of all our instruments is USDT."""
    return symbol.removesuffix("USDT")


def money(amount: Decimal | None) -> str | None:
    """Decimal to the text that diary and events carry."""
    return None if amount is None else plain(amount)


def _tell(
    conn: Connection, cycle: Cycle, *, channel: str, kind: str, payload: dict[str, Any]
) -> None:
    emit_event(
        conn,
        at=cycle.as_of,
        account_id=cycle.account.id,
        channel=channel,
        kind=kind,
        payload=payload,
    )


def tell_decision(
    conn: Connection, cycle: Cycle, decision: TradeDecision, decision_id: UUID, verdict: str
) -> None:
    """A decision with the verdict of risk: `decision.made`, or `decision.rejected` when denied."""
    payload = {
        "decision_id": str(decision_id),
        "asset": asset_of(decision.symbol),
        "action": decision.action.value,
        "allocation_usd": money(decision.allocation_usd),
        "tp_price": money(decision.take_profit_price),
        "sl_price": money(decision.stop_price),
        "exit_plan": decision.exit_plan,
        "rationale": decision.rationale,
        "confidence": decision.confidence,
        "decided_by": decision.decided_by,
        "verdict": verdict,
    }
    kind = "decision.rejected" if verdict.startswith("denied") else "decision.made"
    _tell(conn, cycle, channel="trading-events", kind=kind, payload=payload)
    write_diary(
        conn,
        at=cycle.as_of,
        account_id=cycle.account.id,
        kind="decision",
        asset=asset_of(decision.symbol),
        entry=payload,
        cycle_id=cycle.id,
        decision_id=decision_id,
    )


def tell_order(conn: Connection, cycle: Cycle, order: Order) -> None:
    """An order's new form, as the venue reports it."""
    _tell(
        conn,
        cycle,
        channel="trading-events",
        kind=f"order.{_ORDER_KIND.get(order.status.value, order.status.value)}",
        payload={
            "order_id": order.venue_order_id,
            "client_order_id": order.request.client_order_id,
            "asset": asset_of(order.symbol),
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
        "asset": asset_of(fill.symbol),
        "side": fill.side.value,
        "amount": money(fill.quantity),
        "price": money(fill.price),
        "fee": money(fill.fee),
        "realized_pnl": money(fill.realized_pnl),
        "cause": fill.cause.value,
        "timestamp": fill.filled_at.isoformat(),
    }
    write_diary(
        conn,
        at=fill.filled_at,
        account_id=cycle.account.id,
        kind="fill",
        asset=asset_of(fill.symbol),
        entry=entry,
        cycle_id=cycle.id,
    )
    _tell(conn, cycle, channel="trading-events", kind="fill.booked", payload=entry)


def tell_difference(
    conn: Connection, cycle: Cycle, symbol: str, *, ours: Decimal, venue: Decimal
) -> None:
    """Our record and the venue disagree about a position."""
    entry = {"asset": asset_of(symbol), "ours": money(ours), "venue": money(venue)}
    _story(conn, cycle, kind="reconcile", asset=asset_of(symbol), entry=entry)
    _tell(conn, cycle, channel="trading-events", kind="reconciliation.difference", payload=entry)


def tell_problem(conn: Connection, cycle: Cycle, symbol: str, problem: str) -> None:
    """Market data that must not be traded on: entries of the asset stop for this cycle."""
    entry = {"asset": asset_of(symbol), "problem": problem}
    _story(conn, cycle, kind="market", asset=asset_of(symbol), entry=entry)
    _tell(conn, cycle, channel="trading-events", kind="market.problem", payload=entry)


def tell_exit(conn: Connection, cycle: Cycle, symbol: str, *, code: str, sentence: str) -> None:
    """An exit or a piece of protection that the runtime itself decided."""
    entry = {"asset": asset_of(symbol), "reason": code, "sentence": sentence}
    _story(conn, cycle, kind="exit", asset=asset_of(symbol), entry=entry)
    _tell(conn, cycle, channel="trading-events", kind="exit.decided", payload=entry)


def tell_entry(
    conn: Connection, cycle: Cycle, *, decision_id: UUID, intent_id: UUID, entry: dict[str, Any]
) -> None:
    """An entry with its protection: the diary line of seed 002 section 5.2."""
    write_diary(
        conn,
        at=cycle.as_of,
        account_id=cycle.account.id,
        kind="order",
        asset=entry["asset"],
        entry=entry,
        cycle_id=cycle.id,
        decision_id=decision_id,
        intent_id=intent_id,
    )


def tell_alarm(conn: Connection, cycle: Cycle, symbol: str, sentence: str) -> None:
    """Something that a person has to look at."""
    entry = {"asset": asset_of(symbol), "sentence": sentence}
    _story(conn, cycle, kind="alarm", asset=asset_of(symbol), entry=entry)
    _tell(conn, cycle, channel="trading-events", kind="system.notice", payload=entry)


def tell_equity(conn: Connection, cycle: Cycle, payload: dict[str, Any]) -> None:
    """The account's money after the cycle."""
    _tell(conn, cycle, channel="positions", kind="equity.updated", payload=payload)


def _story(conn: Connection, cycle: Cycle, *, kind: str, asset: str, entry: dict[str, Any]) -> None:
    write_diary(
        conn,
        at=cycle.as_of,
        account_id=cycle.account.id,
        kind=kind,
        asset=asset,
        entry=entry,
        cycle_id=cycle.id,
    )
