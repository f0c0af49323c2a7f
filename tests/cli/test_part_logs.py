"""Log files: bounded while they are written, harmless to a terminal, shown and followed."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli import logs as logs_command
from cli.exit_codes import ExitCode
from cli.logs import choose_logs, follow_logs
from cli.up.logs import KEPT_LOGS, last_lines, log_files, older, printable, rotate_if_full
from tests.cli.conftest import Ended
from tests.waiting import wait_until

Perpflow = Callable[..., Ended]

WRITER = """
import os, sys, time
for number in range(3000):
    os.write(1, b"line %06d\\n" % number)
    time.sleep(0.0005)
"""


def test_a_log_is_rotated_while_its_part_goes_on_writing(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("ab") as output:
        writer = subprocess.Popen([sys.executable, "-c", WRITER], stdout=output)
    rotations = 0
    while writer.poll() is None:
        rotations += rotate_if_full(log, limit=12_000)
        time.sleep(0.02)

    files = [log, *(older(log, number) for number in range(1, KEPT_LOGS + 1))]
    text = "".join(path.read_text() for path in reversed(files) if path.exists())
    numbers = [int(line.split()[1]) for line in text.splitlines()]
    assert rotations >= 2
    assert numbers[-1] == 2999
    assert numbers == sorted(set(numbers))
    assert "\0" not in text  # no hole where the emptied part was
    assert not older(log, KEPT_LOGS + 1).exists()


def test_only_so_many_older_logs_are_kept_and_the_first_is_the_newest(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    for number in range(KEPT_LOGS + 3):
        log.write_text(f"life {number}\n")
        assert rotate_if_full(log, limit=1)

    kept = [older(log, number).read_text() for number in range(1, KEPT_LOGS + 1)]
    assert kept == ["life 5\n", "life 4\n", "life 3\n"]
    assert len(list(tmp_path.iterdir())) == KEPT_LOGS + 1


def test_a_log_that_is_not_full_is_left_alone(tmp_path: Path) -> None:
    log = tmp_path / "api.log"
    log.write_text("short\n")

    assert not rotate_if_full(log)
    assert not rotate_if_full(tmp_path / "none.log")
    assert log.read_text() == "short\n"


def test_an_older_log_is_as_private_as_the_log(tmp_path: Path) -> None:
    log = tmp_path / "server.log"
    log.write_text("x" * 10)
    log.chmod(0o600)

    rotate_if_full(log, limit=5)

    assert older(log, 1).stat().st_mode & 0o777 == 0o600


@given(st.text())
def test_a_printed_line_never_controls_the_terminal(text: str) -> None:
    assert all(each.isprintable() for each in printable(text))


def test_the_end_of_a_huge_log_is_read_without_reading_it_all(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    with log.open("wb") as file:
        file.truncate(5_000_000_000)  # sparse
        file.seek(0, os.SEEK_END)
        file.write(b"\nfirst\nsecond\n")

    assert last_lines(log, 2) == ["first", "second"]
    assert last_lines(tmp_path / "none.log", 2) == []


def write_logs(home: Path) -> None:
    for name, log in log_files(home).items():
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("".join(f"{name} says {number}\n" for number in range(30)))


def test_the_logs_of_all_parts_are_shown_with_their_names(perpflow: Perpflow, home: Path) -> None:
    write_logs(home)

    ended = perpflow("logs", "-n", "2")

    assert ended.code == ExitCode.DONE
    assert ended.stdout.splitlines()[:3] == [
        "up       | up says 28",
        "up       | up says 29",
        "postgres | postgres says 28",
    ]
    assert len(ended.stdout.splitlines()) == 2 * len(log_files(home))


def test_the_log_of_one_part_is_shown_bare(perpflow: Perpflow, home: Path) -> None:
    write_logs(home)

    assert perpflow("logs", "worker", "-n", "1").stdout == "worker says 29\n"


def test_an_unknown_part_is_answered_with_those_there_are(perpflow: Perpflow, home: Path) -> None:
    write_logs(home)

    ended = perpflow("logs", "redis")

    assert ended.code == ExitCode.WRONG_USAGE
    assert "there is no part redis" in ended.stderr
    assert "up, postgres, prefect, api, worker, control" in ended.stderr


def test_before_the_first_start_there_are_no_logs(perpflow: Perpflow) -> None:
    ended = perpflow("logs")

    assert ended.code == ExitCode.UNREACHABLE
    assert "start one with: perpflow up" in ended.stderr


def test_following_shows_new_lines_also_after_a_rotation(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs_command, "POLL_SECONDS", 0.01)
    write_logs(home)
    shown: list[str] = []
    last = "after the rotation"
    log = log_files(home)["worker"]

    def write(line: str) -> None:
        shown.append(line)
        if line == last:
            raise KeyboardInterrupt  # as an operator ends it

    def follow() -> None:
        with suppress(KeyboardInterrupt):
            follow_logs(choose_logs(home, "worker"), write=write)

    follower = threading.Thread(target=follow, daemon=True)
    follower.start()
    time.sleep(0.05)

    with log.open("a") as file:
        file.write("a whole line\nhalf a ")
        file.flush()
        wait_until(lambda: shown == ["a whole line"])
        file.write("line\n")
    wait_until(lambda: shown == ["a whole line", "half a line"])
    rotate_if_full(log, limit=1)
    with log.open("a") as file:
        file.write(f"{last}\n")
    follower.join(5)
    assert shown == ["a whole line", "half a line", last]
