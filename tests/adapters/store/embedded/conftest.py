"""Folders for servers of their own; every server is stopped and every folder deleted."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from adapters.store.embedded import EmbeddedServer


def processes_in(folder: Path) -> list[psutil.Process]:
    """Living processes that work in the data folder of a server."""
    found = []
    for process in psutil.process_iter():
        try:
            inside = process.cwd() == str(folder / "postgres" / "data")
            if inside and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


@pytest.fixture
def folder(scratch_root: Path) -> Iterator[Path]:
    """A data folder to be; whatever runs in it afterwards is stopped."""
    home = Path(tempfile.mkdtemp(prefix="perpflow-server-", dir=scratch_root)).resolve()
    home.chmod(0o711)
    yield home / "data"
    for process in processes_in(home / "data"):
        process.kill()
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def left_over(folder: Path) -> Callable[[], list[psutil.Process]]:
    """What still runs in the folder."""
    return lambda: processes_in(folder)


@pytest.fixture(scope="session")
def initialised(scratch_root: Path) -> Iterator[Path]:
    """A data folder whose server was started once and stopped: to be copied, not used."""
    home = Path(tempfile.mkdtemp(prefix="perpflow-initialised-", dir=scratch_root)).resolve()
    home.chmod(0o711)
    made = EmbeddedServer(home / "data", fsync=False)
    made.up()
    made.down()
    yield home / "data"
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def fresh_server(folder: Path) -> Iterator[EmbeddedServer]:
    """A server that was never started, in an empty folder."""
    made = EmbeddedServer(folder, fsync=False)
    yield made
    made.down()


@pytest.fixture
def server(initialised: Path, folder: Path) -> Iterator[EmbeddedServer]:
    """A server that was started and stopped before."""
    shutil.copytree(initialised, folder)
    made = EmbeddedServer(folder, fsync=False)
    yield made
    made.down()
