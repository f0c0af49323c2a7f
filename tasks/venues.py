"""The venue that a step of a cycle talks to: the paper one, or the live one that the cycle opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.live_venue import live_venue
from tasks.resources import paper_venue_of
from trading.account import Mode
from trading.ports import Venue

if TYPE_CHECKING:
    from tasks.cycle import Cycle


def venue_of(cycle: Cycle) -> Venue:
    """The venue of the cycle's account; one for all steps."""
    return live_venue(cycle) if cycle.account.mode is Mode.LIVE else paper_venue_of(cycle)
