"""How Prefect is set up on one machine: environment variables, each with its reason.

Three readers: the server, the worker (and so every flow run), and our own client. Nothing here
comes from a Prefect profile of the user: `PREFECT_HOME` points into the data folder, and variables
of the caller that start with `PREFECT_` are dropped first. All durations are seconds.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import certifi

from deployments.prefect_sqlite import PLUGIN

LOOPBACK = "127.0.0.1"

SERVER_SETTINGS: Mapping[str, tuple[str, str]] = {
    "PREFECT_SERVER_API_HOST": (
        LOOPBACK,
        "the server has no password, so only this machine may reach it",
    ),
    "PREFECT_SERVER_LOGGING_LEVEL": ("WARNING", "one line per request would fill the log"),
    "PREFECT_SERVER_UI_V2_ENABLED": ("false", "the new UI calls an analytics host regardless"),
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": ("false", "no advertisement among the runs"),
    "PREFECT_SERVER_ANALYTICS_ENABLED": ("false", "nothing about the arena leaves the machine"),
    "PREFECT_SERVER_SERVICES_SCHEDULER_RECENT_DEPLOYMENTS_LOOP_SECONDS": (
        "1",
        "a changed schedule is due within seconds; 5 would cost the first cycle its slot",
    ),
    "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": (
        "20",
        "at speed 60 three runs last three minutes; 60 would sail close to that",
    ),
    "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_RUNS": (
        "3",
        "enough ahead, and few rows to drop when a schedule moves",
    ),
    "PREFECT_SERVER_SERVICES_SCHEDULER_MIN_SCHEDULED_TIME": (
        "PT3M",
        "an hour ahead is sixty rows for each account at speed 60",
    ),
    "PREFECT_SERVER_SERVICES_LATE_RUNS_AFTER_SECONDS": (
        "30",
        "runs queue for a place in the worker for some seconds; that is not late",
    ),
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_ENABLED": (
        "false",
        "a cycle is 40 events with 9 resources each: 100 accounts would store ten million rows a"
        " day. Runs, task runs and logs are stored all the same; only Prefect's event feed is empty",
    ),
    "PREFECT_SERVER_SERVICES_TRIGGERS_ENABLED": (
        "false",
        "Prefect's automations would weigh each of 40 events per cycle, a fifteenth of the server's"
        " work; alerts come from our own watchdog",
    ),
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": (
        "200",
        "task runs are written in batches: SQLite has one writer",
    ),
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": ("50", "as above"),
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": (
        "3",
        "longer than most tasks, so that all states of one are written at once",
    ),
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": (
        "events,flow_runs",
        "the default keeps every flow run for ever; ours is the record of money, not theirs",
    ),
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": (
        "172800",
        "two days of runs: at 100 accounts x 288 a day that is a million task runs and log lines",
    ),
    "PREFECT_SERVER_CONCURRENCY_LEASE_STORAGE": (
        "prefect.server.concurrency.lease_storage.filesystem",
        "kept in memory, a slot taken before a restart would never be given back",
    ),
    "PREFECT_SERVER_DATABASE_TIMEOUT": (
        "30",
        "SQLite has one writer; on a busy machine 10 ends in 'database is locked'",
    ),
}
"""Variable -> (value, reason)."""

CLIENT_SETTINGS: Mapping[str, tuple[str, str]] = {
    "PREFECT_CLIENT_CSRF_SUPPORT_ENABLED": (
        "false",
        "the server on this machine asks for no token; each client would ask whether it does",
    ),
    "PREFECT_CLIENT_METRICS_ENABLED": ("false", "no third port"),
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": (
        "false",
        "server and client come from one environment; saves a request for each client",
    ),
    "PREFECT_TELEMETRY_ENABLE_RESOURCE_METRICS": ("false", "nobody reads them"),
    "PREFECT_CLOUD_ENABLE_ORCHESTRATION_TELEMETRY": ("false", "there is no cloud"),
    "PYTHONTZPATH": (
        "",
        "Prefect lists all time zones for each schedule it reads: 43 ms from the system's folder,"
        " 0.4 ms from the tzdata package; it was the largest part of a server with 100 accounts",
    ),
    "DO_NOT_TRACK": ("1", "Prefect's own switch for its client's analytics"),
    "PREFECT_LOGGING_COLORS": ("false", "output goes to files"),
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": (
        "ignore",
        "a task called outside a run, as in tests, is no reason to warn",
    ),
}
"""Variable -> (value, reason): for everything that talks to the server."""

WORKER_SETTINGS: Mapping[str, tuple[str, str]] = {
    "PREFECT_WORKER_QUERY_SECONDS": ("2", "the default of 10 is a sixth of an hour at speed 60"),
    "PREFECT_RUNNER_AUTO_INSTALL_DEPENDENCIES": ("false", "a run never changes its environment"),
    "PYTHONUNBUFFERED": ("1", "the last lines of a crash belong in the log"),
}
"""Variable -> (value, reason)."""

_KEY_FILE = "encryption.key"
_PEM_END = "-----END CERTIFICATE-----"
_BUNDLE_FILE = "authority.pem"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefectPlace:
    """Where this machine's Prefect lives."""

    folder: Path
    """Home of Prefect: database, key file, profiles."""
    port: int

    @property
    def api_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}/api"

    @property
    def ui_url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"


