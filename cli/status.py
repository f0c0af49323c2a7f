"""`perpflow status`: every part of the arena, what cannot be reached, and the accounts.

The parts come from the record that the supervising process keeps, checked against what really runs;
so there is an answer also while the API or the whole supervision is dead. Memory is bytes.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx
import psutil

from adapters.config.settings import Settings
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.local_api import fetch
from cli.up.keeper import PartState
from cli.up.processes import marked
from cli.up.record import PartRecord, RunRecord, is_running, load_record

_ASK_SECONDS = 3.0
SUPERVISOR = "up"
"""It has started all others: their memory is not its own."""
GONE = "gone"
"""State of a part whose process has ended and that nobody starts again."""


def fetch_status(settings: Settings) -> dict[str, Any]:
    """All there is to know, as plain data. Raises `CommandFailed` when no arena runs."""
    home = settings.home
    record = load_record(home)
    is_supervised = is_running(home)
    if record is None or not (is_supervised or marked(record.run_id)):
        raise CommandFailed(
            ExitCode.UNREACHABLE, f"no arena runs in {home}; start one with: perpflow up"
        )
    parts = [_describe(part) for part in record.parts]
    accounts, problems = _accounts(record)
    if not is_supervised:
        problems.append(
            f"perpflow up (process {record.pid}) was killed: nothing restarts what dies now; "
            "run perpflow up again, it goes on where this one was, or perpflow down"
        )
    if not _answers(record.prefect_url):
        problems.append(f"Prefect does not answer at {record.prefect_url}: no cycle can begin")
    problems += [f"{part['name']} is {_why(part)}" for part in parts if not _is_well(part)]
    return {
        "schema_version": 1,
        "healthy": not problems,
        "problems": problems,
        "url": record.url,
        "prefect_url": record.prefect_url,
        "home": str(home),
        "up_seconds": int(time.time() - record.create_time),
        "supervisor": _describe(_supervisor(record, home, lives=is_supervised)),
        "parts": parts,
        **accounts,
    }


def exit_code(status: Mapping[str, Any]) -> ExitCode:
    """Healthy or degraded, for scripts."""
    return ExitCode.DONE if status["healthy"] else ExitCode.FAILED


def _accounts(record: RunRecord) -> tuple[Mapping[str, Any], list[str]]:
    try:
        found: Mapping[str, Any] = fetch(record.url, "/api/v1/leaderboard")
    except CommandFailed:
        text = f"the API does not answer at {record.url}: no figures, the cycles go on without it"
        return {"totals": None, "items": []}, [text]
    return found, []


def _describe(part: PartRecord) -> dict[str, Any]:
    process = _process(part)
    is_gone = process is None and part.state == PartState.RUNNING
    return {
        "name": part.name,
        "pid": None if process is None else process.pid,
        "state": GONE if is_gone else part.state,
        "restarts": part.restarts,
        "since_seconds": max(0, int(time.time() - part.since)),
        "memory_bytes": None
        if process is None
        else _memory(process, alone=part.name == SUPERVISOR),
        "log": part.log,
        "last_failure": part.last_failure,
    }


def _supervisor(record: RunRecord, home: Path, *, lives: bool) -> PartRecord:
    return PartRecord(
        name=SUPERVISOR,
        pid=record.pid if lives else None,
        state=PartState.RUNNING.value,
        since=record.create_time,
        restarts=0,
        log=str(home / "logs" / "up.log"),
        last_failure="",
    )


def _process(part: PartRecord) -> psutil.Process | None:
    """The part's first process; a stranger that got its id was created later than the part."""
    if part.pid is None:
        return None
    try:
        process = psutil.Process(part.pid)
        is_ours = process.create_time() < part.since + 1.0
        return process if is_ours and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.NoSuchProcess:
        return None


def _memory(process: psutil.Process, *, alone: bool) -> int | None:
    """Of a part with all that it has started, shared pages counted once."""
    total = 0
    try:
        family = [process, *(() if alone else process.children(recursive=True))]
    except psutil.NoSuchProcess:
        return None
    for each in family:
        try:
            total += each.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
        except (psutil.AccessDenied, AttributeError):
            return _resident(family)  # another user's, or a system without this figure
    return total


def _resident(family: list[psutil.Process]) -> int | None:
    try:
        return sum(each.memory_info().rss for each in family)
    except psutil.Error:
        return None


def _is_well(part: Mapping[str, Any]) -> bool:
    return part["state"] == PartState.RUNNING


def _why(part: Mapping[str, Any]) -> str:
    cause = f" ({part['name']} {part['last_failure']})" if part["last_failure"] else ""
    return f"{part['state']}{cause}; its log: {part['log']}"


def _answers(url: str) -> bool:
    try:
        with httpx.Client(timeout=_ASK_SECONDS, trust_env=False) as client:
            return client.get(f"{url}/api/health").is_success
    except httpx.TransportError:
        return False
