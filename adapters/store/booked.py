"""What our record of an account has so far, for its venue to complete (`trading.ports.Booked`)."""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy import Connection, func, select

from adapters.store.fills import last_trade_id
from adapters.store.income import last_tran_id
from adapters.store.intents import load_unsettled
from adapters.store.permits import load_permit
from adapters.store.positions import load_positions
from adapters.store.tables import fills, income, intents
from trading.ports import Booked
from trading.units import ZERO

_RECENT_ORDERS = 500
"""Orders of ours that a fill may still belong to; older ones the venue is asked about."""


def load_booked(conn: Connection, account_id: str, *, has_gap: bool = False) -> Booked:
    """The record as it stands in this transaction; `has_gap` as the caller found it."""
    permit = load_permit(conn, account_id)
    return Booked(
        trade_ids=_newest_by_symbol(conn, account_id),
        newest_trade_id=last_trade_id(conn, account_id),
        tran_id=last_tran_id(conn, account_id),
        income_at=conn.scalar(
            select(func.max(income.c.at)).where(income.c.account_id == account_id)
        ),
        wallet=None if permit is None else permit.opening_wallet + booked_change(conn, account_id),
        quantities={
            held.position.symbol: held.position.quantity
            for held in load_positions(conn, account_id)
        },
        orders=_our_orders(conn, account_id),
        unsettled=frozenset(
            stored.intent.request.symbol for stored in load_unsettled(conn, account_id)
        ),
        since=None if permit is None else permit.opened_at,
        has_gap=has_gap,
    )


def booked_change(conn: Connection, account_id: str) -> Decimal:
    """By how much the booked lines moved the wallet: realised - fees + income (quote)."""
    traded = conn.scalar(
        select(func.sum(fills.c.realized_pnl - fills.c.fee)).where(fills.c.account_id == account_id)
    )
    other = conn.scalar(select(func.sum(income.c.amount)).where(income.c.account_id == account_id))
    return (traded or ZERO) + (other or ZERO)


def _newest_by_symbol(conn: Connection, account_id: str) -> dict[str, str]:
    query = (
        select(fills.c.symbol, fills.c.trade_id)
        .where(fills.c.account_id == account_id)
        # A fill that was listed late is booked last and is not the newest.
        .order_by(fills.c.symbol, fills.c.filled_at.desc(), fills.c.sequence.desc())
        .distinct(fills.c.symbol)
    )
    return {row.symbol: row.trade_id for row in conn.execute(query)}


def _our_orders(conn: Connection, account_id: str) -> dict[str, str]:
    query = (
        select(intents.c.venue_order_id, intents.c.client_order_id)
        .where(intents.c.account_id == account_id, intents.c.venue_order_id.is_not(None))
        .order_by(intents.c.real_planned_at.desc())
        .limit(_RECENT_ORDERS)
    )
    return {row.venue_order_id: row.client_order_id for row in conn.execute(query)}
