"""A process that opens positions as fast as it can: `python -m tests.tasks.entry_sender ACCOUNT`.

Prints the real instant of each call to the venue, then why the last order was refused.
"""

from __future__ import annotations

import asyncio
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from prefect.logging import disable_run_logger

from adapters.venues.paper.venue import PaperVenue
from tasks import orders
from tasks.cycle import Cycle, claim_slot
from tasks.last_look import OPERATOR_HALT
from tasks.orders import submit
from tests.tasks.wishes import ENTRY
from trading.orders import IntentState, Order, OrderRequest


class Recording(PaperVenue):
    """Notes when it is called, and then is the paper venue."""

    async def submit(self, request: OrderRequest) -> Order:
        sys.stdout.write(f"{datetime.now(UTC).isoformat()}\n")
        sys.stdout.flush()
        return await PaperVenue.submit(self, request)


async def send_until_refused(account_id: str) -> str | None:
    plain = orders.venue_of

    def recording(cycle: Cycle) -> Recording:
        venue = plain(cycle)
        assert isinstance(venue, PaperVenue)
        return Recording(
            book=venue.book, market=venue.market, as_of=venue.as_of, account_id=venue.account_id
        )

    orders.venue_of = recording
    cycle = await claim_slot.fn(account_id)
    assert isinstance(cycle, Cycle)
    reason: str | None = None
    refused = 0
    # Some more tries after the first refusal: a single one could be luck.
    while refused < 20:
        cycle = replace(cycle, slot=cycle.slot + timedelta(milliseconds=1))
        result = await submit(cycle, ENTRY)
        if result.state is IntentState.REFUSED and result.reason == OPERATOR_HALT:
            refused, reason = refused + 1, result.reason
        else:
            refused = 0
    return reason


if __name__ == "__main__":
    with disable_run_logger():
        sys.stdout.write(f"{asyncio.run(send_until_refused(sys.argv[1]))}\n")
