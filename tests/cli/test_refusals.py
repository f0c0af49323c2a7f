"""Bad input ends with one sentence and the right exit code, and nothing was started."""

from __future__ import annotations

import fcntl
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.exit_codes import ExitCode
from cli.up.record import LOCK_FILE, RECORD_FILE
from tests.cli.conftest import Ended
from tests.ports import free_port

Perpflow = Callable[..., Ended]


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_an_unknown_option_is_wrong_usage(perpflow: Perpflow) -> None:
    assert perpflow("up", "--sped", "5").code == ExitCode.WRONG_USAGE


def test_an_accounts_file_with_faults_is_named_with_all_of_them(
    perpflow: Perpflow, home: Path
) -> None:
    Path("accounts.yaml").write_text("accounts:\n  - {id: A, strategy: grid, assets: [BTC]}\n")

    ended = perpflow("up")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "the configuration has 1 problem:" in ended.stderr
    assert "accounts.yaml:2: accounts[0].id is A; allowed is" in ended.stderr
    assert ended.stdout == ""
    assert not home.exists()


def test_an_asset_that_the_market_lacks_is_refused_with_those_it_has(perpflow: Perpflow) -> None:
    Path("accounts.yaml").write_text("accounts:\n  - {id: a, strategy: grid, assets: [SHIB]}\n")

    ended = perpflow("up")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "is SHIB, which this market does not have; it has BTC" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--config", "absent.yaml"), "absent.yaml: cannot be read: No such file"),
        (("--market", "moon"), "--market is moon; allowed is simulated, recorded or aster"),
        (("--market", "recorded"), "needs a folder with candle files; add --data <folder>"),
        (("--data", "."), "goes with recorded candles"),
        (("--market", "recorded", "--data", "absent"), "absent"),
        (("--speed", "0"), "--speed is 0.0; allowed is a number above 0 and up to 10000"),
        (("--speed", "9999"), "the fastest bearable speed is"),
        (("--seed", "-1"), "--seed is -1; allowed is a whole number of 0 or more"),
        (("--port", "99999"), "--port is 99999; allowed is a whole number from 1 to 65535"),
        (("--host", "no.such.host.invalid"), "cannot listen on no.such.host.invalid"),
        (("--port", "4200"), "port 4200 is given to both the dashboard and Prefect"),
    ],
)
def test_a_value_that_cannot_be_used_is_named_with_its_option_and_the_next_step(
    perpflow: Perpflow, home: Path, arguments: tuple[str, ...], words: str
) -> None:
    ended = perpflow("up", *arguments)

    assert ended.code == ExitCode.INVALID_CONFIGURATION, ended.stderr
    assert words in ended.stderr
    assert not (home / "postgres").exists()
    assert not (home / "prefect").exists()


def test_a_folder_without_candles_is_refused_as_a_recorded_market(
    perpflow: Perpflow, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()

    ended = perpflow("up", "--market", "recorded", "--data", str(tmp_path / "empty"))

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert f"--data {tmp_path / 'empty'}:" in ended.stderr


def test_a_taken_port_names_the_option_that_chooses_another(
    perpflow: Perpflow, taken_port: int
) -> None:
    ended = perpflow("up", "--port", str(taken_port), "--prefect-port", str(free_port()))

    assert ended.code == ExitCode.PORT_TAKEN
    assert f"port {taken_port} for the dashboard is taken by" in ended.stderr
    assert f"--port {taken_port + 1}" in ended.stderr


def test_prefects_port_is_checked_as_well(perpflow: Perpflow, taken_port: int) -> None:
    ended = perpflow("up", "--port", str(free_port()), "--prefect-port", str(taken_port))

    assert ended.code == ExitCode.PORT_TAKEN
    assert f"port {taken_port} for Prefect is taken" in ended.stderr


def test_a_second_start_in_the_same_folder_names_the_first(perpflow: Perpflow, home: Path) -> None:
    home.mkdir()
    record = {
        "run_id": "r",
        "pid": os.getpid(),
        "create_time": 0.0,
        "url": "http://localhost:3999",
        "prefect_url": "http://127.0.0.1:4999",
    }
    (home / RECORD_FILE).write_text(json.dumps(record))
    with (home / LOCK_FILE).open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        ended = perpflow("up")

    assert ended.code == ExitCode.ALREADY_RUNNING
    assert "http://localhost:3999" in ended.stderr
    assert "perpflow down" in ended.stderr


def test_a_data_folder_that_cannot_be_made_is_named(perpflow: Perpflow, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    ended = perpflow("up", PERPFLOW_HOME=str(tmp_path / "file" / "home"))

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "set PERPFLOW_HOME to a folder that you may write to" in ended.stderr


@pytest.mark.parametrize("command", ["status", "leaderboard"])
def test_without_an_arena_the_reading_commands_say_how_to_start_one(
    perpflow: Perpflow, command: str
) -> None:
    ended = perpflow(command)

    assert ended.code == ExitCode.UNREACHABLE
    assert "start one with: perpflow up" in ended.stderr


def test_stopping_where_nothing_runs_is_no_failure(perpflow: Perpflow) -> None:
    ended = perpflow("down")

    assert ended.code == ExitCode.DONE
    assert "no arena runs" in ended.stderr


def test_the_help_answers_without_loading_what_is_heavy() -> None:
    heavy = ("prefect", "sqlalchemy", "talib", "numba", "numpy", "pandas", "httpx")
    code = f"import sys, cli.main; print([name for name in {heavy} if name in sys.modules])"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == "[]"


def test_the_process_itself_ends_with_the_code_and_a_sentence_on_stderr(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "cli.main", "up", "--speed", "nan"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "HOME": ""},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == ExitCode.INVALID_CONFIGURATION
    assert done.stderr == (
        "perpflow: the configuration has 1 problem:\n"
        "command line: --speed is nan; allowed is a number above 0 and up to 10000\n"
    )
