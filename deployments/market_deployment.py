"""The deployment `collect-market/<market>`: one pass at each slot, ahead of the accounts.

Whether there is one is decided by what it saves (docs/markets.md). On a market that every process
computes or reads from files for itself that is about what its own run costs Prefect at a hundred
accounts, and disk; a venue behind a network is always read once for all, because its request weight
is what runs out first.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from adapters.store.market_passes import ANNOUNCED_AHEAD
from deployments.schedule import RealSchedule
from deployments.single_deployment import SingleDeployment
from trading.timeframes import EPOCH

if TYPE_CHECKING:
    from adapters.store.arena import Arena
    from trading.account import Account

MARKET_FLOW = "collect-market"
MARKET_ENTRYPOINT = "flows.collect_market.collect_market"
WORTH_IT_FROM = 100
"""Accounts on a market without a network: about break-even in CPU, see docs/markets.md."""
_OWN_MARKETS = ("simulated", "recorded")
"""Sources that answer without a request to anybody."""


def collect_every(source: str, accounts: Sequence[Account]) -> timedelta | None:
    """How often the collector comes: with the shortest interval of the accounts, or not at all.

    An account whose slots lie between two passes reads for itself.
    """
    if not accounts or (source in _OWN_MARKETS and len(accounts) < WORTH_IT_FROM):
        return None
    return min(account.interval.length for account in accounts)


def market_deployment(arena: Arena) -> SingleDeployment | None:
    """The collector on the slots of the arena's clock, announced ahead of each; None: no collector."""
    if arena.collect_every is None:
        return None
    interval = arena.clock.real_length(arena.collect_every)
    passed = (arena.clock.market_anchor - EPOCH) // arena.collect_every
    first = EPOCH + (passed + 1) * arena.collect_every
    return SingleDeployment(
        name=arena.market,
        description=f"Reads the market {arena.market} once per slot for all accounts.",
        entrypoint=MARKET_ENTRYPOINT,
        tag="market",
        schedule=RealSchedule(
            interval=interval, anchor=arena.clock.real_at(first) - ANNOUNCED_AHEAD
        ),
    )
