"""The robustness table of the storage report (1.2), row by row, against real servers."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg
import pytest
from sqlalchemy import make_url

from adapters.store.embedded import EmbeddedServer, ServerBusy, ServerError, process
from adapters.store.embedded.folder import ServerFolder

pytestmark = pytest.mark.db

Leftover = Callable[[], list[psutil.Process]]

UP = (
    "import sys, pathlib; from adapters.store.embedded import EmbeddedServer as S; "
    "print(S(pathlib.Path(sys.argv[1]), fsync=False).up())"
)


def connect(url: str) -> psycopg.Connection:
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def remember(url: str) -> None:
    with connect(url) as conn:
        conn.execute("create table kept (word text)")
        conn.execute("insert into kept values ('money')")


def recall(url: str) -> str:
    with connect(url) as conn:
        row = conn.execute("select word from kept").fetchone()
    return row[0]


def postmaster(folder: Path) -> psutil.Process:
    found = process.find_postmaster(ServerFolder(folder / "postgres"))
    assert found is not None
    return found


def test_the_application_gets_a_role_that_owns_its_database_and_nothing_else(
    server: EmbeddedServer,
):
    with connect(server.up()) as conn:
        role = conn.execute(
            "select rolname, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls"
            " from pg_roles where rolname = current_user"
        ).fetchone()
        owner = conn.execute(
            "select pg_get_userbyid(datdba), datname from pg_database where datname = 'perpflow'"
        ).fetchone()
    assert role == ("perpflow", False, False, False, False, False)
    assert owner == ("perpflow", "perpflow")


def test_the_cluster_has_checksums_utf8_and_a_sort_order_that_no_system_update_changes(
    fresh_server: EmbeddedServer,
):
    fresh_server.up()
    with psycopg.connect(fresh_server.admin_conninfo) as admin:
        row = admin.execute(
            "select current_setting('data_checksums'), current_setting('server_encoding'),"
            " datlocprovider, datlocale, current_setting('timezone')"
            " from pg_database where datname = 'perpflow'"
        ).fetchone()
    assert row == ("on", "UTF8", "b", "C.UTF-8", "UTC")


def test_nobody_gets_in_without_the_password(server: EmbeddedServer):
    url = make_url(server.up())
    for user in ("perpflow", "postgres"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(
                host=url.host, port=url.port, user=user, password="guess", dbname="perpflow"
            )


def test_passwords_lie_in_a_private_file_and_nowhere_in_the_log_or_the_process_list(
    server: EmbeddedServer, folder: Path
):
    server.up()
    state = folder / "postgres" / "state.json"
    secrets = [value for name, value in json.loads(state.read_text()).items() if "password" in name]
    assert state.stat().st_mode & 0o777 == 0o600
    shown = (folder / "postgres" / "server.log").read_text() + str(postmaster(folder).cmdline())
    assert len(secrets) == 2
    assert not any(secret in shown for secret in secrets)
    assert not list((folder / "postgres").glob("*secret*"))


def test_the_server_runs_without_our_environment(
    server: EmbeddedServer, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("ASTER_API_SECRET", "planted")
    server.up()
    assert "planted" not in str(postmaster(folder).environ())


def test_stopping_leaves_no_process_and_the_next_start_keeps_the_data(
    server: EmbeddedServer, left_over: Leftover
):
    url = server.up()
    remember(url)
    server.down()
    assert left_over() == []
    assert not server.is_running()
    assert server.up() == url
    assert recall(url) == "money"


def test_a_second_start_adopts_the_running_server(server: EmbeddedServer, folder: Path):
    url = server.up()
    first = postmaster(folder).pid
    assert EmbeddedServer(folder, fsync=False).up() == url
    assert postmaster(folder).pid == first


def test_the_server_outlives_a_killed_starter_and_the_next_one_adopts_and_stops_it(
    folder: Path, left_over: Leftover
):
    waiting = UP + "; sys.stdout.flush(); import time; time.sleep(60)"
    starter = subprocess.Popen(
        [sys.executable, "-c", waiting, str(folder)], stdout=subprocess.PIPE, text=True
    )
    url = starter.stdout.readline().strip()
    starter.kill()
    starter.wait()
    remember(url)
    chief = postmaster(folder).pid
    heir = EmbeddedServer(folder, fsync=False)
    assert heir.up() == url
    assert heir.pid == chief
    heir.down()
    assert left_over() == []
    assert not heir.is_running()


def test_a_postmaster_killed_with_sigkill_comes_back_with_all_committed_data(
    server: EmbeddedServer, folder: Path
):
    url = server.up()
    remember(url)
    os.kill(postmaster(folder).pid, signal.SIGKILL)
    assert server.up() == url
    assert recall(url) == "money"


def test_a_pid_file_that_names_a_living_stranger_does_not_stop_the_start(
    server: EmbeddedServer, folder: Path
):
    url = server.up()
    remember(url)
    pid_file = folder / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    server.down()
    owner = pid_file.parent.stat()
    switch = {"user": owner.st_uid, "group": owner.st_gid} if os.geteuid() == 0 else {}
    with subprocess.Popen(["sleep", "60"], cwd="/", **switch) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        os.chown(pid_file, owner.st_uid, owner.st_gid)
        pid_file.chmod(0o600)
        assert server.up() == url
        assert stranger.poll() is None
        stranger.kill()
    assert recall(url) == "money"


@pytest.mark.parametrize("visible", [True, False], ids=["visible", "other-namespace"])
def test_a_start_is_refused_while_processes_of_an_earlier_server_live(
    server: EmbeddedServer, folder: Path, monkeypatch: pytest.MonkeyPatch, visible: bool
):
    server.up()
    chief = postmaster(folder)
    orphan = next(p for p in chief.children() if "checkpointer" in p.cmdline()[0])
    orphan.suspend()  # it cannot notice that its postmaster died
    chief.kill()
    with monkeypatch.context() as patched:
        patched.setattr("adapters.store.embedded.server.LEFTOVER_SECONDS", 0.3)
        if not visible:
            patched.setattr(process, "living_processes", lambda folder: [])
        with pytest.raises(
            ServerBusy, match=rf"process {orphan.pid}\b" if visible else "still use"
        ):
            server.up()
    orphan.resume()
    server.up()


def test_a_port_taken_by_somebody_else_is_replaced_and_the_new_one_kept(server: EmbeddedServer):
    first = make_url(server.up())
    server.down()
    with socket.socket() as stranger:
        stranger.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stranger.bind(("127.0.0.1", first.port))
        stranger.listen()
        second = make_url(server.up())
    assert second.port != first.port
    assert second.set(port=first.port) == first
    assert make_url(server.url) == second
    server.down()
    assert make_url(server.up()) == second


def test_eight_processes_at_once_on_a_fresh_folder_make_one_server(
    folder: Path, left_over: Leftover
):
    racers = [
        subprocess.Popen([sys.executable, "-c", UP, str(folder)], stdout=subprocess.PIPE, text=True)
        for _ in range(8)
    ]
    urls = {racer.communicate(timeout=120)[0].strip() for racer in racers}
    assert [racer.returncode for racer in racers] == [0] * 8
    assert len(urls) == 1
    assert len([p for p in left_over() if "-D" in p.cmdline()]) == 1
    log = (folder / "postgres" / "server.log").read_text()
    assert log.count("ready to accept connections") == 1
    EmbeddedServer(folder).down()
    assert left_over() == []


def test_a_start_killed_during_initdb_leaves_nothing_that_stops_the_next(
    fresh_server: EmbeddedServer, folder: Path
):
    starter = subprocess.Popen([sys.executable, "-c", UP, str(folder)], start_new_session=True)
    deadline = time.monotonic() + 30
    while not (folder / "postgres" / "data.tmp" / "base").exists() and time.monotonic() < deadline:
        time.sleep(0.002)
    os.killpg(starter.pid, signal.SIGKILL)
    starter.wait()
    assert not (folder / "postgres" / "data").exists()
    assert recall_version(fresh_server.up()).startswith("PostgreSQL 18")
    assert not (folder / "postgres" / "data.tmp").exists()


def recall_version(url: str) -> str:
    with connect(url) as conn:
        return conn.execute("select version()").fetchone()[0]


def test_a_killed_child_of_this_process_is_reaped_and_started_again(
    server: EmbeddedServer, folder: Path
):
    url = server.up()
    child = postmaster(folder)
    child.kill()
    server.up()
    assert not psutil.pid_exists(child.pid)
    with connect(url) as conn:
        assert conn.execute("select 1").fetchone() == (1,)


def test_a_server_ends_at_once_whose_starter_lives_and_does_not_look_after_it(
    folder: Path, left_over: Leftover
):
    idle = f"{UP}; import time; sys.stdout.flush(); time.sleep(600)"
    with subprocess.Popen(
        [sys.executable, "-c", idle, str(folder)], stdout=subprocess.PIPE, text=True
    ) as starter:
        assert starter.stdout is not None
        assert starter.stdout.readline().startswith("postgresql")
        found = postmaster(folder)
        EmbeddedServer(folder).down()
        # It has ended, and nobody has taken its exit: waiting for its id to vanish would be in vain.
        assert found.status() == psutil.STATUS_ZOMBIE
        assert left_over() == []
        starter.kill()


def test_before_the_first_start_there_is_no_url(fresh_server: EmbeddedServer):
    with pytest.raises(ServerError, match=r"call up\(\) first"):
        _ = fresh_server.url


def test_asking_about_a_server_makes_nothing(fresh_server: EmbeddedServer, folder: Path):
    assert not fresh_server.is_running()
    fresh_server.down()
    assert not folder.exists()
