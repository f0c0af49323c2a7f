"""The database of the tests: one embedded server per session, a fresh copy of one template per test.

Nothing is mocked: migrations run once into a template, each test gets `CREATE DATABASE ..
TEMPLATE` of it (about 20 ms). Under xdist all workers share the server; the last one stops it.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import sys
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings
from sqlalchemy import Engine, make_url
from sqlalchemy.ext.asyncio import AsyncEngine
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from adapters.store.embedded import EmbeddedServer
from adapters.store.engine import open_async_engine, open_engine
from adapters.store.schema import upgrade
from tests.prefect_server import prefect_server  # noqa: F401 - the session's server
from tests.servers import (  # noqa: F401 - fixtures of all tests
    sandbox,
    sandbox_server,
    stub,
    stub_server,
    user,
)

# What the hundreds of processes of a run import is compiled once, also where the environment says to
# keep nothing: without that, starting them is a third of the whole run.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

TEMPLATE = "perpflow_template"
FOLDER_PREFIX = "perpflow-tests-"
ROOM_BYTES = 4 * 1024**3


# One profile for each run: small and the same every time by default, long by `just test-all`.
# A test that names its own number of examples keeps it in both.
settings.register_profile("default", deadline=None, derandomize=True, max_examples=100)
settings.register_profile("long", deadline=None, max_examples=10_000, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


LONG_FIRST = ("cli", "deployments", "isolation", "live", "flows", "tasks")
"""Folders whose few tests wait for processes: at the end they would keep one worker busy alone."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The long ones first, everything else in its order (with `--no-loadscope-reorder`)."""
    home = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(home).parts[0] if item.path.is_relative_to(home) else ""
        return LONG_FIRST.index(folder) if folder in LONG_FIRST else len(LONG_FIRST)

    items.sort(key=rank)


ON_PREFECT = ("deployments/", "flows/", "isolation/", "blocks/", "cli/test_registrar.py")
"""Where tests use the Prefect server of the session: one worker has it, for all of them."""


class OneWorkerForPrefect(LoadFileScheduling):
    """Each file to a worker, and all that need the Prefect server to the same one."""

    def _split_scope(self, nodeid: str) -> str:
        file = super()._split_scope(nodeid)
        return "prefect" if file.removeprefix("tests/").startswith(ON_PREFECT) else file


@pytest.hookimpl(tryfirst=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneWorkerForPrefect | None:
    """In the place of `--dist loadfile`; any other choice is left as it is."""
    return OneWorkerForPrefect(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session", autouse=True)
def interruptible_children() -> None:
    """A suite that was started in the background ignores SIGINT and would pass that on."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def scratch_root() -> Path:
    """Where servers of tests live: in memory where there is room, since a busy disk is slow.

    Not below pytest's folders: as root the server runs as another user, which cannot enter those.
    """
    memory = Path("/dev/shm")
    if memory.is_dir() and os.access(memory, os.W_OK):
        about = os.statvfs(memory)
        roomy = about.f_bavail * about.f_frsize > ROOM_BYTES
        if roomy and not about.f_flag & os.ST_NOEXEC:
            return memory
    return Path(tempfile.gettempdir()).resolve()


@pytest.fixture(scope="session")
def database_server(scratch_root: Path) -> Iterator[EmbeddedServer]:
    """A running server with the migrated template; stopped and deleted after the last test."""
    _sweep_abandoned_servers(scratch_root)
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid.uuid4().hex
    folder = scratch_root / f"{FOLDER_PREFIX}{run[:16]}"
    with _shared_use(folder):
        server = EmbeddedServer(folder, fsync=False)
        server.up()
        _make_template(server, folder)
        yield server


@pytest.fixture
def database_url(database_server: EmbeddedServer) -> Iterator[str]:
    """URL of a fresh, migrated database that belongs to the application's role."""
    yield from fresh_database(database_server, template=TEMPLATE)


@pytest.fixture
def empty_database_url(database_server: EmbeddedServer) -> Iterator[str]:
    """URL of a fresh database without any table."""
    yield from fresh_database(database_server, template="template1")


@pytest.fixture
def engine(database_url: str) -> Iterator[Engine]:
    """The engine of a flow run on a fresh database."""
    opened = open_engine(database_url, application="perpflow-tests", pool_size=2)
    yield opened
    opened.dispose()


@pytest.fixture
async def async_engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """The engine of the API on a fresh database."""
    opened = open_async_engine(database_url, application="perpflow-tests")
    yield opened
    await opened.dispose()


def fresh_database(server: EmbeddedServer, *, template: str) -> Iterator[str]:
    """URL of a copy of a template, dropped afterwards."""
    name = f"t_{uuid.uuid4().hex[:16]}"
    yield make_database(server, template=template, name=name)
    with psycopg.connect(server.admin_conninfo, autocommit=True) as admin:
        admin.execute(f"drop database {name} with (force)")


def make_database(server: EmbeddedServer, *, template: str, name: str) -> str:
    """URL of a copy of a template that belongs to the application's role."""
    url = make_url(server.url)
    with psycopg.connect(server.admin_conninfo, autocommit=True) as admin:
        admin.execute(
            f"create database {name} owner {url.username} template {template} strategy file_copy"
        )
    return url.set(database=name).render_as_string(hide_password=False)


def _make_template(server: EmbeddedServer, folder: Path) -> None:
    """Migrate the template once, also when several workers come at the same time."""
    with (folder / "template.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with psycopg.connect(server.admin_conninfo, autocommit=True) as admin:
            made = admin.execute(
                "select from pg_database where datname = %s", [TEMPLATE]
            ).fetchone()
        if made is None:
            upgrade(make_database(server, template="template1", name=TEMPLATE))


@contextmanager
def _shared_use(folder: Path) -> Iterator[None]:
    """Hold the folder in common with other workers; the last one out stops the server."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o711)  # as root the server runs as nobody, which must be able to pass
    users = (folder / "users.lock").open("w")
    fcntl.flock(users, fcntl.LOCK_SH)
    try:
        yield
    finally:
        fcntl.flock(users, fcntl.LOCK_UN)
        _stop_if_unused(folder)
        users.close()


def _stop_if_unused(folder: Path) -> None:
    with (folder / "users.lock").open("a") as users:
        try:
            fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return
        if (folder / "postgres" / "state.json").exists():
            EmbeddedServer(folder).down()
        shutil.rmtree(folder, ignore_errors=True)


def _sweep_abandoned_servers(root: Path) -> None:
    """A session that was killed leaves its server; the next one takes it away."""
    for folder in root.glob(f"{FOLDER_PREFIX}*"):
        with suppress(FileNotFoundError):  # another worker of this session was faster
            if folder.stat().st_uid == os.geteuid() and (folder / "users.lock").exists():
                _stop_if_unused(folder)
