"""How tasks repeat: reads with backoff and jitter, everything that sends never.

Prefect's own default is used for neither, so that each task says which of the two it is.
Results are not persisted and inputs are not hashed: what a cycle knew is in our tables.
"""

from __future__ import annotations

from typing import Any

from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import Task, exponential_backoff
from sqlalchemy.exc import DBAPIError

from trading.errors import SettingRefused, VenueUnavailable

READ_RETRIES = 3


async def is_worth_repeating(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Only faults that pass by themselves: an unreachable venue, a lost database connection."""
    try:
        await state.aresult()
    except SettingRefused:
        return False  # only a person can change it
    except VenueUnavailable:
        return True
    except DBAPIError as error:
        return error.connection_invalidated
    except Exception:  # noqa: BLE001 - any other fault is final, whatever it is
        return False
    return False


READ: dict[str, Any] = {
    "retries": READ_RETRIES,
    "retry_delay_seconds": exponential_backoff(backoff_factor=1),
    "retry_jitter_factor": 0.5,
    "retry_condition_fn": is_worth_repeating,
    "cache_policy": NO_CACHE,
    "persist_result": False,
}
"""For tasks that may run twice without harm."""

ONCE: dict[str, Any] = {"retries": 0, "cache_policy": NO_CACHE, "persist_result": False}
"""For tasks that send orders or claim a slot: an outcome is resolved by query, never by repeating."""
