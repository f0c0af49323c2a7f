"""A cycle: one account, one slot, one lease.

The slot row and the lease in Postgres decide who may work, not Prefect's concurrency. A cycle of a
simulated or recorded market is computed as of its slot, so the same seed gives the same result
however late the process starts; a run later than half its interval is skipped with its reason.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

from prefect import get_run_logger, task
from prefect.context import FlowRunContext
from sqlalchemy.exc import DBAPIError

from adapters.store.accounts import StoredAccount, is_removed, load_account
from adapters.store.arena import Arena
from adapters.store.cycles import (
    Claim,
    finish_cycle,
    record_skipped,
    release_lease,
    renew_lease,
)
from adapters.store.cycles import (
    claim_slot as claim_slot_row,
)
from adapters.store.instruments import Assets, load_assets
from adapters.store.paper_books import PostgresPaperBook
from adapters.store.permits import Permit, load_permit
from adapters.venues.aster.market_name import market_name
from tasks.live_session import live_session
from tasks.options import ONCE
from tasks.resources import arena_on, store_engine
from tasks.run_log import run_log
from trading.account import Account, AccountStatus, Mode, OperatorState, TradingState
from trading.errors import LeaseLost
from trading.timeframes import floor_instant

LEASE_SECONDS = 60
"""A killed run frees its account after this long (faults R33)."""
RENEW_SECONDS = 20
LATEST_IN_REAL_TIME = timedelta(minutes=4)
"""A live price is taken for an instant of the last five minutes (AsterDEX as a market)."""
_LONGEST_REASON = 2_000
"""Characters; an error may quote what it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cycle:
    """What every step of a cycle needs to know."""

    id: UUID
    account: Account
    config_version: int
    trading_state: TradingState
    peak_equity: Decimal | None
    arena: Arena
    assets: Assets
    """Of the arena's market: the asset behind each symbol, for diary, events and sentences."""
    slot: datetime
    as_of: datetime
    """Market time of everything the cycle reads and does."""
    lease_token: int
    permit: Permit | None = None
    """Of a live account: the operator's word that it may trade real money."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Why a run did nothing: `code` for machines, `sentence` for people."""

    code: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Call:
    """How the run was started."""

    trigger: str
    scheduled_at: datetime
    flow_run_id: str | None


def _read_call(now: datetime) -> _Call:
    context = FlowRunContext.get()
    run = context.flow_run if context else None
    if run is None:
        return _Call(trigger="manual", scheduled_at=now, flow_run_id=None)
    scheduled = run.expected_start_time
    return _Call(
        trigger="schedule" if run.auto_scheduled else "manual",
        scheduled_at=now if scheduled is None else scheduled.astimezone(UTC),
        flow_run_id=str(run.id),
    )


def slot_of(arena: Arena, account: Account, call_trigger: str, scheduled_at: datetime) -> datetime:
    """Market time that a run stands for.

    Scheduled runs fall on a multiple of the interval (to the nearest, since real instants are
    rounded to microseconds); a run by hand stands for the second in which it was asked for.
    """
    market = arena.clock.market_at(scheduled_at)
    if call_trigger == "manual":
        return floor_instant(market, timedelta(seconds=1))
    half = account.interval.length / 2
    return floor_instant(market + half, account.interval.length)


def _why_skip(stored: StoredAccount, arena: Arena, slot: datetime, now: datetime) -> Skip | None:
    if stored.status is not AccountStatus.ACTIVE:
        return Skip(code="account_" + stored.status, sentence=f"the account is {stored.status}")
    if arena.clock.ends_at is not None and slot >= arena.clock.ends_at:
        return Skip(
            code="market_ended",
            sentence=f"the recorded market ended at {arena.clock.ends_at:%Y-%m-%d %H:%M} UTC",
        )
    late = arena.clock.market_at(now) - slot
    if late > stored.account.interval.length / 2:
        return Skip(
            code="late",
            sentence=f"the run started {late} of market time after its slot,"
            f" more than half of the {stored.account.interval} interval",
        )
    if arena.is_real_time and late > LATEST_IN_REAL_TIME:
        return Skip(
            code="late",
            sentence=f"the run started {late} after its slot, and the venue tells only prices of now",
        )
    return None


def why_not_live(account: Account, arena: Arena, permit: Permit | None) -> Skip | None:
    """Why an account that is meant to trade real money may not, if it is such an account."""
    if account.mode is not Mode.LIVE:
        return None
    keys = account.venue_keys
    if keys is None or market_name(keys.network, keys.base_url) != arena.market:
        network = "mainnet" if keys is None else keys.network
        return Skip(
            code="other_market",
            sentence=f"the account trades AsterDEX {network}, and this arena is on the market"
            f" {arena.market}; start one with perpflow up --market aster --network {network}",
        )
    if permit is None:
        return Skip(
            code="not_permitted",
            sentence="the account is not permitted to trade real money; run:"
            f" perpflow accounts go-live {account.id}",
        )
    return None


