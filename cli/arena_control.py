"""Where the running arena is, and `perpflow down`, its orderly end."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil

from adapters.config.settings import Settings
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.ports import shown_host
from cli.up.processes import end_in_order
from cli.up.record import exclusive, is_running, load_record, remove_record

STOP_SECONDS = 30.0


def running_url(settings: Settings) -> str:
    """Address of the arena of this data folder. Raises `CommandFailed` when none runs."""
    if not is_running(settings.home):
        raise CommandFailed(
            ExitCode.UNREACHABLE,
            f"no arena runs in {settings.home}; start one with: perpflow up",
        )
    record = load_record(settings.home)
    if record is not None:
        return record.url
    return f"http://{shown_host(settings.api_host)}:{settings.api_port}"


def stop_arena(home: Path) -> str:
    """Stop what `up` started in a data folder; a sentence about it. Raises `CommandFailed`."""
    record = load_record(home)
    process = record.process() if record is not None else None
    if not is_running(home) or record is None or process is None:
        return _clean_up(home)
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(timeout=STOP_SECONDS)
    except psutil.TimeoutExpired:
        raise CommandFailed(
            ExitCode.FAILED,
            f"process {process.pid} has not stopped within {STOP_SECONDS:.0f} s; "
            f"end it with: kill -9 {process.pid}, then run perpflow down again",
        ) from None
    return f"the arena in {home} has stopped"


def _clean_up(home: Path) -> str:
    """Nothing owns the folder: end what a killed start left behind, the database included."""
    if not home.is_dir():
        return f"no arena runs in {home}"
    from adapters.store.embedded.server import EmbeddedServer

    with exclusive(home):
        record = load_record(home)
        left = 0 if record is None else end_in_order(record.run_id)
        remove_record(home)
        if (home / "postgres").is_dir():
            EmbeddedServer(home).down()
    if left:
        return f"ended {left} processes that a killed start had left in {home}"
    return f"no arena runs in {home}"
