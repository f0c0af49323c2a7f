"""The market of a slot, read once for all accounts that decide then. See docs/markets.md."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed

from tasks.collect import collect_pass


@flow(name="collect-market", persist_result=False)
async def collect_market() -> State[None]:
    """Announce the pass, wait for the slot, read, store."""
    return Completed(message=await collect_pass())
