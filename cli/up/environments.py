"""What each part of the arena gets to see of the environment.

The processes that face a network port (API, Prefect's server) get an allow-list, so that no key
from `.env` reaches them even by mistake. Only the worker, whose flow runs resolve references to
secrets, gets everything.
"""

from __future__ import annotations

from collections.abc import Mapping

from cli.up.place import ArenaPlace
from deployments.prefect_settings import server_environment, worker_environment

_SYSTEM = frozenset(
    {
        *("HOME", "LOGNAME", "USER", "PATH", "TZ", "LANG", "LANGUAGE"),
        *("TEMP", "TMP", "TMPDIR", "SYSTEMROOT"),
        *("LD_LIBRARY_PATH", "SSL_CERT_DIR", "SSL_CERT_FILE", "VIRTUAL_ENV"),
    }
)
_SYSTEM_PREFIXES = ("LC_", "PYTHON", "DYLD_", "NUMBA_")
_API = frozenset({"API_CORS_ORIGINS"})


def with_home(environ: Mapping[str, str], plan: ArenaPlace) -> dict[str, str]:
    """Libraries expand `~`; a service or container may have no home."""
    home = environ.get("HOME") or str(plan.home)
    return {**environ, "HOME": home, "PERPFLOW_HOME": str(plan.home)}


def for_api(plan: ArenaPlace, database_url: str) -> dict[str, str]:
    """The API: where to listen, what to read, nothing that is a key."""
    return {
        **_allowed(with_home(plan.environ, plan), _API),
        "DATABASE_URL": database_url,
        "API_HOST": plan.settings.api_host,
        "API_PORT": str(plan.settings.api_port),
        "PERPFLOW_PREFECT_UI_URL": plan.prefect.ui_url,
        "PYTHONUNBUFFERED": "1",
    }


def for_prefect_server(plan: ArenaPlace) -> dict[str, str]:
    """Prefect's server: its settings and the bare system."""
    return server_environment(plan.prefect, _allowed(with_home(plan.environ, plan)))


def for_worker(plan: ArenaPlace, database_url: str) -> dict[str, str]:
    """The worker and its flow runs."""
    return {
        **worker_environment(plan.prefect, with_home(plan.environ, plan)),
        "DATABASE_URL": database_url,
    }


def _allowed(environ: Mapping[str, str], more: frozenset[str] = frozenset()) -> dict[str, str]:
    return {
        name: value
        for name, value in environ.items()
        if name in _SYSTEM or name in more or name.startswith(_SYSTEM_PREFIXES)
    }
