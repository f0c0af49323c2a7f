"""The embedded PostgreSQL server: start or adopt, stop, and where to connect.

The server belongs to the data folder, not to a process: whoever calls `up` next adopts a running
one, and `down` stops it even when its starter was killed. The application connects as a role
without privileges; the superuser is for this module only.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import replace
from pathlib import Path

import psutil
import psycopg
from sqlalchemy import URL

from adapters.store.embedded import process
from adapters.store.embedded.cluster import create_data_folder, data_major
from adapters.store.embedded.errors import (
    BinariesMissing,
    FolderUnusable,
    NotStartable,
    ServerBusy,
    ServerError,
    VersionMismatch,
)
from adapters.store.embedded.folder import prepare_folder, server_folder
from adapters.store.embedded.locate import Binaries, locate_binaries
from adapters.store.embedded.locks import is_locked, starting_or_stopping, wait_until_free
from adapters.store.embedded.probe import HOST, Answer, admin_conninfo, ask, choose_port, is_free
from adapters.store.embedded.remains import end_remains
from adapters.store.embedded.roles import ensure_app_database
from adapters.store.embedded.runtime import copied_runtimes, reachable_binaries
from adapters.store.embedded.service_user import ServiceUser, give_files, pick_service_user
from adapters.store.embedded.state import APP, ServerState, load_state, save_state

START_SECONDS = 120.0
LEFTOVER_SECONDS = 10.0
POLL_SECONDS = 0.02
PORT_TRIES = 5


class EmbeddedServer:
    """A PostgreSQL server whose files lie in `<folder>/postgres`.

    `folder` is the application's data folder; `up` makes it when missing. With `fsync=False` the
    server is fast and may lose its data in a power cut: tests only.
    """

    def __init__(self, folder: Path, *, fsync: bool = True) -> None:
        self._folder = server_folder(folder)
        self._fsync = fsync
        self._child: subprocess.Popen[bytes] | None = None
        self._chief: psutil.Process | None = None
        """The postmaster that this object last started or adopted."""

    def up(self) -> str:
        """Start the server, or adopt the one that runs; the URL of the application's role.

        Safe to call again and from several processes at once. Raises `ServerError`.
        """
        prepare_folder(self._folder)
        try:
            with starting_or_stopping(self._folder.lock):
                state = self._started_or_adopted()
                self._chief = process.find_postmaster(self._folder)
                return _app_url(state)
        except OSError as error:
            raise FolderUnusable(
                f"the server's files in {self._folder.root} could not be used: {error}"
            ) from error
        except psycopg.Error as error:
            raise NotStartable(
                f"the server runs but its database could not be prepared: {error}"
            ) from error

    def down(self) -> None:
        """Stop the server, whoever started it; nothing happens when none runs."""
        if not self._folder.root.is_dir():
            return
        with starting_or_stopping(self._folder.lock):
            found = process.find_postmaster(self._folder)
            if found is not None:
                process.stop(self._folder, found)
            elif self.is_running():
                raise NotStartable(
                    "the server answers but its process belongs to another user; "
                    "stop it as the user that started it"
                )
            self._reap()

    def is_running(self) -> bool:
        """Whether this folder's server answers."""
        state = load_state(self._folder)
        return state is not None and self._running(state) is not None

    @property
    def pid(self) -> int | None:
        """Of the postmaster that `up` started or adopted."""
        return None if self._chief is None else self._chief.pid

    @property
    def log(self) -> Path:
        """Where the server writes its log."""
        return self._folder.log

    def lives(self) -> bool:
        """Whether the postmaster of the last `up` still exists; asks nobody, costs microseconds."""
        if self._child is not None and self._child.poll() is not None:
            return False
        try:
            return self._chief is not None and self._chief.status() != psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return False

    def answers(self) -> bool:
        """Whether it takes a new connection; those that are open also outlive a hung postmaster."""
        state = load_state(self._folder)
        return state is not None and ask(self._folder, state, state.port) is Answer.OURS

    @property
    def exit_status(self) -> int | None:
        """Of the postmaster, when it was our child and has ended."""
        return None if self._child is None else self._child.poll()

    def end_remains(self) -> list[int]:
        """End a server that hangs or lost its postmaster, without asking; its process ids."""
        with starting_or_stopping(self._folder.lock):
            ended = end_remains(self._folder)
            self._reap()
            return ended

    @property
    def url(self) -> str:
        """SQLAlchemy URL of the application's role. Raises `ServerError` before the first `up`."""
        return _app_url(self._stored_state())

    @property
    def admin_conninfo(self) -> str:
        """libpq connection text of the superuser: for tests and backups, never for the app."""
        return admin_conninfo(self._stored_state())

    def _started_or_adopted(self) -> ServerState:
        user = pick_service_user(self._folder)
        stored = load_state(self._folder)
        state = self._running(stored) or self._start(user)
        if state != stored:
            save_state(self._folder, state)
        ensure_app_database(admin_conninfo(state), state)
        return state

    def _stored_state(self) -> ServerState:
        state = load_state(self._folder)
        if state is None:
            raise ServerError(f"no server was started in {self._folder.root} yet; call up() first")
        return state

    def _running(self, state: ServerState | None) -> ServerState | None:
        """The state of the server that runs, with its real port; None when none does."""
        self._reap()
        if state is None or not is_locked(self._folder.alive):
            return None
        deadline = time.monotonic() + START_SECONDS
        while True:
            # The pid file knows the port better than a state file from an old backup.
            for port in {state.port, process.postmaster_port(self._folder) or state.port}:
                if ask(self._folder, state, port) is Answer.OURS:
                    return replace(state, port=port)
            if process.find_postmaster(self._folder) is None:
                return None  # otherwise it is starting or stopping: wait for one or the other
            if time.monotonic() > deadline:
                raise NotStartable(
                    f"the server has been starting or stopping for {START_SECONDS:.0f} s; "
                    f"see {self._folder.log}"
                )
            time.sleep(POLL_SECONDS * 5)

    def _start(self, user: ServiceUser) -> ServerState:
        self._require_no_leftovers()
        binaries = reachable_binaries(self._choose_binaries(), user, self._folder)
        state = self._prepare_state(binaries)
        if not self._folder.is_initialised:
            create_data_folder(
                self._folder, binaries, user, password=state.admin_password, fsync=self._fsync
            )
        give_files(user, self._folder.data)
        process.rotate_log(self._folder)
        for _ in range(PORT_TRIES):
            if self._launch_and_wait(binaries, user, state):
                return state
            state = replace(state, port=choose_port(avoid=state.port))
            save_state(self._folder, state)
        raise NotStartable(f"no port could be bound on {HOST} in {PORT_TRIES} tries")

    def _require_no_leftovers(self) -> None:
        """Backends notice within seconds that their postmaster died; then the files are free."""
        if not wait_until_free(self._folder.alive, LEFTOVER_SECONDS):
            left = process.named(process.living_processes(self._folder))
            raise ServerBusy(
                f"processes of an earlier server still use {self._folder.data}{left}; "
                f"end them and start again"
            )

    def _choose_binaries(self) -> Binaries:
        copies = copied_runtimes(self._folder)
        if not self._folder.is_initialised:
            return locate_binaries()
        major = data_major(self._folder)
        try:
            return locate_binaries(major=major, extra=copies)
        except BinariesMissing as missing:
            newest = locate_binaries()
            age = "newer" if major > newest.major else "older"
            raise VersionMismatch(
                f"{self._folder.data} was made by PostgreSQL {major}, {age} than the binaries at "
                f"hand ({newest.version}); install PostgreSQL {major} or point PG_BIN at it, "
                f"the data is untouched"
            ) from missing

    def _prepare_state(self, binaries: Binaries) -> ServerState:
        """Stored state with a port that is free, saved before anything depends on it."""
        state = load_state(self._folder)
        if state is None:
            state = ServerState(port=choose_port(), version=binaries.version)
        elif not is_free(state.port):
            state = replace(state, port=choose_port(avoid=state.port))
        state = replace(state, version=binaries.version)
        save_state(self._folder, state)
        return state

    def _launch_and_wait(self, binaries: Binaries, user: ServiceUser, state: ServerState) -> bool:
        """True when it serves; False when somebody took the port. Raises `NotStartable`."""
        written = process.log_size(self._folder)
        child = process.launch(self._folder, binaries, user, port=state.port, fsync=self._fsync)
        deadline = time.monotonic() + START_SECONDS
        while child.poll() is None and time.monotonic() < deadline:
            if ask(self._folder, state, state.port) is Answer.OURS:
                self._child = child
                return True
            time.sleep(POLL_SECONDS)
        tail = process.log_tail(self._folder, since=written)
        if child.poll() is None:
            process.stop(self._folder, psutil.Process(child.pid))
            child.wait()
            raise NotStartable(f"the server did not answer within {START_SECONDS:.0f} s: {tail}")
        if "could not bind" in tail:
            return False
        raise NotStartable(f"the server ended while starting: {tail}")

    def _reap(self) -> None:
        """Collect our child if it ended: a zombie would look alive to PostgreSQL."""
        if self._child is not None and self._child.poll() is not None:
            self._child = None


def _app_url(state: ServerState) -> str:
    return URL.create(
        "postgresql+psycopg",
        username=APP,
        password=state.app_password,
        host=HOST,
        port=state.port,
        database=APP,
    ).render_as_string(hide_password=False)
