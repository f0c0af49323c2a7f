"""Trades: round trips kept up to date from newly booked fills and funding.

The arithmetic is `trading.trades`; here it is decided which decision a trade belongs to (through
the intent behind the fill's client order id) and why it ended. Amounts are quote.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Row, func, insert, select, update

from adapters.store.documents import clean_text
from adapters.store.tables import decisions, intents
from adapters.store.tables import trades as trades_table
from trading.orders import Fill, FillCause, Leg
from trading.ports import Income, IncomeKind
from trading.positions import Direction
from trading.trades import Trade, apply_fill_to_trade

_FIELDS = tuple(Trade.__dataclass_fields__)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTrade:
    """A trade with the plan it was entered with."""

    id: UUID
    trade: Trade
    decision_id: UUID | None
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    exit_plan: str
    close_reason: str | None
    exit_conditions: tuple[str, ...] = ()
    """Texts of the invalidation language, as they were planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Plan:
    """What the intent behind a fill says; all empty when the order was not ours."""

    leg: Leg | None = None
    exit_code: str | None = None
    decision_id: UUID | None = None
    stop_price: Decimal | None = None
    take_profit_price: Decimal | None = None
    exit_plan: str = ""
    exit_conditions: tuple[str, ...] = ()


def apply_fills_to_trades(
    conn: Connection, account_id: str, fills: Sequence[Fill]
) -> tuple[StoredTrade, ...]:
    """Move the trades by newly booked fills, in their order; the trades that were closed."""
    closed: list[StoredTrade] = []
    for fill in fills:
        before = _open_trade(conn, account_id, fill.symbol)
        plan = _plan_of(conn, account_id, fill.client_order_id)
        ended, going_on = apply_fill_to_trade(before.trade if before else None, fill)
        if ended is not None and before is not None:
            reason = _close_reason(fill, plan, before.close_reason)
            closed.append(_update(conn, before.id, ended, reason))
            before = None
        if going_on is None:
            continue
        if before is None:
            _insert(conn, account_id, going_on, plan)
        else:
            _update(conn, before.id, going_on, before.close_reason)
    return tuple(closed)


def book_funding_on_trades(conn: Connection, account_id: str, income: Sequence[Income]) -> None:
    """Add newly booked funding to the trade that was open at its instant.

    Orders placed at a funding instant fill after it, so a trade opened then does not pay.
    """
    for line in income:
        if line.kind != IncomeKind.FUNDING or line.symbol is None:
            continue
        held = trades_table.c
        holder = (
            select(held.id)
            .where(
                held.account_id == account_id,
                held.symbol == line.symbol,
                held.opened_at <= line.at,
                held.closed_at.is_(None) | (held.closed_at >= line.at),
            )
            .order_by((held.opened_at < line.at).desc(), held.opened_at.desc())
            .limit(1)
        )
        conn.execute(
            update(trades_table)
            .where(held.id == holder.scalar_subquery())
            .values(funding=held.funding + line.amount)
        )


def load_open_trades(conn: Connection, account_id: str) -> tuple[StoredTrade, ...]:
    """Open trades by symbol."""
    query = (
        select(trades_table)
        .where(trades_table.c.account_id == account_id, trades_table.c.status == "open")
        .order_by(trades_table.c.symbol)
    )
    return tuple(stored_trade(row) for row in conn.execute(query))


def set_trade_levels(
    conn: Connection,
    account_id: str,
    symbol: str,
    stop: Decimal | None,
    target: Decimal | None,
    exit_plan: str,
    *,
    exit_conditions: Sequence[str] = (),
) -> bool:
    """Note the levels that protect the open trade; False when none is open.

    Conditions replace those of the plan; without any the plan keeps its own.
    """
    conditions = {"exit_conditions": list(exit_conditions)} if exit_conditions else {}
    return _change_open(
        conn,
        account_id,
        symbol,
        stop_price=stop,
        take_profit_price=target,
        exit_plan=clean_text(exit_plan),
        **conditions,
    )


