"""Everything that is decided before anything starts. A plan that was made can be carried out.

Bad input ends here, with nothing written but the data folder itself: configuration, market, speed,
folder, ports.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from adapters.config.accounts_file import load_accounts
from adapters.config.settings import Settings
from api.loopback import is_loopback
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.up.markets import MarketPlan, fit_demo_accounts, plan_market, require_candles
from cli.up.ports import require_free, shown_host
from deployments.pools import POOLS
from deployments.prefect_settings import LOOPBACK, PrefectPlace
from deployments.schedule import require_bearable_speed
from trading.account import Account
from trading.errors import InvalidRecord

ACCOUNTS_FILE = "accounts.yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class UpPlan:
    """One start of the arena, checked."""

    settings: Settings
    environ: Mapping[str, str]
    """The effective environment: `.env` beneath the real one. May hold secrets."""
    accounts_source: str
    is_demo: bool
    """No accounts file was given or found."""
    accounts: tuple[Account, ...]
    market: MarketPlan
    once: bool
    new_link: bool
    """Make a new operator link even if there is one already."""

    @property
    def home(self) -> Path:
        return self.settings.home

    @property
    def logs(self) -> Path:
        return self.home / "logs"

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


def make_plan(
    settings: Settings, environ: Mapping[str, str], *, once: bool, new_link: bool
) -> UpPlan:
    """Check everything that can be checked without starting anything.

    Raises `ConfigurationError` and `CommandFailed`.
    """
    market = plan_market(settings)
    source, accounts = read_accounts(settings, environ, market)
    require_candles(accounts, market)
    if not once:
        _require_speed(settings, accounts)
    return UpPlan(
        settings=settings,
        environ=environ,
        accounts_source=source,
        is_demo=accounts_path(settings) is None,
        accounts=accounts,
        market=market,
        once=once,
        new_link=new_link,
    )


def read_accounts(
    settings: Settings, environ: Mapping[str, str], market: MarketPlan | None
) -> tuple[str, tuple[Account, ...]]:
    """Where the accounts come from, and the accounts. Raises `ConfigurationError`."""
    path = accounts_path(settings)
    if path is not None:
        known = None if market is None else market.assets
        return str(path), load_accounts(path, environ, known_assets=known)
    demo = load_accounts(demo_path(), {})
    return "demo accounts", demo if market is None else fit_demo_accounts(demo, market)


def accounts_path(settings: Settings) -> Path | None:
    """The accounts file that applies; None for the demo."""
    if settings.config is not None:
        return settings.config.expanduser()
    own = Path(ACCOUNTS_FILE)
    return own if own.is_file() else None


def demo_path() -> Path:
    """The sample that ships with the package."""
    return Path(str(files("deployments"))) / "accounts" / "demo.yaml"


def require_ports(plan: UpPlan) -> None:
    """Both ports can be bound. Raises `CommandFailed`."""
    settings = plan.settings
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


def _require_speed(settings: Settings, accounts: tuple[Account, ...]) -> None:
    shortest = min((account.interval for account in accounts), key=lambda each: each.seconds)
    try:
        require_bearable_speed(settings.speed, shortest, POOLS[settings.worker])
    except InvalidRecord as refusal:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION, f"{refusal}; change --speed or the intervals"
        ) from None
