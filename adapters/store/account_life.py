"""How accounts come into the arena, change and leave it, in the caller's transaction.

An account is saved together with its paper wallet, so that none exists without money. One leaves
only when nothing is open and nothing is under way; whoever insists leaves positions to their
resting stops. Its permit to trade live ends with it. Records are never deleted. `at` is market time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, select, text

from adapters.store.accounts import load_account, mark_removed, save_account
from adapters.store.errors import StoreError
from adapters.store.events import emit_event
from adapters.store.intents import load_unsettled
from adapters.store.paper_books import create_paper_wallet, set_paper_terms
from adapters.store.permits import end_permit
from adapters.store.send_gate import bar_gate
from adapters.store.tables import accounts, leases, paper_positions, positions
from trading.account import Account, Mode


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """What still binds an account to the market."""

    account_id: str
    positions: tuple[str, ...]
    """Symbols that are open by the last report, or in the books of the paper venue."""
    unsettled: tuple[str, ...]
    """Client order ids of intents without an end: resting, on their way, or unknown."""
    is_in_cycle: bool
    """A cycle holds the account at this moment."""

    @property
    def sentence(self) -> str:
        """What there is, for a message; empty when there is nothing."""
        parts: list[str] = []
        if self.positions:
            parts.append(f"open positions in {', '.join(self.positions)}")
        if self.unsettled:
            noun = (
                "order that rests or is" if len(self.unsettled) == 1 else "orders that rest or are"
            )
            parts.append(f"{len(self.unsettled)} {noun} on the way")
        if self.is_in_cycle:
            parts.append("a cycle at work")
        return " and ".join(parts)


class StillTied(StoreError):
    """An account cannot leave; `ties` says why."""

    def __init__(self, ties: Sequence[Ties]) -> None:
        listed = "; ".join(f"account {each.account_id} has {each.sentence}" for each in ties)
        super().__init__(f"{listed}; nothing was removed")
        self.ties = tuple(ties)


def put_account(conn: Connection, account: Account, *, at: datetime) -> int:
    """Save an account, a new paper one with its wallet; the version number.

    Raises `StoreError` when initial equity, mode or venue of an existing account would change.
    """
    version = save_account(conn, account)
    if account.mode is Mode.PAPER:
        create_paper_wallet(
            conn, account.id, wallet=account.initial_equity, at=at, terms=account.paper
        )
        set_paper_terms(conn, account.id, account.paper)
    return version


def remove_account(
    conn: Connection, account_id: str, *, keep_positions: bool, at: datetime
) -> Ties:
    """Take an account out of the arena; what it leaves behind.

    No entry can be announced between the look and the commit. A running cycle is never cut off.

    Raises
    ------
    UnknownAccount
        There is no such account, or it has been removed already.
    StillTied
        A cycle is at work, or positions or orders are open and `keep_positions` is false.
    """
    load_account(conn, account_id)
    bar_gate(conn, account_id)
    conn.execute(select(accounts.c.id).where(accounts.c.id == account_id).with_for_update())
    ties = find_ties(conn, account_id)
    require_untied([ties], keep_positions=keep_positions)
    mark_removed(conn, account_id)
    end_permit(conn, account_id, reason="the account was removed")
    tell_account(conn, account_id, "account.removed", {"positions": ties.positions}, at=at)
    return ties


def require_untied(ties: Sequence[Ties], *, keep_positions: bool) -> None:
    """Raises `StillTied` unless all of these accounts may leave."""
    tied = [
        each
        for each in ties
        if each.is_in_cycle or (not keep_positions and (each.positions or each.unsettled))
    ]
    if tied:
        raise StillTied(tied)


def find_ties(conn: Connection, account_id: str) -> Ties:
    """What still binds the account; as of this transaction."""
    held = [
        conn.scalars(select(table.c.symbol).where(table.c.account_id == account_id)).all()
        for table in (positions, paper_positions)
    ]
    in_cycle = conn.scalar(
        select(func.count()).where(
            leases.c.account_id == account_id,
            leases.c.holder.is_not(None),
            leases.c.real_expires_at > text("clock_timestamp()"),
        )
    )
    return Ties(
        account_id=account_id,
        positions=tuple(sorted({symbol for symbols in held for symbol in symbols})),
        unsettled=tuple(
            each.intent.request.client_order_id for each in load_unsettled(conn, account_id)
        ),
        is_in_cycle=bool(in_cycle),
    )


def tell_account(
    conn: Connection, account_id: str, kind: str, payload: dict[str, object], *, at: datetime
) -> None:
    """The event of a change: `account.added`, `account.changed`, `account.removed`."""
    emit_event(conn, at=at, account_id=account_id, channel="system", kind=kind, payload=payload)