@task(name="claim_slot", **ONCE)
async def claim_slot(account_id: str) -> Cycle | Skip:
    """Take the slot and the lease of the account, or say why not; every slot leaves a row."""
    log = get_run_logger()
    now = datetime.now(UTC)
    call = _read_call(now)

    with store_engine().begin() as conn:
        arena = arena_on(conn)
        if is_removed(conn, account_id):
            # The run was handed over before the account was taken away.
            log.info("%s skips its slot: the account was removed.", account_id)
            return Skip(code="account_removed", sentence="the account was removed")
        stored = load_account(conn, account_id)
        assets = load_assets(conn, arena.market)
        slot = slot_of(arena, stored.account, call.trigger, call.scheduled_at)
        permit = load_permit(conn, account_id)
        skip = _why_skip(stored, arena, slot, now) or why_not_live(stored.account, arena, permit)
        cycle_id = uuid4()
        if skip is None:
            claim = claim_slot_row(
                conn,
                cycle_id=cycle_id,
                account_id=account_id,
                slot=slot,
                trigger=call.trigger,
                flow_run_id=call.flow_run_id,
                real_scheduled_at=call.scheduled_at,
                config_version=stored.version,
                real_now=now,
                lease_seconds=LEASE_SECONDS,
            )
            if not isinstance(claim, Claim):
                skip = Skip(code=claim.reason, sentence=_TAKEN[claim.reason])
        if skip is not None:
            record_skipped(
                conn,
                account_id=account_id,
                slot=slot,
                trigger=call.trigger,
                reason=f"{skip.code}: {skip.sentence}",
                flow_run_id=call.flow_run_id,
                real_scheduled_at=call.scheduled_at,
                config_version=stored.version,
                real_now=now,
            )
    if skip is not None:
        log.info("%s skips slot %s: %s.", account_id, f"{slot:%Y-%m-%d %H:%M:%S}", skip.sentence)
        return skip
    cycle = await begin_cycle(claim, stored, arena, assets, slot=slot, at=slot)
    cycle = replace(cycle, permit=permit)
    log.info(
        "%s takes slot %s UTC of market %s with lease %d (cycle %s).",
        account_id, f"{slot:%Y-%m-%d %H:%M:%S}", arena.market, cycle.lease_token, cycle.id,
    )  # fmt: skip
    if stored.operator_state is OperatorState.HALTED:
        log.warning("%s is halted by the operator: it may only reduce.", account_id)
    return cycle


async def begin_cycle(
    claim: Claim,
    stored: StoredAccount,
    arena: Arena,
    assets: Assets,
    *,
    slot: datetime,
    at: datetime,
) -> Cycle:
    """The cycle of a claimed slot, as of `at` or of the instant up to which the venue has matched."""
    if stored.account.mode is Mode.PAPER:
        book = PostgresPaperBook(store_engine(), stored.account.id)
        at = max(at, (await book.read()).matched_until)
    return Cycle(
        id=claim.cycle_id,
        account=stored.account,
        config_version=stored.version,
        trading_state=stored.trading_state,
        peak_equity=stored.peak_equity,
        arena=arena,
        assets=assets,
        slot=slot,
        as_of=at,
        lease_token=claim.token,
    )


_TAKEN = {
    "slot_claimed": "another run already did this slot",
    "already_running": "another run of this account is still working",
}


@asynccontextmanager
async def holding_lease(cycle: Cycle) -> AsyncIterator[None]:
    """Renew the lease while the steps run, then record how the cycle ended and free the account."""
    renewing = asyncio.create_task(_renew(cycle))
    status, reason = "failed", "interrupted: the run was stopped from outside"
    try:
        async with live_session(cycle):
            yield
        status, reason = "done", None
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        raise
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing
        with store_engine().begin() as conn:
            now = datetime.now(UTC)
            finish_cycle(conn, cycle.id, status=status, reason=reason, real_now=now)
            release_lease(conn, cycle.account.id, cycle.lease_token)


async def _renew(cycle: Cycle) -> None:
    """Until cancelled, or until the account belongs to another run: every send asks for itself."""
    while True:
        await asyncio.sleep(RENEW_SECONDS)
        try:
            with store_engine().begin() as conn:
                renew_lease(
                    conn,
                    cycle.account.id,
                    cycle.lease_token,
                    real_now=datetime.now(UTC),
                    lease_seconds=LEASE_SECONDS,
                )
        except LeaseLost as lost:
            run_log().warning("%s: %s.", cycle.account.id, lost)
            return
        except DBAPIError as error:
            # The lease outlasts two renewals that fail; a database that stays away ends the cycle.
            run_log().warning(
                "%s: the lease could not be renewed: %s", cycle.account.id, error.orig
            )
