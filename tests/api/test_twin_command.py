"""`perpflow accounts twin` against the API as it runs in life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from cli.accounts.twin import pair_lines
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.local_api import fetch
from tests.api.twin_seeding import seed_pair


async def test_the_command_shows_what_the_api_answers_and_repeats_its_refusal(
    server: Callable[..., Any], engine: Engine
) -> None:
    with engine.begin() as conn:
        seed_pair(conn)
    async with server() as address:
        url = f"http://{address}"
        found = await asyncio.to_thread(fetch, url, "/api/v1/accounts/real/twin")
        with pytest.raises(CommandFailed, match="'momentum' has no twin and is none") as refused:
            await asyncio.to_thread(fetch, url, "/api/v1/accounts/momentum/twin")
    lines = {line[0]: line[1:] for line in pair_lines(found)}
    assert lines["equity"] == ("10,144.00", "5,090.00")
    assert lines["orders filled"][0] == "66.7 % (2 of 3)"
    assert refused.value.code == ExitCode.REFUSED
