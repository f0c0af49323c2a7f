"""`python -m api` as the command line starts it: one sentence when it refuses, a clean stop."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import httpx
import pytest
from sqlalchemy import make_url

from tests.ports import free_port


def start(**environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "api"],
        env={"PATH": os.environ["PATH"], **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def refusal(**environment: str) -> str:
    process = start(**environment)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 3
    assert errors.count("\n") == 1, errors
    return errors


def test_without_a_token_it_does_not_listen_to_other_machines(database_url: str) -> None:
    sentence = refusal(DATABASE_URL=database_url, API_HOST="0.0.0.0", API_PORT="0")
    assert "no token yet" in sentence
    assert "API_HOST=127.0.0.1" in sentence


def test_a_database_without_our_tables_names_the_next_command(empty_database_url: str) -> None:
    assert "run perpflow up" in refusal(DATABASE_URL=empty_database_url, API_HOST="127.0.0.1")


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "DATABASE_URL"),
        ({"DATABASE_URL": "mysql://user:hunter2@host/db"}, "postgresql://"),
        ({"DATABASE_URL": "postgresql://user:hunter2@127.0.0.1:1/db"}, "cannot be reached"),
        ({"DATABASE_URL": "postgresql://user:hunter2@127.0.0.1:1/db", "API_PORT": "x"}, "API_PORT"),
    ],
)
def test_wrong_settings_are_named_without_their_secrets(
    environment: dict[str, str], named: str
) -> None:
    sentence = refusal(**environment)
    assert named in sentence
    assert "hunter2" not in sentence


def test_it_serves_and_stops_cleanly(database_url: str) -> None:
    port = free_port()
    process = start(DATABASE_URL=database_url, API_HOST="127.0.0.1", API_PORT=str(port))
    try:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                ready = httpx.get(f"http://127.0.0.1:{port}/health/ready")
                break
            except httpx.ConnectError:
                assert process.poll() is None, process.stderr.read() if process.stderr else ""
                time.sleep(0.1)
        assert "server" not in ready.headers
    finally:
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=30)
    assert "Traceback" not in errors
    assert str(make_url(database_url).password) not in errors
