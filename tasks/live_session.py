"""A cycle's time at its live venue: opened, closed, and what went wrong there is told. Paper has none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tasks.live_venue import close_live, open_live
from tasks.stopping import note_well, stop_account, tell_setting
from trading.account import Mode
from trading.errors import AccountBarred, SettingRefused

if TYPE_CHECKING:
    from tasks.cycle import Cycle


@asynccontextmanager
async def live_session(cycle: Cycle) -> AsyncIterator[None]:
    """Open the venue for the block; an account that it takes nothing from is paused."""
    if cycle.account.mode is not Mode.LIVE:
        yield
        return
    try:
        await open_live(cycle)
        yield
        note_well(cycle)
    except AccountBarred as error:
        stop_account(cycle, f"the venue takes nothing from it: {error}")
        raise
    except SettingRefused as error:
        tell_setting(cycle, error)
        raise
    finally:
        await close_live(cycle)