def server_environment(place: PrefectPlace, environ: Mapping[str, str]) -> dict[str, str]:
    """Everything `prefect server start` needs; creates the key file on first use."""
    return {
        **client_environment(place, environ),
        **_values(SERVER_SETTINGS),
        "PREFECT_SERVER_API_PORT": str(place.port),
        "PREFECT_SERVER_UI_API_URL": place.api_url,
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": (
            f"sqlite+aiosqlite:///{place.folder / 'prefect.db'}?plugin={PLUGIN}"
        ),
        "PREFECT_SERVER_ENCRYPTION_KEY": _encryption_key(place.folder),
        "PYTHONUNBUFFERED": "1",
    }


def worker_environment(place: PrefectPlace, environ: Mapping[str, str]) -> dict[str, str]:
    """For the worker and, by inheritance, every flow run it starts."""
    # Prefect's runner keeps its files in one folder of the machine's temporary directory, which
    # belongs to the first user who made it: another user's worker dies there.
    private = place.folder / "tmp"
    private.mkdir(parents=True, exist_ok=True, mode=0o700)
    return {
        **client_environment(place, environ),
        **_values(WORKER_SETTINGS),
        "TMPDIR": str(private),
    }


def client_environment(place: PrefectPlace, environ: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without its Prefect settings, plus ours."""
    kept = {name: value for name, value in environ.items() if not name.startswith("PREFECT_")}
    return {
        **kept,
        **_without_proxy(environ),
        **_values(CLIENT_SETTINGS),
        # Every client of Prefect parses a whole bundle of authorities (30 ms), although the server
        # on this machine speaks plain HTTP: a bundle of one is enough.
        "PREFECT_API_SSL_CERT_FILE": str(_small_bundle(place.folder)),
        "PREFECT_HOME": str(place.folder),
        "PREFECT_API_URL": place.api_url,
    }


def _values(settings: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    return {name: value for name, (value, _reason) in settings.items()}


def _without_proxy(environ: Mapping[str, str]) -> dict[str, str]:
    """A proxy of the caller must not stand between a process and the server beside it."""
    named = next((environ[name] for name in ("NO_PROXY", "no_proxy") if environ.get(name)), "")
    hosts = [host for host in (named, LOOPBACK, "localhost") if host]
    return {"NO_PROXY": ",".join(hosts), "no_proxy": ",".join(hosts)}


def _small_bundle(folder: Path) -> Path:
    path = folder / _BUNDLE_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        first, end, _ = Path(certifi.where()).read_text(encoding="utf-8").partition(_PEM_END)
        whole = path.with_name(f"{path.name}.{os.getpid()}")
        whole.write_text(first + end + "\n", encoding="utf-8")
        whole.replace(path)  # another process may be reading it
    return path


def _encryption_key(folder: Path) -> str:
    """The Fernet key of Prefect's blocks, outside the database that it protects."""
    path = folder / _KEY_FILE
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(urlsafe_b64encode(os.urandom(32)))
    return path.read_text(encoding="ascii").strip()
