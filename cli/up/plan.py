"""Everything that is decided before anything starts. A plan that was made can be carried out.

Bad input ends here, with nothing written: configuration, market, speed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from adapters.config.settings import Settings
from adapters.config.sources import find_source, label_of, load_source
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live.market_fit import require_live_market
from cli.prompt_faults import PromptFaults
from cli.prompt_files import prompt_folder
from cli.up.demo import demo_label, load_demo, require_demo
from cli.up.markets import MarketPlan, fit_demo_accounts, plan_market, require_candles
from cli.up.place import ArenaPlace, prepare_folder
from deployments.pools import POOLS
from deployments.schedule import asks_model, require_bearable_speed
from trading.account import Account
from trading.errors import InvalidRecord

__all__ = ["UpPlan", "make_plan", "prepare_folder", "read_accounts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class UpPlan(ArenaPlace):
    """One start of the arena, checked."""

    accounts_source: str
    is_demo: bool
    """No accounts file and no variables describe accounts."""
    accounts: tuple[Account, ...]
    market: MarketPlan

    @property
    def goes_on_with_stored(self) -> bool:
        """Whether these accounts are only for a first start; models were asked for by name."""
        return self.is_demo and not self.settings.llm


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
    if found is None:
        demo = load_demo(settings, environ).accounts
        fitted = demo if market is None else fit_demo_accounts(demo, market)
        return demo_label(settings), fitted
    require_demo(settings, label_of(found))
    loaded = load_source(
        found,
        environ,
        is_named=settings.config is not None,
        known_assets=None if market is None else market.assets,
        prompt_fault=PromptFaults(prompt_folder(settings)),
    )
    if market is not None:
        require_live_market(loaded.accounts, market.name)
    return label_of(found), loaded.accounts


def _require_speed(settings: Settings, accounts: tuple[Account, ...]) -> None:
    for account in sorted(accounts, key=lambda each: each.interval.seconds):
        try:
            require_bearable_speed(
                settings.speed,
                account.interval,
                POOLS[settings.worker],
                with_model=asks_model(account),
            )
        except InvalidRecord as refusal:
            raise CommandFailed(
                ExitCode.INVALID_CONFIGURATION, f"{refusal}; change --speed or the intervals"
            ) from None
