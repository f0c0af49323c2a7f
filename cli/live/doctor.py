"""`perpflow doctor --account ID`: the checks of one account at its venue. Nothing is changed there."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import TYPE_CHECKING

from cli.doctor.checks import Result, Verdict
from cli.live.steps_here import arena_with_steps, use_prefect_of

if TYPE_CHECKING:
    from adapters.config.settings import Settings


def examine_account(
    settings: Settings, environ: Mapping[str, str], account_id: str
) -> tuple[Result, ...]:
    """One line for each question. Raises `CommandFailed`."""
    use_prefect_of(settings)
    with arena_with_steps(settings, application="perpflow-doctor") as database:
        from cli.live.examination import examine, find_candidate

        candidate = find_candidate(database.engine, account_id, environ)
        if candidate.account.venue_keys is None:
            text = f"account {account_id} trades on paper and names no keys of a venue"
            return (Result(name="keys", verdict=Verdict.SKIP, text=text),)
        return asyncio.run(examine(database.engine, candidate)).results
