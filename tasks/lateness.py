"""When a cycle is too late to open anything: once the account's next slot has begun (faults L21).

Only the world's prices go on while a cycle works. Any other market stands at the cycle's `as_of` for
it, or a busy machine would decide what the same seed does (ADR 1).
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tasks.cycle import Cycle


def market_time(cycle: Cycle, real: datetime) -> datetime:
    """Market time of the cycle at a real instant."""
    return cycle.arena.clock.market_at(real) if cycle.arena.is_real_time else cycle.as_of


def next_slot(cycle: Cycle) -> datetime:
    """Market time of the account's next decision; this one opens nothing from then on."""
    return cycle.slot + cycle.account.interval.length
