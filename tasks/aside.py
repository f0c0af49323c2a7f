"""A cycle beside the account's slots: the operator's flatten, and the look between two cycles.

It has a row in `cycles` and the account's lease like any other, so it never meets a running one. It
needs Postgres and the venue, not Prefect. The market time is the arena's.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Literal
from uuid import uuid4

from adapters.store.accounts import load_account
from adapters.store.cycles import Claim, SlotTaken
from adapters.store.cycles import claim_slot as claim_slot_row
from adapters.store.instruments import load_assets
from adapters.store.permits import load_permit
from tasks import cycle as cycles
from tasks.cycle import Cycle, begin_cycle, why_not_live
from tasks.resources import arena_on, store_engine
from trading.errors import InvalidRecord

_TICK = timedelta(microseconds=1)


async def claim_aside(account_id: str, *, trigger: Literal["manual", "watch"]) -> Cycle | None:
    """Take the account's lease now; None while a cycle of it is running.

    Raises
    ------
    UnknownAccount
        There is no such account.
    InvalidRecord
        No arena has been started, or a live account may not trade here.
    """
    with store_engine().begin() as conn:
        now = datetime.now(UTC)
        arena = arena_on(conn)
        stored = load_account(conn, account_id)
        permit = load_permit(conn, account_id)
        refusal = why_not_live(stored.account, arena, permit)
        if refusal is not None:
            raise InvalidRecord(f"{account_id}: {refusal.sentence}")
        assets = load_assets(conn, arena.market)
        at = arena.market_time(now)
        # Beside the account's own slots, which lie on full seconds: it must not take one of them.
        # While time stands still, an earlier one may have taken the same instant.
        slot = at if at.microsecond else at + _TICK
        cycle_id = uuid4()
        while True:
            claim = claim_slot_row(
                conn,
                cycle_id=cycle_id,
                account_id=account_id,
                slot=slot,
                trigger=trigger,
                flow_run_id=None,
                real_scheduled_at=now,
                config_version=stored.version,
                real_now=now,
                lease_seconds=cycles.LEASE_SECONDS,
            )
            if claim != SlotTaken(reason="slot_claimed"):
                break
            slot += _TICK
    if not isinstance(claim, Claim):
        return None
    return replace(await begin_cycle(claim, stored, arena, assets, slot=slot, at=at), permit=permit)
