"""Everything that is decided before anything starts. A plan that was made can be carried out.

Bad input ends here, with nothing written: configuration, market, speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from adapters.config.accounts_file import load_accounts, require_runnable
from adapters.config.settings import Settings
from adapters.config.sources import find_source, label_of, load_source
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live.market_fit import require_live_market
from cli.up.markets import MarketPlan, fit_demo_accounts, plan_market, require_candles
from cli.up.place import ArenaPlace, prepare_folder
from deployments.pools import POOLS
from deployments.schedule import require_bearable_speed
from trading.account import Account
from trading.errors import InvalidRecord

__all__ = ["UpPlan", "demo_path", "make_plan", "prepare_folder", "read_accounts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpPlan(ArenaPlace):
    """One start of the arena, checked."""

    accounts_source: str
    is_demo: bool
    """No accounts file and no variables describe accounts."""
    accounts: tuple[Account, ...]
    market: MarketPlan


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
        is_demo=find_source(settings.config, environ) is None,
        accounts=accounts,
        market=market,
        once=once,
        new_link=new_link,
    )


def read_accounts(
    settings: Settings, environ: Mapping[str, str], market: MarketPlan | None
) -> tuple[str, tuple[Account, ...]]:
    """Where the accounts come from, and the accounts.

    Raises `ConfigurationError`, and `CommandFailed` for a live account on another market.
    """
    found = find_source(settings.config, environ)
    if found is not None:
        known = None if market is None else market.assets
        is_named = settings.config is not None
        loaded = load_source(found, environ, is_named=is_named, known_assets=known)
        accounts = require_runnable(loaded)
        if market is not None:
            require_live_market(accounts, market.name)
        return label_of(found), accounts
    demo = load_accounts(demo_path(), {})
    return "demo accounts", demo if market is None else fit_demo_accounts(demo, market)


def demo_path() -> Path:
    """The sample that ships with the package."""
    return Path(str(files("deployments"))) / "accounts" / "demo.yaml"


def _require_speed(settings: Settings, accounts: tuple[Account, ...]) -> None:
    shortest = min((account.interval for account in accounts), key=lambda each: each.seconds)
    try:
        require_bearable_speed(settings.speed, shortest, POOLS[settings.worker])
    except InvalidRecord as refusal:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION, f"{refusal}; change --speed or the intervals"
        ) from None
