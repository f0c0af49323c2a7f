"""The deployment `collect-market/<market>`: one pass at each slot, ahead of the accounts.

Whether there is one is decided by what it saves (docs/markets.md). On a market that every process
computes or reads from files for itself that is about what its own run costs Prefect at a hundred
accounts, and disk; a venue behind a network is always read once for all, because its request weight
is what runs out first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from adapters.store.market_passes import ANNOUNCED_AHEAD
from deployments.left_overs import clear_left_over_runs
from deployments.register import (
    deployments_of,
    interval_schedule,
    is_switched_on,
    job_variables_for,
)
from deployments.schedule import RealSchedule
from trading.timeframes import EPOCH

if TYPE_CHECKING:
    from prefect.client.orchestration import PrefectClient

    from adapters.store.arena import Arena
    from trading.account import Account

MARKET_FLOW = "collect-market"
MARKET_ENTRYPOINT = "flows.collect_market.collect_market"
WORTH_IT_FROM = 100
"""Accounts on a market without a network: about break-even in CPU, see docs/markets.md."""
_OWN_MARKETS = ("simulated", "recorded")
"""Sources that answer without a request to anybody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketDeployment:
    """The collector as it should be."""

    market: str
    schedule: RealSchedule


def collect_every(source: str, accounts: Sequence[Account]) -> timedelta | None:
    """How often the collector comes: with the shortest interval of the accounts, or not at all.

    An account whose slots lie between two passes reads for itself.
    """
    if not accounts or (source in _OWN_MARKETS and len(accounts) < WORTH_IT_FROM):
        return None
    return min(account.interval.length for account in accounts)


def market_deployment(arena: Arena) -> MarketDeployment | None:
    """The collector on the slots of the arena's clock, announced ahead of each; None: no collector."""
    if arena.collect_every is None:
        return None
    interval = arena.clock.real_length(arena.collect_every)
    passed = (arena.clock.market_anchor - EPOCH) // arena.collect_every
    first = EPOCH + (passed + 1) * arena.collect_every
    return MarketDeployment(
        market=arena.market,
        schedule=RealSchedule(
            interval=interval, anchor=arena.clock.real_at(first) - ANNOUNCED_AHEAD
        ),
    )


async def register_market(
    client: PrefectClient,
    wanted: MarketDeployment | None,
    *,
    work_folder: Path,
    pool: str,
    worker_type: str,
    flow: str = MARKET_FLOW,
) -> UUID | None:
    """Make Prefect's collector equal to `wanted`; None takes every collector away."""
    existing = {found.name: found for found in await deployments_of(client, flow)}
    await clear_left_over_runs(client, [found.id for found in existing.values()])
    for name, found in existing.items():
        if wanted is None or name != wanted.market:
            await client.delete_deployment(found.id)
    if wanted is None:
        return None
    switched_on = is_switched_on(existing.get(wanted.market))
    return await client.create_deployment(
        flow_id=await client.create_flow_from_name(flow),
        name=wanted.market,
        description=f"Reads the market {wanted.market} once per slot for all accounts.",
        entrypoint=MARKET_ENTRYPOINT,
        parameters={},
        tags=["perpflow", "market"],
        work_pool_name=pool,
        job_variables=job_variables_for(work_folder, worker_type),
        schedules=[interval_schedule(wanted.schedule, active=switched_on)],
    )
