"""`perpflow status` and `perpflow down`: one look at the running arena, and its orderly end."""

from __future__ import annotations

import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psutil

from adapters.config.settings import Settings
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.local_api import fetch
from cli.up.ports import shown_host
from cli.up.processes import kill, marked
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


def fetch_status(settings: Settings) -> dict[str, Any]:
    """Where the arena runs, since when, and its accounts. Raises `CommandFailed`."""
    url = running_url(settings)
    record = load_record(settings.home)
    leaderboard: Mapping[str, Any] = fetch(url, "/api/v1/leaderboard")
    up_seconds = 0 if record is None else int(time.time() - record.create_time)
    return {
        "schema_version": 1,
        "url": url,
        "prefect_url": None if record is None else record.prefect_url,
        "home": str(settings.home),
        "up_seconds": up_seconds,
        **leaderboard,
    }


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
        left = marked(record.run_id) if record is not None else []
        kill(left)
        remove_record(home)
        if (home / "postgres").is_dir():
            EmbeddedServer(home).down()
    if left:
        return f"ended {len(left)} processes that a killed start had left in {home}"
    return f"no arena runs in {home}"
