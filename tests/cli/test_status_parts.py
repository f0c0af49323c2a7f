"""`perpflow status` from the record alone: whatever is dead, there is an answer and an exit code."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import psutil
import pytest

from cli.exit_codes import ExitCode
from cli.up.processes import PART_VARIABLE, RUN_VARIABLE
from cli.up.record import LOCK_FILE, PartRecord, RunRecord, load_record, save_record
from tests.cli.conftest import Ended
from tests.ports import free_port

Perpflow = Callable[..., Ended]
RUN = f"status-{os.getpid()}"
LEADERBOARD = {
    "totals": {
        "equity": "50000",
        "total_return": 0.0,
        "change_24h": None,
        "open_positions": 0,
        "gross_exposure": "0",
        "btc_hold": None,
    },
    "items": [],
}


class Arena:
    """A record of an arena, with a process for each part and something that answers its addresses."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.parts: list[PartRecord] = []
        self._stack = ExitStack()
        home.mkdir()

    def __enter__(self) -> Arena:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._stack.close()

    def lock(self) -> None:
        file = self._stack.enter_context((self.home / LOCK_FILE).open("a"))
        fcntl.flock(file, fcntl.LOCK_EX)

    def answer(self) -> None:
        server = ThreadingHTTPServer(("127.0.0.1", self.port), Answers)
        Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        self._stack.callback(server.server_close)
        self._stack.callback(server.shutdown)

    def part(
        self, name: str, *, state: str = "running", failure: str = "", restarts: int = 0
    ) -> int:
        process = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(60)"],
            env={**os.environ, RUN_VARIABLE: RUN, PART_VARIABLE: name},
        )
        self._stack.callback(process.wait)
        self._stack.callback(process.kill)
        self.parts.append(
            PartRecord(
                name=name,
                pid=process.pid,
                state=state,
                since=time.time(),
                restarts=restarts,
                log=str(self.home / "logs" / f"{name}.log"),
                last_failure=failure,
            )
        )
        self.save()
        return process.pid

    def save(self) -> RunRecord:
        address = f"http://127.0.0.1:{self.port}"
        record = RunRecord(
            run_id=RUN,
            pid=os.getpid(),
            create_time=psutil.Process().create_time(),
            url=address,
            prefect_url=address,
            parts=tuple(self.parts),
        )
        save_record(self.home, record)
        return record


class Answers(BaseHTTPRequestHandler):
    """Both addresses: `/api/health` and `/api/v1/leaderboard`."""

    def do_GET(self) -> None:
        body = json.dumps(LEADERBOARD).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *arguments: object) -> None:
        return


@pytest.fixture
def arena(home: Path) -> Iterator[Arena]:
    with Arena(home) as made:
        yield made


def status(perpflow: Perpflow) -> tuple[int, dict]:
    ended = perpflow("status", "--json")
    return ended.code, json.loads(ended.stdout)


def test_a_record_is_read_as_it_was_written(arena: Arena) -> None:
    arena.part("api")

    assert load_record(arena.home) == arena.save()


def test_when_all_is_well_the_code_is_zero_and_every_part_is_described(
    perpflow: Perpflow, arena: Arena
) -> None:
    arena.lock()
    arena.answer()
    pid = arena.part("worker", restarts=2)

    code, found = status(perpflow)

    assert code == ExitCode.DONE
    assert (found["healthy"], found["problems"]) == (True, [])
    (part,) = found["parts"]
    assert (part["name"], part["pid"], part["state"], part["restarts"]) == (
        "worker",
        pid,
        "running",
        2,
    )
    assert part["log"].endswith("logs/worker.log")
    assert 1_000_000 < part["memory_bytes"] < 200_000_000
    assert found["supervisor"]["pid"] == os.getpid()
    assert found["totals"]["equity"] == "50000"


def test_without_the_api_the_parts_are_shown_and_what_is_missing_is_said(
    perpflow: Perpflow, arena: Arena
) -> None:
    arena.lock()
    arena.part("worker")
    arena.part("api", state="restarting", failure="was killed by SIGSEGV (11)", restarts=3)

    code, found = status(perpflow)

    assert code == ExitCode.FAILED
    assert found["totals"] is None
    problems = "\n".join(found["problems"])
    assert f"the API does not answer at http://127.0.0.1:{arena.port}" in problems
    assert "Prefect does not answer" in problems
    assert "api is restarting (api was killed by SIGSEGV (11)); its log:" in problems


def test_the_screen_without_the_api_has_a_row_for_each_part(
    perpflow: Perpflow, arena: Arena
) -> None:
    arena.lock()
    pid = arena.part("postgres")

    ended = perpflow("status")

    assert ended.code == ExitCode.FAILED
    assert "no figures while the API is away" in ended.stdout
    (row,) = [line for line in ended.stdout.splitlines() if "postgres" in line]
    assert str(pid) in row
    assert "running" in row
    assert "MB" in row


def test_a_part_whose_process_is_gone_is_not_called_running(
    perpflow: Perpflow, arena: Arena
) -> None:
    arena.lock()
    arena.answer()
    pid = arena.part("control")
    psutil.Process(pid).kill()
    psutil.Process(pid).wait()

    code, found = status(perpflow)

    assert code == ExitCode.FAILED
    assert found["parts"][0]["state"] == "gone"
    assert found["parts"][0]["pid"] is None


def test_a_stranger_with_a_recycled_process_id_is_no_part(perpflow: Perpflow, arena: Arena) -> None:
    arena.lock()
    arena.answer()
    arena.part("control")
    (part,) = arena.parts
    arena.parts = [PartRecord(**{**_fields(part), "since": time.time() - 3600})]
    arena.save()

    _, found = status(perpflow)

    assert found["parts"][0]["state"] == "gone"


def test_after_up_was_killed_its_parts_are_shown_with_the_way_out(
    perpflow: Perpflow, arena: Arena
) -> None:
    arena.answer()
    arena.part("worker")

    code, found = status(perpflow)

    assert code == ExitCode.FAILED
    (problem,) = found["problems"]
    assert "perpflow up (process" in problem
    assert "was killed: nothing restarts what dies now" in problem
    assert "run perpflow up again" in problem
    assert found["supervisor"]["state"] == "gone"


def test_a_record_of_an_arena_of_which_nothing_is_left_is_no_arena(
    perpflow: Perpflow, arena: Arena
) -> None:
    arena.save()

    ended = perpflow("status")

    assert ended.code == ExitCode.UNREACHABLE
    assert "no arena runs in" in ended.stderr


def _fields(part: PartRecord) -> dict[str, object]:
    return {name: getattr(part, name) for name in PartRecord.__dataclass_fields__}
