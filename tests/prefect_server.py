"""A real Prefect server for tests: one for the whole session, on SQLite, with our own settings.

The fixture is in the topmost conftest: whoever asks for it first starts the server, and the session's
end stops it. Not the interpreter's: a worker of xdist may be killed before that.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from deployments.prefect_settings import PrefectPlace, server_environment
from tests.ports import free_port

START_SECONDS = 150.0


@pytest.fixture(scope="session")
def prefect_server() -> Iterator[PrefectPlace]:
    """A running server: its `api_url` for clients, its `folder` and `port` for environments."""
    folder = Path(tempfile.mkdtemp(prefix="perpflow-prefect-"))
    place = PrefectPlace(folder=folder, port=free_port())
    log = folder / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "prefect", "server", "start"],
            env=server_environment(place, os.environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        _wait_until_healthy(place, process, log)
        yield place
    finally:
        _stop(process, folder)


def _wait_until_healthy(place: PrefectPlace, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{place.api_url}/health", timeout=2, trust_env=False).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise RuntimeError(f"Prefect's server did not start:\n{log.read_text()[-3000:]}")


def _stop(process: subprocess.Popen[bytes], folder: Path) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    shutil.rmtree(folder, ignore_errors=True)
