"""`python -m deployments.streams` as a process of its own, on a real Postgres and a sandbox."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.adapters.venues.aster.demo_keys import AGENT_KEY
from tests.arena import start_arena
from tests.live.live_arena import KEY_VARIABLE, LONG, LiveArena
from tests.waiting import until

pytestmark = [pytest.mark.db, pytest.mark.timeout(180)]
ROOT = Path(__file__).parents[3]


def start(url: str | None, folder: Path) -> subprocess.Popen[bytes]:
    environment = {**os.environ, KEY_VARIABLE: AGENT_KEY, "PERPFLOW_HOME": str(folder)}
    environment.pop("DATABASE_URL", None)
    if url is not None:
        environment["DATABASE_URL"] = url
    with (folder / "streams.log").open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "deployments.streams"],
            env=environment,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )


async def until_there(live: LiveArena, sql: str) -> None:
    await until(lambda: live.rows(sql), 60, otherwise=f"there is nothing of: {sql}")


async def test_it_looks_at_a_live_account_keeps_quotes_and_stops_within_five_seconds(
    live: LiveArena, tmp_path: Path
) -> None:
    await live.cycle(LONG)
    process = start(live.engine.url.render_as_string(hide_password=False), tmp_path)
    try:
        await until_there(
            live, "select from app.cycles where trigger = 'watch' and status = 'done'"
        )
        live.sandbox.set_price("BTCUSDT", LONG.stop - 100)
        await until_there(live, "select from app.trades where status = 'closed'")
        await until_there(live, "select from app.quotes where symbol = 'BTCUSDT'")
        await until_there(live, "select from app.candles where timeframe_seconds = 60")
        # The target is cancelled by the same look, after it has booked the close.
        await until(lambda: live.resting == [])
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert await asyncio.to_thread(process.wait, 20) == 0
        assert time.monotonic() - began < 5
    finally:
        process.kill()
    log = (tmp_path / "streams.log").read_text()
    assert "live is followed" in log
    assert "Traceback" not in log
    assert AGENT_KEY[2:] not in log
    assert str(live.user.listen_key) not in log
    live.require_equal_ledgers()


def test_without_a_database_or_on_another_market_it_says_why_and_ends(
    engine, tmp_path: Path
) -> None:
    assert start(None, tmp_path).wait(60) == 3
    start_arena(engine)
    assert start(engine.url.render_as_string(hide_password=False), tmp_path).wait(60) == 3
    log = (tmp_path / "streams.log").read_text()
    assert "missing in the environment: DATABASE_URL" in log
    assert "only AsterDEX has streams to follow" in log
