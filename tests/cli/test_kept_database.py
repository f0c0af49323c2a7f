"""The embedded database in the care of a keeper, and what is said while a database is away."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console
from sqlalchemy import make_url, text

from adapters.store.arena import load_arena
from adapters.store.embedded import EmbeddedServer
from adapters.store.engine import open_engine
from cli.up import watching
from cli.up.database import Database, KeptDatabase
from cli.up.keeper import Keeper, Patience
from cli.up.keepers import Keepers
from cli.up.progress import Progress
from tests.arena import start_arena

pytestmark = pytest.mark.db

QUICK = Patience(first_pause=0.05, look_every=0.05, ask_every=0.05, hung_seconds=1.0)


@pytest.fixture(scope="module")
def server(scratch_root: Path) -> Iterator[EmbeddedServer]:
    home = Path(tempfile.mkdtemp(prefix="perpflow-kept-", dir=scratch_root)).resolve()
    home.chmod(0o711)
    made = EmbeddedServer(home / "data", fsync=False)
    made.up()
    yield made
    made.down()
    shutil.rmtree(home, ignore_errors=True)


class Care:
    """The server, kept, with what was said."""

    def __init__(self, server: EmbeddedServer) -> None:
        url = server.url
        engine = open_engine(url, application="test", pool_size=2)
        self.database = Database(url=url, engine=engine, server=server)
        self.moved = 0
        self.said: list[str] = []
        self.keepers = Keepers()
        self.keeper = self.keepers.begin(
            Keeper(
                KeptDatabase(self.database, moved=self._count),
                tell=lambda name, words: self.said.append(f"{name} {words}"),
                changed=lambda: None,
                patience=QUICK,
            ),
            running=True,
        )

    def _count(self) -> None:
        self.moved += 1

    async def back(self, restarts: int) -> None:
        async with asyncio.timeout(60):
            while self.keeper.restarts < restarts:  # noqa: ASYNC110 - counted by the keeper
                await asyncio.sleep(0.02)
            await self.keepers.until_ready(self.keeper)

    def answers(self) -> bool:
        with self.database.engine.connect() as conn:
            return conn.scalar(text("select 1")) == 1


async def test_a_killed_server_comes_back_where_it_was(server: EmbeddedServer) -> None:
    care = Care(server)
    await care.keepers.until_ready(care.keeper)
    url, first = server.url, server.pid

    os.kill(first, signal.SIGKILL)
    await care.back(1)

    assert care.said[0].startswith("postgres was killed by SIGKILL (9)")
    assert server.pid != first
    assert care.database.url == server.url == url
    assert care.moved == 0
    assert care.answers()
    await care.keepers.let_go()


async def test_a_server_that_hangs_is_started_again(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.store.embedded.remains.QUIT_SECONDS", 0.3)
    care = Care(server)
    await care.keepers.until_ready(care.keeper)
    assert care.answers()  # on a connection that stays open and goes on answering

    os.kill(server.pid, signal.SIGSTOP)
    await care.back(1)

    assert "postgres lives but has not answered for 1 s" in care.said[0]
    assert care.answers()
    await care.keepers.let_go()


async def test_a_server_whose_port_was_taken_moves_and_those_who_use_it_are_told(
    server: EmbeddedServer,
) -> None:
    care = Care(server)
    await care.keepers.until_ready(care.keeper)
    old = make_url(server.url)
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        os.kill(server.pid, signal.SIGKILL)
        while server.lives():  # noqa: ASYNC110 - a process tells nobody that it has died
            await asyncio.sleep(0.001)
        stranger.bind(("127.0.0.1", old.port))
        stranger.listen()
        await care.back(1)

    assert care.moved == 1
    assert make_url(care.database.url).port != old.port
    assert care.answers()
    await care.keepers.let_go()


def test_a_stop_does_not_wait_for_a_server_that_hangs(
    server: EmbeddedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.store.embedded.remains.QUIT_SECONDS", 0.3)
    server.up()
    database = Database(
        url=server.url, engine=open_engine(server.url, application="test"), server=server
    )
    os.kill(server.pid, signal.SIGSTOP)
    began = time.monotonic()

    database.close()

    assert time.monotonic() - began < 20
    assert not server.is_running()


class Arena:
    """What the watching loop looks at, with a screen that is kept."""

    def __init__(self, database_url: str, screen: Path) -> None:
        engine = open_engine(database_url, application="test")
        start_arena(engine)
        with engine.connect() as conn:
            arena = load_arena(conn)
        assert arena is not None
        clock = replace(arena.clock, real_anchor=datetime.now(UTC), speed=3600.0)
        self.arena = replace(arena, clock=clock)
        self.database = SimpleNamespace(engine=engine)
        self._screen = screen
        self.file = screen.open("w")
        self.progress = Progress(Console(file=self.file, width=200))

    def shown(self) -> str:
        self.file.flush()
        return self._screen.read_text()


@pytest.fixture
def arena(database_url: str, tmp_path: Path) -> Iterator[Arena]:
    made = Arena(database_url, tmp_path / "screen")
    engine = made.database.engine
    yield made
    engine.dispose()
    made.file.close()


async def test_the_absence_of_a_database_is_said_once_and_so_is_its_return(
    arena: Arena, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_AWAY_SECONDS", -1.0)
    pulse = watching._Pulse(arena)
    here = arena.database.engine
    nowhere = make_url(database_url).set(port=1).render_as_string(hide_password=False)

    arena.database.engine = open_engine(nowhere, application="test")
    for _ in range(3):
        await pulse.beat()
    arena.database.engine = here
    for _ in range(2):
        await pulse.beat()

    lines = arena.shown().splitlines()
    assert len(lines) == 2
    assert "cannot be written" in lines[0]
    assert "no cycle can trade until it can" in lines[0]
    assert "answers again after" in lines[1]
    assert make_url(database_url).password not in arena.shown()


async def test_market_time_is_noted_by_each_beat(arena: Arena) -> None:
    pulse = watching._Pulse(arena)

    await pulse.beat()

    with arena.database.engine.connect() as conn:
        stored = load_arena(conn)
    assert stored is not None
    assert stored.seen_at > arena.arena.started_at


def test_a_line_goes_into_the_log_with_its_time_and_a_secret_does_not(tmp_path: Path) -> None:
    screen, log = tmp_path / "screen", tmp_path / "up.log"
    with screen.open("w") as file:
        progress = Progress(Console(file=file, width=200))
        progress.keep_log(log)
        progress.note("api", "is back after 2.0 s\x1b[2J")
        progress.say_to_operator("Operator link http://localhost/#token=pf_secret")

    assert "pf_secret" in screen.read_text()
    (line,) = log.read_text().splitlines()
    assert line[:11] == datetime.now(UTC).strftime("%Y-%m-%dT")
    assert line.endswith("api        is back after 2.0 s\N{REPLACEMENT CHARACTER}[2J")
    assert log.stat().st_mode & 0o777 == 0o600


def test_a_screen_that_is_gone_stops_nothing(tmp_path: Path) -> None:
    class Gone(StringIO):
        def write(self, text: str, /) -> int:
            raise BrokenPipeError

    progress = Progress(Console(file=Gone(), width=200))
    progress.keep_log(tmp_path / "up.log")

    progress.say("on we go")

    assert "on we go" in (tmp_path / "up.log").read_text()
