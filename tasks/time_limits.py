"""How long a cycle and its decision may take, so that one that hangs holds no place for ever.

Three limits, in real seconds. A decision that is late fails its cycle in good order. A cycle that
waits for something else for too long is broken off. And where the whole process is stuck (code that
never gives the interpreter back), the process is ended from outside Python; its lease runs out, and
the next cycle resolves what was left.
"""

from __future__ import annotations

import asyncio
import contextvars
import faulthandler
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import TypeVar

from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

Result = TypeVar("Result")

DECIDE_SECONDS = 30.0
"""NFR-001: a decision comes within 30 s."""
SHORTEST_DECIDE_SECONDS = 10.0
"""However fast the arena's clock: a busy machine is not a hanging strategy."""
CYCLE_SECONDS = 240.0
"""Below the shortest interval in real use, 5 minutes. Every single wait inside has its own limit."""
STUCK_SECONDS = 60.0
"""As long as a lease lasts: a process that is stuck longer has lost its account anyway."""
_BEATS = 4


def decide_seconds(clock: ArenaClock, interval: Timeframe) -> float:
    """Half the account's real interval, since a later decision is stale, within the bounds above."""
    half = clock.real_length(interval.length) / 2 / timedelta(seconds=1)
    return min(DECIDE_SECONDS, max(SHORTEST_DECIDE_SECONDS, half))


async def in_limited_thread(call: Callable[[], Result], seconds: float) -> Result:
    """The result of a call that computes only; raises `TimeoutError` when it takes longer.

    Its thread cannot be stopped: it is left behind, and ends with the process. So the process has
    to end after the failed cycle, as flow runs that raise do.
    """
    loop = asyncio.get_running_loop()
    outcome: asyncio.Future[Result] = loop.create_future()
    # Of the caller, so that decimals are computed in the same way as everywhere else.
    context = contextvars.copy_context()

    def work() -> None:
        try:
            result = context.run(call)
        except BaseException as error:  # noqa: BLE001 - whatever it is, the caller has to hear it
            _tell(loop, outcome, error)
        else:
            _tell(loop, outcome, None, result)

    threading.Thread(target=work, name="decision", daemon=True).start()
    async with asyncio.timeout(seconds):
        return await outcome


def _tell(
    loop: asyncio.AbstractEventLoop,
    outcome: asyncio.Future[Result],
    error: BaseException | None,
    result: Result | None = None,
) -> None:
    def settle() -> None:
        if outcome.done():
            return  # the caller has given up
        if error is None:
            outcome.set_result(result)  # pyright: ignore[reportArgumentType] - there is one where there is no error
        else:
            outcome.set_exception(error)

    with suppress(RuntimeError):  # the loop has been closed: nobody waits any more
        loop.call_soon_threadsafe(settle)


@asynccontextmanager
async def limited_cycle() -> AsyncIterator[None]:
    """Raises `TimeoutError` after `CYCLE_SECONDS`; ends a process that is stuck.

    Only for processes that do nothing but flow runs.
    """
    beating = asyncio.create_task(_beat(STUCK_SECONDS))
    limit = asyncio.timeout(CYCLE_SECONDS)
    try:
        async with limit:
            yield
    except TimeoutError as error:
        if not limit.expired():
            raise  # of one of the steps
        raise TimeoutError(f"the cycle took longer than {CYCLE_SECONDS:g} s") from error
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _beat(seconds: float) -> None:
    """Put off the end of the process for as long as the event loop turns.

    The timer is a thread without Python in it, so it works while other code holds the interpreter;
    it writes to the log where every thread was stuck.
    """
    try:
        while True:
            faulthandler.dump_traceback_later(seconds, exit=True, file=sys.__stderr__)
            await asyncio.sleep(seconds / _BEATS)
    finally:
        faulthandler.cancel_dump_traceback_later()
