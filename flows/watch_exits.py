"""What is held is looked at once a minute, between the cycles. See docs/aster.md, Streams."""

from __future__ import annotations

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from tasks.watch_round import watch_accounts


@flow(name="watch-exits", persist_result=False)
async def watch_exits() -> State[None]:
    """Book what the venue did, act on levels that were passed, give positions their stops."""
    done = await watch_accounts()
    return (Failed if done.failed else Completed)(message=done.sentence)
