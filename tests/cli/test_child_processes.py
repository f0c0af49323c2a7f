"""Children of an arena: started apart, found by their mark, ended without a trace."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from cli.up.logs import MAX_LOG_BYTES, older
from cli.up.parts import Part, PartCommand
from cli.up.processes import kill, marked
from tests.waiting import wait_until

RUN = f"test-{os.getpid()}"
STUBBORN = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
print("up", flush=True)
time.sleep(60)
"""


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Part]]:
    def started(code: str, *, grace: float = 5.0, name: str = "part") -> Part:
        command = PartCommand(
            name=name,
            arguments=[sys.executable, "-c", code],
            environment=dict(os.environ),
            grace_seconds=grace,
        )
        return Part(command, run_id=RUN, folder=tmp_path, logs=tmp_path / "logs")

    yield started
    kill(marked(RUN))


def test_a_part_is_asked_to_stop_first(start: Callable[..., Part]) -> None:
    part = start(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('bye', flush=True), sys.exit(3)))\n"
        "print('up', flush=True)\n"
        "time.sleep(60)\n"
    )
    wait_until(lambda: "up" in part.last_lines())

    part.stop()

    assert part.status == 3
    assert part.last_lines().splitlines() == ["up", "bye"]


def test_a_part_that_ignores_us_is_killed_with_everything_it_started(
    start: Callable[..., Part],
) -> None:
    part = start(STUBBORN, grace=0.3)
    wait_until(lambda: "up" in part.last_lines())
    assert len(marked(RUN)) == 2

    part.stop()

    assert part.status == -signal.SIGKILL
    assert marked(RUN) == []


def test_what_a_dead_part_left_running_is_found_and_only_that(start: Callable[..., Part]) -> None:
    part = start(STUBBORN, name="worker")
    other = start("import time; time.sleep(60)", name="api")
    wait_until(lambda: "up" in part.last_lines())
    os.kill(part.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while part.status is None and time.monotonic() < deadline:
        time.sleep(0.02)

    [orphan] = marked(RUN, "worker")

    assert orphan.pid not in (part.pid, other.pid)
    assert [process.pid for process in marked(RUN, "api")] == [other.pid]
    assert marked("another-run") == []


def test_ctrl_c_in_the_terminal_does_not_reach_a_part(start: Callable[..., Part]) -> None:
    part = start("import time; time.sleep(60)")

    assert os.getsid(part.pid) == part.pid != os.getsid(0)
    assert psutil.Process(part.pid).is_running()


def test_a_log_that_grew_too_long_is_set_aside_at_the_next_start(
    start: Callable[..., Part], tmp_path: Path
) -> None:
    log = tmp_path / "logs" / "part.log"
    log.parent.mkdir()
    log.write_bytes(b"x" * (MAX_LOG_BYTES + 1))

    part = start("print('fresh')")
    wait_until(lambda: "fresh" in part.last_lines())

    assert log.read_text() == "fresh\n"
    assert older(log, 1).stat().st_size == MAX_LOG_BYTES + 1
