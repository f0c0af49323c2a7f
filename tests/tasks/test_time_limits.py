"""Decisions, cycles and processes that do not come to an end are ended, each in its own way."""

from __future__ import annotations

import asyncio
import decimal
import subprocess
import sys
import threading
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tasks import time_limits
from tasks.time_limits import decide_seconds, in_limited_thread, limited_cycle
from trading.arena_clock import ArenaClock
from trading.timeframes import Timeframe

STUCK = """
import asyncio, ctypes, sys
from tasks import time_limits
time_limits.STUCK_SECONDS = 1.0

async def main():
    async with time_limits.limited_cycle():
        await asyncio.sleep(2.5)  # longer than the limit: the loop turns, so nothing happens
        print("alive", flush=True)
        ctypes.PyDLL(None).sleep(60)  # C code that never gives the interpreter back
        print("over", flush=True)

asyncio.run(main())
"""


def clock(speed: float) -> ArenaClock:
    at = datetime(2026, 11, 20, tzinfo=UTC)
    return ArenaClock(real_anchor=at, market_anchor=at, speed=speed)


@pytest.mark.parametrize(
    ("speed", "interval", "seconds"),
    [(1, Timeframe.M5, 30), (1, Timeframe.M1, 30), (3, Timeframe.M1, 10), (60, Timeframe.M5, 10),
     (8, Timeframe.M5, 18.75)],
)  # fmt: skip
def test_a_decision_has_half_the_interval_but_at_most_30_s_and_at_least_10(
    speed: float, interval: Timeframe, seconds: float
) -> None:
    assert decide_seconds(clock(speed), interval) == seconds


async def test_a_call_that_ends_in_time_gives_its_result_computed_as_the_caller_would() -> None:
    with decimal.localcontext() as context:
        context.prec = 5
        assert await in_limited_thread(lambda: Decimal(1) / 3, 10) == Decimal("0.33333")


async def test_a_call_that_raises_raises_for_the_caller() -> None:
    def fail() -> None:
        raise ZeroDivisionError("no candles")

    with pytest.raises(ZeroDivisionError, match="no candles"):
        await in_limited_thread(fail, 10)


async def test_a_call_that_hangs_is_given_up_while_everything_else_goes_on() -> None:
    release = threading.Event()
    beats = 0

    async def beat() -> None:
        nonlocal beats
        while True:
            beats += 1
            await asyncio.sleep(0.01)

    beating = asyncio.create_task(beat())
    with pytest.raises(TimeoutError):
        await in_limited_thread(lambda: release.wait(30), 0.3)
    assert beats > 3
    release.set()
    await asyncio.sleep(0.05)  # its late answer reaches nobody and disturbs nobody
    beating.cancel()


async def test_a_cycle_that_waits_for_ever_is_broken_off_and_says_why(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(time_limits, "CYCLE_SECONDS", 0.1)
    with pytest.raises(TimeoutError, match=r"the cycle took longer than 0\.1 s"):
        async with limited_cycle():
            await asyncio.Event().wait()


async def test_a_time_limit_of_a_step_keeps_its_own_words() -> None:
    with pytest.raises(TimeoutError, match="the venue"):
        async with limited_cycle():
            raise TimeoutError("the venue did not answer")


def test_a_process_that_is_stuck_in_code_without_python_is_ended_and_its_log_says_where() -> None:
    done = subprocess.run(
        [sys.executable, "-c", STUCK], capture_output=True, text=True, timeout=50, check=False
    )
    assert done.returncode == 1
    assert done.stdout == "alive\n"
    assert "Timeout" in done.stderr
    assert "in main" in done.stderr
