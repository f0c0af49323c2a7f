"""One real arena from start to stop: `perpflow up` as an operator runs it, on an empty folder.

The tests share one arena and run in the order of the file: first it is in the background, its parts
and then its supervising process are killed, at last it is started in the foreground and stopped.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from adapters.store.arena import Arena, load_arena
from adapters.store.embedded.server import EmbeddedServer
from adapters.store.engine import open_engine
from cli.exit_codes import ExitCode
from cli.up.processes import marked
from cli.up.record import PartRecord, RunRecord, load_record
from tests.ports import free_port
from tests.waiting import wait_until

pytestmark = [pytest.mark.prefect, pytest.mark.db, pytest.mark.timeout(400)]

START_SECONDS = 180.0
STOP_SECONDS = 15.0
READY = "Ctrl-C stops the arena"
CANARY = "canary-9d3a"
PARTS = ("prefect", "postgres", "api", "worker", "control")


class Operator:
    """Somebody at a terminal with one data folder."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="perpflow-up-"))
        self.home.chmod(0o711)  # as root the database runs as another user
        self.ports = ("--port", str(free_port()), "--prefect-port", str(free_port()))
        self.up: subprocess.Popen[bytes] | None = None
        self.screen = self.home / "screen.txt"

    def start(self, *arguments: str) -> str:
        """Start the arena in the foreground and wait until it is ready; what the screen shows."""
        with self.screen.open("wb") as screen:
            self.up = subprocess.Popen(
                self._command("up", *self.ports, *arguments),
                env=self._environment(),
                cwd=self.home,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=subprocess.STDOUT,
            )
        deadline = time.monotonic() + START_SECONDS
        while READY not in self.screen.read_text() and time.monotonic() < deadline:
            if self.up.poll() is not None:
                break
            time.sleep(0.2)
        shown = self.screen.read_text()
        assert READY in shown, shown
        return shown

    def start_in_background(self) -> None:
        """Start the arena as from a terminal that is closed afterwards."""
        done = self.run("up", "--detach", *self.ports)
        self.screen.write_text(done.stderr)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""

    def record(self) -> RunRecord:
        found = load_record(self.home)
        assert found is not None
        return found

    def parts(self) -> dict[str, PartRecord]:
        return {part.name: part for part in self.record().parts}

    def prefect(self, path: str, body: dict | None = None) -> Any:
        address = f"http://127.0.0.1:{self.ports[3]}/api{path}"
        if body is None:
            return httpx.get(address, trust_env=False).json()
        return httpx.post(address, json=body, trust_env=False).json()

    def all_logs(self) -> str:
        logs = [*(self.home / "logs").iterdir(), self.home / "postgres" / "server.log"]
        return "".join(log.read_text(errors="replace") for log in logs)

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self._command(*arguments),
            env=self._environment(),
            cwd=self.home,
            capture_output=True,
            text=True,
            check=False,
        )

    def arena(self) -> Arena:
        engine = open_engine(EmbeddedServer(self.home).url, application="test")
        with engine.connect() as conn:
            found = load_arena(conn)
        engine.dispose()
        assert found is not None
        return found

    def clean_up(self) -> None:
        if self.up is not None and self.up.poll() is None:
            self.up.kill()
            self.up.wait()
        self.run("down")  # also what is in the background
        shutil.rmtree(self.home, ignore_errors=True)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "cli.main", *arguments]

    def _environment(self) -> dict[str, str]:
        dropped = ("PERPFLOW_", "PREFECT_", "API_", "DATABASE_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(dropped)}
        ours = {"PERPFLOW_HOME": str(self.home), "HOME": "", "OPENROUTER_API_KEY": CANARY}
        return {**kept, **ours, "PERPFLOW_WORKER": "warm"}


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    person = Operator()
    try:
        person.start_in_background()
        yield person
    finally:
        person.clean_up()


def test_the_screen_says_what_is_ready_and_where(operator: Operator) -> None:
    shown = operator.screen.read_text()

    port, prefect_port = operator.ports[1], operator.ports[3]
    assert "PAPER" in shown
    for part in ("database", "API", "Prefect", "flows"):
        assert re.search(rf"ok +{part} ", shown)
    assert f"Dashboard      http://localhost:{port}" in shown
    assert f"Prefect        http://127.0.0.1:{prefect_port}" in shown
    assert f"http://localhost:{port}/#token=pf_" in shown


def test_the_operator_link_is_on_the_screen_and_in_no_log(operator: Operator) -> None:
    shown = operator.screen.read_text()
    token = re.search(r"#token=(pf_\S+)", shown)
    assert token is not None

    logs = operator.all_logs()

    assert "perpflow" in logs
    assert token[1] not in logs
    assert shown.count(token[1]) == 1


def test_the_arena_in_the_background_has_left_its_terminal(operator: Operator) -> None:
    up = operator.record().pid

    os.kill(up, signal.SIGHUP)
    time.sleep(0.5)

    assert os.getsid(up) == up
    assert psutil.Process(up).terminal() is None
    assert psutil.Process(up).is_running()


def test_what_watches_the_arena_is_small(operator: Operator) -> None:
    up = psutil.Process(operator.record().pid)
    before, since = sum(up.cpu_times()[:2]), time.monotonic()

    time.sleep(3)

    idle = (sum(up.cpu_times()[:2]) - before) / (time.monotonic() - since)
    assert up.memory_full_info().uss < 100_000_000
    assert idle < 0.05


def test_status_reads_the_running_arena(operator: Operator) -> None:
    wait_until(lambda: operator.parts()["control"].state == "running")
    done = operator.run("status", "--json")

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert {part["name"] for part in found["parts"]} == set(PARTS)
    assert found["url"].endswith(operator.ports[1])
    assert {row["account_id"] for row in found["items"]} == {
        "momentum",
        "mean-reversion",
        "grid",
        "ml-scalper",
        "buy-and-hold",
    }


def test_the_leaderboard_is_a_table_for_people(operator: Operator) -> None:
    done = operator.run("leaderboard")

    assert done.returncode == 0, done.stderr
    assert "Buy and hold" in done.stdout


def test_a_second_start_is_turned_away_before_anything_else_is_looked_at(
    operator: Operator,
) -> None:
    done = operator.run("up", "--config", "absent.yaml")

    assert done.returncode == ExitCode.ALREADY_RUNNING
    assert f"http://localhost:{operator.ports[1]}" in done.stderr


def test_doctor_knows_that_the_ports_are_held_by_our_own_arena(operator: Operator) -> None:
    done = operator.run("doctor")

    assert done.returncode == 0, done.stdout
    assert "held by the arena that runs in this data folder" in done.stdout
    assert "reachable, revision" in done.stdout


def test_every_account_is_a_deployment_and_runs_are_planned(operator: Operator) -> None:
    body = {"flows": {"name": {"any_": ["trade-account"]}}}

    found = operator.prefect("/deployments/filter", body)
    runs = operator.prefect("/flow_runs/filter", body)

    assert len(found) == 5
    assert len({run["deployment_id"] for run in runs}) == 5


def test_market_time_is_noted_while_the_arena_lives(operator: Operator) -> None:
    first = operator.arena().seen_at
    time.sleep(3)

    assert operator.arena().seen_at > first


def test_all_parts_killed_at_once_come_back_and_cycles_go_on(operator: Operator) -> None:
    before = operator.parts()

    for part in before.values():
        assert part.pid is not None
        os.kill(part.pid, signal.SIGKILL)
    wait_until(
        lambda: all(
            part.restarts > before[name].restarts and part.state == "running"
            for name, part in operator.parts().items()
        ),
        seconds=120,
    )

    after = operator.parts()
    assert all(after[name].pid != before[name].pid for name in PARTS)
    assert run_one_cycle(operator) == "COMPLETED"
    log = (operator.home / "logs" / "up.log").read_text()
    for name in PARTS:
        assert re.search(rf"{name} +was killed by SIGKILL .* its log is ", log)
        assert re.search(rf"{name} +is back after", log)
    assert operator.run("status").returncode == 0


def run_one_cycle(operator: Operator) -> str:
    """The type of the final state of a run made by hand."""
    found = operator.prefect("/deployments/name/trade-account/grid")
    run = operator.prefect(f"/deployments/{found['id']}/create_flow_run", {})
    final = ("COMPLETED", "FAILED", "CRASHED", "CANCELLED")
    wait_until(lambda: operator.prefect(f"/flow_runs/{run['id']}")["state"]["type"] in final, 90)
    return operator.prefect(f"/flow_runs/{run['id']}")["state"]["type"]


def test_no_log_holds_a_password_or_a_key(operator: Operator) -> None:
    state = json.loads((operator.home / "postgres" / "state.json").read_text())

    logs = operator.all_logs()

    assert CANARY not in logs
    assert state["app_password"] not in logs
    assert state["admin_password"] not in logs


def test_after_up_itself_was_killed_status_says_so(operator: Operator) -> None:
    up = psutil.Process(operator.record().pid)
    up.kill()
    wait_until(lambda: not up.is_running() or up.status() == psutil.STATUS_ZOMBIE)

    done = operator.run("status")

    assert done.returncode == ExitCode.FAILED
    assert "was killed: nothing restarts what dies now" in done.stdout
    assert "Buy and hold" in done.stdout


def test_the_next_start_ends_the_leftovers_and_goes_on_in_market_time(
    operator: Operator,
) -> None:
    record = operator.record()
    seen_at = operator.arena().seen_at
    left = len(marked(record.run_id))

    shown = operator.start("--speed", "30")

    assert left >= 3
    assert re.search(r"ended \d+ processes of a start that was killed", shown)
    assert marked(record.run_id) == []
    arena = operator.arena()
    assert arena.clock.speed == 30
    assert arena.clock.market_anchor == seen_at
    assert "#token=" not in shown


def test_ctrl_c_stops_everything_within_fifteen_seconds_and_leaves_nothing(
    operator: Operator,
) -> None:
    assert operator.up is not None
    record = operator.record()
    began = time.monotonic()

    operator.up.send_signal(signal.SIGINT)
    code = operator.up.wait(timeout=60)

    assert time.monotonic() - began < STOP_SECONDS
    assert code == ExitCode.INTERRUPTED
    assert operator.screen.read_text().endswith("stopped\n")
    assert marked(record.run_id) == []
    assert not EmbeddedServer(operator.home).is_running()
    assert load_record(operator.home) is None


def test_no_market_time_passes_in_a_start_that_is_broken_off(operator: Operator) -> None:
    before = stored_arena(operator).seen_at
    with operator.screen.open("wb") as screen:
        operator.up = subprocess.Popen(
            operator._command("up", *operator.ports),
            env=operator._environment(),
            cwd=operator.home,
            stderr=screen,
        )
    wait_until(lambda: " API " in operator.screen.read_text(), seconds=60)

    operator.up.send_signal(signal.SIGINT)

    assert operator.up.wait(timeout=60) == ExitCode.INTERRUPTED
    assert stored_arena(operator).seen_at == before


def stored_arena(operator: Operator) -> Arena:
    """The arena of a folder in which nothing runs."""
    server = EmbeddedServer(operator.home)
    server.up()
    try:
        return operator.arena()
    finally:
        server.down()


def test_another_market_in_the_same_folder_is_refused_before_prefect_starts(
    operator: Operator,
) -> None:
    prefect_log = operator.home / "logs" / "prefect.log"
    before = prefect_log.stat()

    done = operator.run("up", "--detach", *operator.ports, "--seed", "8")

    assert done.returncode == ExitCode.REFUSED
    assert "have traded on the market simulated-7" in done.stderr
    assert prefect_log.stat().st_mtime_ns == before.st_mtime_ns
    assert not EmbeddedServer(operator.home).is_running()
    ours = [each for each in psutil.process_iter() if str(operator.home) in _environment_of(each)]
    assert ours == []


def _environment_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("PERPFLOW_HOME", "")
    except psutil.Error:
        return ""
