"""One real arena from start to stop: `perpflow up` as an operator runs it, on an empty folder.

The tests share one arena and run in the order of the file; the later ones end it.
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

import httpx
import psutil
import pytest

from adapters.store.arena import Arena, load_arena
from adapters.store.embedded.server import EmbeddedServer
from adapters.store.engine import open_engine
from cli.exit_codes import ExitCode
from cli.up.processes import marked
from cli.up.record import load_record
from tests.ports import free_port

pytestmark = [pytest.mark.prefect, pytest.mark.db, pytest.mark.timeout(400)]

START_SECONDS = 180.0
STOP_SECONDS = 15.0
READY = "Ctrl-C stops the arena"


class Operator:
    """Somebody at a terminal with one data folder."""

    def __init__(self) -> None:
        self.home = Path(tempfile.mkdtemp(prefix="perpflow-up-"))
        self.home.chmod(0o711)  # as root the database runs as another user
        self.ports = ("--port", str(free_port()), "--prefect-port", str(free_port()))
        self.up: subprocess.Popen[bytes] | None = None
        self.screen = self.home / "screen.txt"

    def start(self, *arguments: str) -> str:
        """Start the arena and wait until it is ready; what the screen shows."""
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
        self.run("down")
        shutil.rmtree(self.home, ignore_errors=True)

    def _command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "cli.main", *arguments]

    def _environment(self) -> dict[str, str]:
        dropped = ("PERPFLOW_", "PREFECT_", "API_", "DATABASE_")
        kept = {name: text for name, text in os.environ.items() if not name.startswith(dropped)}
        return {**kept, "PERPFLOW_HOME": str(self.home), "HOME": ""}


@pytest.fixture(scope="module")
def operator() -> Iterator[Operator]:
    person = Operator()
    try:
        person.start()
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


def test_status_reads_the_running_arena(operator: Operator) -> None:
    done = operator.run("status", "--json")

    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
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


def test_a_second_start_is_turned_away(operator: Operator) -> None:
    done = operator.run("up")

    assert done.returncode == ExitCode.ALREADY_RUNNING
    assert f"http://localhost:{operator.ports[1]}" in done.stderr


def test_doctor_knows_that_the_ports_are_held_by_our_own_arena(operator: Operator) -> None:
    done = operator.run("doctor")

    assert done.returncode == 0, done.stdout
    assert "held by the arena that runs in this data folder" in done.stdout
    assert "reachable, revision" in done.stdout


def test_every_account_is_a_deployment_and_runs_are_planned(operator: Operator) -> None:
    api = f"http://127.0.0.1:{operator.ports[3]}/api"
    body = {"flows": {"name": {"any_": ["trade-account"]}}}

    found = httpx.post(f"{api}/deployments/filter", json=body, trust_env=False).json()
    runs = httpx.post(f"{api}/flow_runs/filter", json=body, trust_env=False).json()

    assert len(found) == 5
    assert len({run["deployment_id"] for run in runs}) == 5


def test_market_time_is_noted_while_the_arena_lives(operator: Operator) -> None:
    first = operator.arena().seen_at
    time.sleep(3)

    assert operator.arena().seen_at > first


def test_after_a_kill_the_next_start_ends_the_leftovers_and_goes_on_in_market_time(
    operator: Operator,
) -> None:
    assert operator.up is not None
    record = load_record(operator.home)
    assert record is not None
    operator.up.kill()
    operator.up.wait()
    seen_at = operator.arena().seen_at
    left = len(marked(record.run_id))

    shown = operator.start("--speed", "30")

    assert left >= 3
    assert re.search(r"ending \d+ processes of a start that was killed", shown)
    assert marked(record.run_id) == []
    arena = operator.arena()
    assert arena.clock.speed == 30
    assert arena.clock.market_anchor == seen_at
    assert "#token=" not in shown


def test_ctrl_c_stops_everything_within_fifteen_seconds_and_leaves_nothing(
    operator: Operator,
) -> None:
    assert operator.up is not None
    record = load_record(operator.home)
    assert record is not None
    began = time.monotonic()

    operator.up.send_signal(signal.SIGINT)
    code = operator.up.wait(timeout=60)

    assert time.monotonic() - began < STOP_SECONDS
    assert code == ExitCode.INTERRUPTED
    assert operator.screen.read_text().endswith("stopped\n")
    assert marked(record.run_id) == []
    assert not EmbeddedServer(operator.home).is_running()
    assert load_record(operator.home) is None


def test_another_market_in_the_same_folder_is_refused_and_leaves_nothing_running(
    operator: Operator,
) -> None:
    done = operator.run("up", *operator.ports, "--seed", "8")

    assert done.returncode == ExitCode.REFUSED
    assert "have traded on the market simulated-7" in done.stderr
    assert not EmbeddedServer(operator.home).is_running()
    ours = [each for each in psutil.process_iter() if str(operator.home) in _environment_of(each)]
    assert ours == []


def _environment_of(process: psutil.Process) -> str:
    try:
        return process.environ().get("PERPFLOW_HOME", "")
    except psutil.Error:
        return ""