def set_close_reason(conn: Connection, account_id: str, symbol: str, reason: str) -> bool:
    """Why the open trade is about to be closed by an exit; False when none is open.

    A stop, a target or a liquidation that comes first is named instead.
    """
    return _change_open(conn, account_id, symbol, close_reason=clean_text(reason))


def _open_trade(conn: Connection, account_id: str, symbol: str) -> StoredTrade | None:
    row = conn.execute(
        select(trades_table)
        .where(
            trades_table.c.account_id == account_id,
            trades_table.c.symbol == symbol,
            trades_table.c.status == "open",
        )
        .with_for_update()
    ).one_or_none()
    return None if row is None else stored_trade(row)


def _plan_of(conn: Connection, account_id: str, client_order_id: str) -> _Plan:
    row = conn.execute(
        select(
            intents.c.leg,
            intents.c.exit_code,
            intents.c.decision_id,
            func.coalesce(decisions.c.approved_stop_price, decisions.c.stop_price).label(
                "stop_price"
            ),
            func.coalesce(
                decisions.c.approved_take_profit_price, decisions.c.take_profit_price
            ).label("take_profit_price"),
            decisions.c.exit_plan,
            decisions.c.exit_conditions,
        )
        .join_from(intents, decisions, intents.c.decision_id == decisions.c.id, isouter=True)
        .where(intents.c.account_id == account_id, intents.c.client_order_id == client_order_id)
    ).one_or_none()
    if row is None:
        return _Plan()
    return _Plan(
        leg=Leg(row.leg),
        exit_code=row.exit_code,
        decision_id=row.decision_id,
        stop_price=row.stop_price,
        take_profit_price=row.take_profit_price,
        exit_plan=row.exit_plan or "",
        exit_conditions=tuple(row.exit_conditions or ()),
    )


def _close_reason(fill: Fill, plan: _Plan, announced: str | None) -> str:
    if fill.cause is FillCause.LIQUIDATION:
        return FillCause.LIQUIDATION.value
    if plan.leg in (Leg.STOP, Leg.TARGET):
        return plan.leg.value
    if announced is not None:
        return announced
    # A position that was opened and closed between two reconciliations had no trade to announce it on.
    if plan.exit_code is not None:
        return plan.exit_code
    return "outside" if plan.leg is None else plan.leg.value


def _insert(conn: Connection, account_id: str, trade: Trade, plan: _Plan) -> None:
    conn.execute(
        insert(trades_table).values(
            id=uuid4(),
            account_id=account_id,
            decision_id=plan.decision_id,
            stop_price=plan.stop_price,
            take_profit_price=plan.take_profit_price,
            exit_plan=plan.exit_plan,
            exit_conditions=list(plan.exit_conditions),
            **_columns(trade),
        )
    )


def _update(conn: Connection, trade_id: UUID, trade: Trade, reason: str | None) -> StoredTrade:
    row = conn.execute(
        update(trades_table)
        .where(trades_table.c.id == trade_id)
        .values(close_reason=reason, **_columns(trade))
        .returning(trades_table)
    ).one()
    return stored_trade(row)


def _change_open(conn: Connection, account_id: str, symbol: str, **values: object) -> bool:
    done = conn.execute(
        update(trades_table)
        .where(
            trades_table.c.account_id == account_id,
            trades_table.c.symbol == symbol,
            trades_table.c.status == "open",
        )
        .values(**values)
    )
    return done.rowcount == 1


def _columns(trade: Trade) -> dict[str, Any]:
    values = {name: getattr(trade, name) for name in _FIELDS}
    values["direction"] = trade.direction.value
    values["status"] = "open" if trade.is_open else "closed"
    return values


def stored_trade(row: Row[Any]) -> StoredTrade:
    """The trade back from its row."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["direction"] = Direction(row.direction)
    return StoredTrade(
        id=row.id,
        trade=Trade(**values),
        decision_id=row.decision_id,
        stop_price=row.stop_price,
        take_profit_price=row.take_profit_price,
        exit_plan=row.exit_plan,
        close_reason=row.close_reason,
        exit_conditions=tuple(row.exit_conditions),
    )
