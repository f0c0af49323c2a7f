"""The paper venue's books in Postgres: one locked row per account, one transaction per change.

State and events are written together or not at all, and checked against each other before the
commit. Database calls run in a thread, so a lock that is waited for does not stop the event loop.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Connection, Engine, Select, Table, delete, select, update
from sqlalchemy.dialects.postgresql import insert

from adapters.store import paper_rows
from adapters.store.errors import StoreError
from adapters.store.in_thread import in_thread
from adapters.store.order_rows import OPEN_STATUSES
from adapters.store.tables import (
    paper_fills,
    paper_income,
    paper_orders,
    paper_positions,
    paper_wallets,
)
from trading.orders import Fill, Order, OrderStatus
from trading.paper_book import BookState, OrderChanged, OrderFilled, VenueEvent
from trading.paper_terms import PaperTerms
from trading.ports import Income

_KEPT_STATUSES = (*OPEN_STATUSES, OrderStatus.PENDING.value)
"""Of the orders that are part of the state: open ones, and exits that wait for their entry."""


_TERMS_OF_THE_RULES = PaperTerms()


def create_paper_wallet(
    conn: Connection,
    account_id: str,
    *,
    wallet: Decimal,
    at: datetime,
    terms: PaperTerms = _TERMS_OF_THE_RULES,
) -> bool:
    """Open the books of an account with `wallet` quote at market time `at`.

    False, and nothing changed, when it has books already.
    """
    state = BookState(wallet=wallet, matched_until=at, fees=terms.fees, execution=terms.execution)
    done = conn.execute(
        insert(paper_wallets)
        .values(account_id=account_id, **paper_rows.wallet_columns(state))
        .on_conflict_do_nothing(index_elements=["account_id"])
        .execution_options(preserve_rowcount=True)
    )
    return done.rowcount == 1


def set_paper_terms(conn: Connection, account_id: str, terms: PaperTerms) -> bool:
    """Costs and fills of a book from now on; False when the account has no book."""
    columns = paper_rows.terms_columns(terms)
    done = conn.execute(
        update(paper_wallets).where(paper_wallets.c.account_id == account_id).values(**columns)
    )
    return done.rowcount == 1


class PostgresPaperBook:
    """`trading.ports.PaperBook` for one account."""

    def __init__(self, engine: Engine, account_id: str) -> None:
        self._engine = engine
        self._account_id = account_id

    async def read(self) -> BookState:
        """The committed state, without a lock, all of one instant. Raises `StoreError`."""

        def load() -> BookState:
            engine = self._engine.execution_options(isolation_level="REPEATABLE READ")
            with engine.connect() as conn:
                return _load_state(conn, self._account_id, lock=False)

        return await in_thread(load)

    @asynccontextmanager
    async def change(self) -> AsyncIterator[PaperChange]:
        """Lock, hand out the state, and commit what was recorded when the block ends well."""
        conn = await in_thread(self._engine.connect)
        try:
            state = await in_thread(_load_state, conn, self._account_id, lock=True)
            change = PaperChange(state)
            yield change
            if change.is_recorded:
                await in_thread(_write, conn, self._account_id, change)
        finally:
            await in_thread(conn.close)  # rolls back whatever was not committed

    async def order_by_client_id(self, client_order_id: str) -> Order | None:
        """The newest order with that id, open or ended."""
        query = (
            select(paper_orders)
            .where(
                paper_orders.c.account_id == self._account_id,
                paper_orders.c.client_order_id == client_order_id,
            )
            .order_by(paper_orders.c.order_id.desc())
            .limit(1)
        )

        def load() -> Order | None:
            with self._engine.connect() as conn:
                row = conn.execute(query).one_or_none()
            return None if row is None else paper_rows.order_of(row)

        return await in_thread(load)

    async def fills_since(self, trade_id: str | None) -> tuple[Fill, ...]:
        """Fills after a trade id (all when None), oldest first."""
        return await in_thread(self._fills_since, trade_id)

    async def income_since(self, tran_id: str | None) -> tuple[Income, ...]:
        """Income lines after a transaction id (all when None), oldest first."""
        return await in_thread(self._income_since, tran_id)

    def _fills_since(self, trade_id: str | None) -> tuple[Fill, ...]:
        query = _of(paper_fills, self._account_id).order_by(paper_fills.c.trade_id)
        if trade_id is not None:
            query = query.where(paper_fills.c.trade_id > int(trade_id))
        with self._engine.connect() as conn:
            return tuple(paper_rows.fill_of(row) for row in conn.execute(query))

    def _income_since(self, tran_id: str | None) -> tuple[Income, ...]:
        query = _of(paper_income, self._account_id).order_by(paper_income.c.tran_id)
        if tran_id is not None:
            query = query.where(paper_income.c.tran_id > int(tran_id))
        with self._engine.connect() as conn:
            return tuple(paper_rows.income_of(row) for row in conn.execute(query))


class PaperChange:
    """`trading.ports.BookChange`: the locked state, and what was recorded over it."""

    def __init__(self, state: BookState) -> None:
        self.before = state
        self._state = state
        self.events: list[VenueEvent] = []
        self.is_recorded = False

    @property
    def state(self) -> BookState:
        """The locked state, or the last one recorded in this change."""
        return self._state

    def record(self, state: BookState, events: Sequence[VenueEvent]) -> None:
        """Replace the state and append what happened."""
        self._state = state
        self.events.extend(events)
        self.is_recorded = True


def _load_state(conn: Connection, account_id: str, *, lock: bool) -> BookState:
    query = _of(paper_wallets, account_id)
    wallet = conn.execute(query.with_for_update() if lock else query).one_or_none()
    if wallet is None:
        raise StoreError(
            f"account {account_id} has no paper wallet; create it with perpflow accounts apply"
        )
    positions = conn.execute(_of(paper_positions, account_id).order_by(paper_positions.c.symbol))
    orders = conn.execute(
        _of(paper_orders, account_id)
        .where(paper_orders.c.status.in_(_KEPT_STATUSES))
        .order_by(paper_orders.c.order_id)
    )
    return paper_rows.book_state(wallet, list(positions), list(orders))


def _write(conn: Connection, account_id: str, change: PaperChange) -> None:
    state = change.state
    _write_events(conn, account_id, change.events)
    before = {**change.before.orders, **change.before.waiting}
    for number, order in (*state.orders.items(), *state.waiting.items()):
        if order != before.get(number):
            _upsert_order(conn, account_id, order)
    _require_same_open_orders(conn, account_id, state)
    conn.execute(delete(paper_positions).where(paper_positions.c.account_id == account_id))
    if state.positions:
        rows = [paper_rows.position_columns(account_id, p) for p in state.positions.values()]
        conn.execute(insert(paper_positions), rows)
    conn.execute(
        update(paper_wallets)
        .where(paper_wallets.c.account_id == account_id)
        .values(**paper_rows.wallet_columns(state))
    )
    conn.commit()


def _write_events(conn: Connection, account_id: str, events: Sequence[VenueEvent]) -> None:
    for event in events:
        if isinstance(event, OrderChanged):
            _upsert_order(conn, account_id, event.order)
        elif isinstance(event, OrderFilled):
            values = paper_rows.paper_fill_columns(account_id, event.fill)
            conn.execute(insert(paper_fills).values(**values))
        else:
            values = paper_rows.income_columns(account_id, event)
            conn.execute(insert(paper_income).values(**values))


def _upsert_order(conn: Connection, account_id: str, order: Order) -> None:
    values = paper_rows.paper_order_columns(account_id, order)
    conn.execute(
        insert(paper_orders)
        .values(**values)
        .on_conflict_do_update(index_elements=["account_id", "order_id"], set_=values)
    )


def _require_same_open_orders(conn: Connection, account_id: str, state: BookState) -> None:
    """An order that left the state without an event would rest in the books for ever."""
    found = conn.execute(
        select(paper_orders.c.order_id).where(
            paper_orders.c.account_id == account_id, paper_orders.c.status.in_(_KEPT_STATUSES)
        )
    )
    stored = {str(order_id) for order_id in found.scalars()}
    kept = {*state.orders, *state.waiting}
    if stored != kept:
        odd = ", ".join(sorted(stored ^ kept))
        raise StoreError(
            f"paper books of {account_id}: state and events disagree about open order(s) {odd}; "
            f"nothing was written"
        )


def _of(table: Table, account_id: str) -> Select[Any]:
    return select(table).where(table.c.account_id == account_id)
