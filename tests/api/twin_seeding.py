"""A live account and its twin with a past that is small enough to compute every figure by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, insert, text, update

from adapters.store.accounts import save_account
from adapters.store.partitions import ensure_partitions
from adapters.store.tables import diary, equity_snapshots, fills, intents, trades
from tests.api.seeding import (
    START,
    STEP,
    add_cycle,
    add_decision,
    add_position,
    add_snapshots,
    make_account,
    seed_arena,
)
from trading.account import Account, Mode, VenueKeys
from trading.decision.twin_account import TwinWish, build_twin
from trading.paper_terms import PaperTerms

LIVE = replace(
    make_account("real", "Momentum real"),
    strategy="momentum",
    mode=Mode.LIVE,
    venue="aster",
    venue_keys=VenueKeys(private_key="env:KEY"),
)
WISH = TwinWish(id="real-paper", name=None, initial_equity=Decimal(5_000), paper=PaperTerms())
TWIN = build_twin(WISH, LIVE)


def add_pair(conn: Connection, *, live: Account = LIVE) -> None:
    """Both accounts without a past; the live one began with 10,000."""
    save_account(conn, live)
    save_account(conn, build_twin(WISH, live))


def add_equity(
    conn: Connection, account_id: str, *equities: float, first: datetime = START
) -> None:
    add_snapshots(conn, account_id, [Decimal(str(each)) for each in equities], first=first)


def set_flow(conn: Connection, account_id: str, since: datetime, amount: int) -> None:
    """Everything from an instant on shows a deposit."""
    columns = equity_snapshots.c
    conn.execute(
        update(equity_snapshots)
        .where(columns.account_id == account_id, columns.at >= since)
        .values(transfers=Decimal(amount))
    )


def add_entry(
    conn: Connection,
    slot: datetime,
    *,
    action: str = "buy",
    live: tuple[str, str] | None,
    paper: tuple[str, str] | None,
    symbol: str = "BTCUSDT",
    reference: str = "60000",
) -> None:
    """One decision of both, and what its entry got: (price, quantity), None for nothing."""
    original: UUID | None = None
    for account_id, got in ((LIVE.id, live), (TWIN.id, paper)):
        cycle_id = add_cycle(conn, account_id, slot, real_at=datetime.now(UTC))
        decision_id = add_decision(
            conn, account_id, cycle_id, symbol, slot, action=action, twin_decision_id=original
        )
        add_order_sent(
            conn,
            account_id,
            cycle_id,
            slot,
            symbol=symbol,
            side=action,
            decision_id=decision_id,
            state="filled" if got else "refused",
            reference_price=Decimal(reference),
            got=got,
        )
        original = decision_id


def add_order_sent(
    conn: Connection,
    account_id: str,
    cycle_id: UUID,
    slot: datetime,
    *,
    leg: str = "entry",
    state: str = "filled",
    got: tuple[str, str] | None = None,
    symbol: str = "BTCUSDT",
    side: str = "buy",
    **values: Any,
) -> None:
    """An order that was sent, with one fill of (price, quantity)."""
    name = f"{account_id}-{slot:%H%M}-{leg}-{conn.scalar(text('select count(*) from app.intents'))}"
    conn.execute(
        insert(intents).values(
            id=uuid4(),
            account_id=account_id,
            cycle_id=cycle_id,
            slot=slot,
            symbol=symbol,
            leg=leg,
            attempt=conn.scalar(text("select count(*) + 1 from app.intents")),
            client_order_id=name[:36],
            side=side,
            order_type="market",
            quantity=Decimal(1),
            reduce_only=leg != "entry",
            state=state,
            lease_token=1,
            **{"venue_order_id": name, "real_sent_at": datetime.now(UTC), **values},
        )
    )
    if got is not None:
        price, quantity = got
        number = conn.scalar(text("select count(*) from app.fills"))
        conn.execute(
            insert(fills).values(
                account_id=account_id,
                symbol=symbol,
                trade_id=f"t{number}",
                sequence=number,
                venue_order_id=name,
                client_order_id=name[:36],
                side=side,
                quantity=Decimal(quantity),
                price=Decimal(price),
                fee=0,
                realized_pnl=0,
                is_maker=False,
                cause="order",
                filled_at=slot,
            )
        )


def add_difference(conn: Connection, at: datetime) -> None:
    """A line that says that our record and the venue disagreed."""
    ensure_partitions(conn, diary, at, at)
    conn.execute(
        insert(diary).values(
            at=at,
            account_id=LIVE.id,
            kind="reconcile",
            asset="BTC",
            entry={"asset": "BTC", "ours": "1", "venue": "0"},
        )
    )


def seed_pair(conn: Connection) -> datetime:
    """The seeded arena, and a pair in it with entries, exits and a frozen asset."""
    now = seed_arena(conn, hours=6)
    add_pair(conn)
    steps = int((now - START) / STEP) + 1
    add_equity(conn, LIVE.id, *(10_000 + 2 * n for n in range(steps)))
    add_equity(conn, TWIN.id, *(5_000 + 1.25 * n for n in range(steps)))
    newest = now - 4 * STEP
    add_entry(conn, newest, live=("60096", "0.02"), paper=("60030", "0.01"))
    add_entry(conn, newest + STEP, action="sell", live=("59990", "0.02"), paper=("59970", "0.01"))
    add_entry(conn, newest + 2 * STEP, live=None, paper=("60030", "0.01"))
    add_position(conn, LIVE.id, "BTCUSDT", at=now)
    conn.execute(
        update(trades)
        .where(trades.c.account_id == LIVE.id, trades.c.status == "open")
        .values(open_quantity=Decimal("0.01"))
    )
    add_difference(conn, now - timedelta(hours=1))
    return now
