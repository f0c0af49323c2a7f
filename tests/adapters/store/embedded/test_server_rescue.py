"""A server that died or hangs under a supervisor: found, ended without remains, started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import make_url

from adapters.store.embedded import EmbeddedServer, process
from adapters.store.embedded.folder import ServerFolder
from adapters.store.embedded.probe import Answer, ask
from adapters.store.embedded.state import load_state
from tests.waiting import wait_until

pytestmark = pytest.mark.db

Leftover = Callable[[], list[psutil.Process]]
ACKNOWLEDGED = 300

AS_PID_ONE = """
import os, pathlib, signal, sys, time
from adapters.store.embedded import EmbeddedServer

assert os.getpid() == 1
server = EmbeddedServer(pathlib.Path(sys.argv[1]), fsync=False)
url = server.up()
killed = server.pid
os.kill(killed, signal.SIGKILL)
while server.lives():
    time.sleep(0.01)
assert server.up() == url
print("back", pathlib.Path(f"/proc/{killed}").exists())
server.down()
"""
IN_PID_NAMESPACE = ("unshare", "--pid", "--fork", "--mount-proc", "--kill-child")


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def postmaster(folder: Path) -> psutil.Process:
    found = process.find_postmaster(ServerFolder(folder / "postgres"))
    assert found is not None
    return found


def has_pid_namespaces() -> bool:
    try:
        done = subprocess.run([*IN_PID_NAMESPACE, "true"], capture_output=True, check=False)
    except OSError:
        return False
    return done.returncode == 0


def test_life_and_death_of_the_postmaster_are_known_without_asking_anybody(
    server: EmbeddedServer, folder: Path
) -> None:
    assert not server.lives()
    server.up()
    assert server.lives()
    assert server.pid == postmaster(folder).pid

    os.kill(server.pid, signal.SIGKILL)
    wait_until(lambda: not server.lives())
    assert server.exit_status == -signal.SIGKILL

    began = time.perf_counter()
    for _ in range(100):
        server.lives()
    assert time.perf_counter() - began < 0.5


def test_the_death_of_an_adopted_server_is_known_as_well(
    server: EmbeddedServer, folder: Path
) -> None:
    server.up()
    heir = EmbeddedServer(folder, fsync=False)
    heir.up()
    assert heir.lives()

    os.kill(heir.pid, signal.SIGKILL)

    wait_until(lambda: not heir.lives() and not server.lives())


def test_no_acknowledged_commit_is_lost_when_all_processes_are_killed_under_writers(
    server: EmbeddedServer, folder: Path
) -> None:
    url = server.up()
    with connect(url) as conn:
        conn.execute("create table ledger (writer int, number int, primary key (writer, number))")
    acknowledged: list[tuple[int, int]] = []
    writers = [
        threading.Thread(target=write_until_it_breaks, args=(url, number, acknowledged))
        for number in range(3)
    ]
    for writer in writers:
        writer.start()
    wait_until(lambda: len(acknowledged) > ACKNOWLEDGED)

    for each in [postmaster(folder), *postmaster(folder).children()]:
        each.kill()
    for writer in writers:
        writer.join(20)
    server.end_remains()
    assert server.up() == url

    with connect(url) as conn:
        kept = set(conn.execute("select writer, number from ledger").fetchall())
    assert set(acknowledged) <= kept
    for writer in range(3):
        numbers = sorted(number for one, number in kept if one == writer)
        assert numbers == list(range(len(numbers)))


def write_until_it_breaks(url: str, writer: int, acknowledged: list[tuple[int, int]]) -> None:
    try:
        with connect(url) as conn:
            for number in range(1_000_000):
                conn.execute("insert into ledger values (%s, %s)", [writer, number])
                acknowledged.append((writer, number))
    except psycopg.Error:
        return


def test_orphan_backends_of_a_dead_postmaster_are_ended_and_the_server_comes_back(
    server: EmbeddedServer, folder: Path, left_over: Leftover
) -> None:
    url = server.up()
    chief = postmaster(folder)
    orphan = next(p for p in chief.children() if "checkpointer" in p.cmdline()[0])
    orphan.suspend()  # it cannot notice that its postmaster died
    chief.kill()
    wait_until(lambda: not server.lives())

    ended = server.end_remains()

    assert orphan.pid in ended
    assert left_over() == []
    assert server.up() == url


def test_a_server_that_hangs_is_ended_and_comes_back_on_its_port(
    server: EmbeddedServer, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.store.embedded.remains.QUIT_SECONDS", 0.3)
    url = server.up()
    with connect(url) as conn:
        conn.execute("create table kept (word text)")
        conn.execute("insert into kept values ('money')")
    hung = postmaster(folder)
    hung.suspend()
    assert server.lives()

    server.end_remains()

    assert not server.lives()
    assert server.up() == url
    with connect(url) as conn:
        assert conn.execute("select word from kept").fetchall() == [("money",)]


def test_a_stranger_who_stands_in_the_data_folder_is_spared(
    server: EmbeddedServer, folder: Path
) -> None:
    server.up()
    with subprocess.Popen(["sleep", "60"], cwd=folder / "postgres" / "data") as stranger:
        server.end_remains()
        assert stranger.poll() is None
        stranger.kill()


def test_a_recovery_that_takes_its_time_is_waited_for(server: EmbeddedServer, folder: Path) -> None:
    url = server.up()
    with connect(url) as conn:
        conn.execute(
            "create table many as select n, repeat('x', 200) t from generate_series(1, 2e5) n"
        )
    for each in [postmaster(folder), *postmaster(folder).children()]:
        each.kill()
    server.end_remains()
    paths = ServerFolder(folder / "postgres")
    state = load_state(paths)
    assert state is not None
    answers: list[Answer] = []

    with recovery_held_for(folder, 1.5, lambda: answers.append(ask(paths, state, state.port))):
        assert server.up() == url

    assert Answer.NOT_YET in answers
    with connect(url) as conn:
        assert conn.execute("select count(*) from many").fetchone() == (200_000,)


class recovery_held_for:  # noqa: N801 - reads as a sentence in the test
    """Suspends the process that replays the log for some seconds, as a slow disk would."""

    def __init__(self, folder: Path, seconds: float, meanwhile: Callable[[], None]) -> None:
        self._data = str((folder / "postgres" / "data").resolve())
        self._seconds, self._meanwhile = seconds, meanwhile
        self._thread = threading.Thread(target=self._hold)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *exc_info: object) -> None:
        self._thread.join(20)

    def _hold(self) -> None:
        for replaying in self._watch_for_it():
            replaying.suspend()
            until = time.monotonic() + self._seconds
            while time.monotonic() < until:
                self._meanwhile()
                time.sleep(0.1)
            replaying.resume()

    def _watch_for_it(self) -> Iterator[psutil.Process]:
        deadline = time.monotonic() + 15
        while time.monotonic() < deadline:
            for each in psutil.process_iter():
                try:
                    title = " ".join(each.cmdline())
                    if "startup" in title and "postgres" in title and each.cwd() == self._data:
                        yield each
                        return
                except psutil.Error:
                    continue


@pytest.mark.skipif(not has_pid_namespaces(), reason="no new process namespace may be made here")
def test_under_python_as_process_one_a_killed_postmaster_is_reaped_and_comes_back(
    initialised: Path, server: EmbeddedServer, folder: Path
) -> None:
    done = subprocess.run(
        [*IN_PID_NAMESPACE, sys.executable, "-c", AS_PID_ONE, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert done.stdout == "back False\n", done.stderr


def test_the_port_and_the_password_stay_the_same_over_a_crash(
    server: EmbeddedServer, folder: Path
) -> None:
    before = make_url(server.up())
    postmaster(folder).kill()
    wait_until(lambda: not server.lives())
    server.end_remains()

    after = make_url(server.up())

    assert (after.port, after.password) == (before.port, before.password)
