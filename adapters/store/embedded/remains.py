"""Ends a server that hangs, or what is left of one whose postmaster died.

Only for whoever has found the server dead or silent: committed data is safe (the next start replays
the log), but every connection breaks.
"""

from __future__ import annotations

import signal

import psutil

from adapters.store.embedded.folder import ServerFolder
from adapters.store.embedded.process import find_postmaster, living_processes

QUIT_SECONDS = 5.0
_PROGRAM = "postgres"


def end_remains(folder: ServerFolder) -> list[int]:
    """Ask the postmaster to end at once, then kill what stays; the ids of what was there."""
    chief = find_postmaster(folder)
    found = _servers_in(folder)
    if chief is not None:
        try:
            chief.send_signal(signal.SIGQUIT)
            chief.wait(QUIT_SECONDS)
        except (psutil.NoSuchProcess, psutil.TimeoutExpired):
            pass  # gone, or killed below
    for process in (left := _servers_in(folder)):
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(left, timeout=QUIT_SECONDS)
    return [process.pid for process in found]


def _servers_in(folder: ServerFolder) -> list[psutil.Process]:
    """Servers only: somebody's shell may stand in the folder as well."""
    found: list[psutil.Process] = []
    for process in living_processes(folder):
        try:
            if process.name() == _PROGRAM:
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
