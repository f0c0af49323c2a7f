"""The server's processes: which live, how to start the first and how to end all of them.

The postmaster is a direct child in a session of its own: Ctrl-C in the terminal does not reach it
and its end is noticed. All its processes inherit the lock `.alive` (see `locks`).
"""

from __future__ import annotations

import os
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import IO

import psutil

from adapters.store.embedded.cluster import BARE_ENVIRONMENT
from adapters.store.embedded.errors import NotStartable, ServerBusy
from adapters.store.embedded.folder import ServerFolder, give_to_owner_of
from adapters.store.embedded.locate import Binaries
from adapters.store.embedded.locks import open_lock_file, wait_for_lock, wait_until_free
from adapters.store.embedded.probe import HOST
from adapters.store.embedded.service_user import ServiceUser

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "max_wal_size": "1GB",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "cluster_name": "perpflow",
    "password_encryption": "scram-sha-256",
    "log_min_duration_statement": "500",
    "log_parameter_max_length": "0",
    "log_line_prefix": "%m [%p] %q%a ",
}
UNSAFE_BUT_FAST = {"fsync": "off", "full_page_writes": "off"}
"""For tests only: survives a kill of every process, but a power cut may destroy the data."""

LARGEST_LOG = 10 * 1024 * 1024
LOOK_SECONDS = 1.0
"""Somebody who asks whether the server lives holds its lock for an instant."""
FAST_STOP_SECONDS = 60.0
HARD_STOP_SECONDS = 30.0


def launch(
    folder: ServerFolder, binaries: Binaries, user: ServiceUser, *, port: int, fsync: bool
) -> subprocess.Popen[bytes]:
    """Start the postmaster. Raises `ServerBusy` while an older process still has the files."""
    alive = open_lock_file(folder.alive)
    try:
        if not wait_for_lock(alive, LOOK_SECONDS):
            raise ServerBusy(
                f"processes of an earlier server still use {folder.data}"
                f"{named(living_processes(folder))}; end them and start again"
            )
        settings = SETTINGS | {"port": str(port)} | ({} if fsync else UNSAFE_BUT_FAST)
        with _open_log(folder.log) as log:
            return subprocess.Popen(  # noqa: S603  our own located binary
                [
                    *user.prefix,
                    str(binaries.bin / "postgres"),
                    *("-D", str(folder.data)),
                    *(f"--{name}={value}" for name, value in settings.items()),
                ],
                cwd=folder.root,
                env=BARE_ENVIRONMENT | _permission_over_stale_pid(folder),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(alive,),
                start_new_session=True,
                **user.popen_options(),
            )
    except OSError as error:
        raise NotStartable(f"the server program could not be run: {error}") from error
    finally:
        os.close(alive)


def living_processes(folder: ServerFolder) -> list[psutil.Process]:
    """Processes that work inside the data folder, zombies left out (as far as we may look)."""
    home = str(folder.data.resolve())
    found: list[psutil.Process] = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == home and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def postmaster_pid(folder: ServerFolder) -> int | None:
    """The pid in `postmaster.pid`, whoever that is today."""
    return _number_in_pid_file(folder, line=0)


def postmaster_port(folder: ServerFolder) -> int | None:
    """The port that the last server was started on."""
    return _number_in_pid_file(folder, line=3)


def _number_in_pid_file(folder: ServerFolder, *, line: int) -> int | None:
    try:
        return int((folder.data / "postmaster.pid").read_text().splitlines()[line])
    except (FileNotFoundError, ValueError, IndexError):
        return None


def find_postmaster(folder: ServerFolder) -> psutil.Process | None:
    """The living postmaster of this folder: named in its pid file and at work in the folder."""
    pid = postmaster_pid(folder)
    return next((found for found in living_processes(folder) if found.pid == pid), None)


def stop(folder: ServerFolder, process: psutil.Process) -> None:
    """Fast stop, then the hard one; returns when the last process of the server is gone.

    Raises `NotStartable` when it survives both.
    """
    for number, seconds in (
        (signal.SIGINT, FAST_STOP_SECONDS),
        (signal.SIGQUIT, HARD_STOP_SECONDS),
    ):
        try:
            process.send_signal(number)
        except psutil.NoSuchProcess:
            pass  # its last children may still be at work
        except psutil.AccessDenied:
            raise NotStartable(
                f"the server (process {process.pid}) belongs to another user; stop it as that user"
            ) from None
        # Not the process id: who started the server may not have taken its exit yet, and a process
        # that has ended is there until then.
        if wait_until_free(folder.alive, seconds):
            _take_exit(process)
            return
    raise NotStartable(
        f"the server does not end{named(living_processes(folder))}; see {folder.log}"
    )


def _take_exit(process: psutil.Process) -> None:
    """Leave no ended child of ours in the process table."""
    with suppress(psutil.Error):
        if process.ppid() == os.getpid():
            process.wait(LOOK_SECONDS)


def named(processes: list[psutil.Process]) -> str:
    """Process ids for a message."""
    pids = ", ".join(str(process.pid) for process in processes)
    return f" (process {pids})" if pids else ""


def log_tail(folder: ServerFolder, *, since: int, lines: int = 12) -> str:
    """The last lines that the server wrote after byte `since` of its log."""
    with folder.log.open("rb") as log:
        log.seek(since)
        text = log.read().decode("utf-8", "replace")
    return " | ".join(text.strip().splitlines()[-lines:]) or "(its log is empty)"


def log_size(folder: ServerFolder) -> int:
    return folder.log.stat().st_size if folder.log.exists() else 0


def rotate_log(folder: ServerFolder) -> None:
    """Keep one older log, so that a long-lived folder does not fill the disk."""
    if log_size(folder) > LARGEST_LOG:
        folder.log.replace(folder.log.with_suffix(".log.1"))


def _open_log(path: Path) -> IO[bytes]:
    made = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if made:
        give_to_owner_of(path.parent, path)
    return os.fdopen(descriptor, "ab")


def _permission_over_stale_pid(folder: ServerFolder) -> dict[str, str]:
    """A pid file may name a living stranger (reused pid, restarted container).

    PostgreSQL then refuses to start, unless told that the pid is its grandparent. We hold
    `.alive` and found no process in the folder, so the file is a leftover. Never unlink it:
    PostgreSQL reads from it whether old shared memory is still in use.
    """
    pid = postmaster_pid(folder)
    if pid is None:
        return {}
    if living := living_processes(folder):
        raise ServerBusy(f"{folder.data} is in use{named(living)}; end them and start again")
    return {"PG_GRANDPARENT_PID": str(pid)}
