"""Where an arena lives and how it was asked for: folder, ports, options. Light to import.

The supervising process knows this much and no more. What is decided from accounts and market is in
`plan`, which needs the heavy libraries.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from adapters.config.settings import Settings
from adapters.loopback import is_loopback
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.ports import require_free, shown_host
from deployments.prefect_settings import LOOPBACK, PrefectPlace


@dataclass(frozen=True, slots=True, kw_only=True)
class ArenaPlace:
    """One start of an arena, as it was asked for."""

    settings: Settings
    environ: Mapping[str, str]
    """The effective environment: `.env` beneath the real one. May hold secrets."""
    once: bool
    new_link: bool
    """Make a new operator link even if there is one already."""

    @property
    def home(self) -> Path:
        return self.settings.home

    @property
    def logs(self) -> Path:
        return logs_folder(self.home)

    @property
    def work(self) -> Path:
        """Working folder of all parts: empty, so that no stray `.env` is read there."""
        return self.home / "work"

    @property
    def prefect(self) -> PrefectPlace:
        return PrefectPlace(folder=self.home / "prefect", port=self.settings.prefect_port)

    @property
    def url(self) -> str:
        """Of the dashboard, for a browser on this machine."""
        return f"http://{shown_host(self.settings.api_host)}:{self.settings.api_port}"

    @property
    def local_url(self) -> str:
        """Of the API, for this process."""
        host = self.settings.api_host
        reachable = LOOPBACK if host in ("0.0.0.0", "::", "localhost") else host
        return (
            f"http://[{reachable}]:{self.settings.api_port}"
            if ":" in reachable
            else (f"http://{reachable}:{self.settings.api_port}")
        )

    @property
    def is_public(self) -> bool:
        """Whether other machines can reach the API."""
        return not is_loopback(self.settings.api_host)


def logs_folder(home: Path) -> Path:
    """Where the parts' logs lie."""
    return home / "logs"


def require_ports(place: ArenaPlace) -> None:
    """Both ports can be bound. Raises `CommandFailed`."""
    settings = place.settings
    if settings.api_port == settings.prefect_port:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"port {settings.api_port} is given to both the dashboard and Prefect; "
            "change --port or --prefect-port",
        )
    require_free(settings.api_host, settings.api_port, what="the dashboard", option="--port")
    require_free(LOOPBACK, settings.prefect_port, what="Prefect", option="--prefect-port")


def prepare_folder(home: Path) -> None:
    """Make the data folder, private to its owner. Raises `CommandFailed` when it cannot be used."""
    try:
        home.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=home):
            pass
        for name in ("logs", "work"):
            # The data folder itself stays open to the service user of the database.
            (home / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"the data folder {home} cannot be used: {error.strerror or error}; "
            "set PERPFLOW_HOME to a folder that you may write to",
        ) from None
    if hasattr(os, "geteuid") and home.stat().st_uid != os.geteuid():
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"the data folder {home} belongs to another user; "
            "run perpflow as that user, or set PERPFLOW_HOME to a folder of your own",
        )
