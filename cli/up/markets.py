"""The market of an arena: which source, opened and checked before anything starts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from adapters.config.settings import Settings
from adapters.market.errors import RecordedDataError
from adapters.market.recorded import RecordedMarket
from adapters.market.simulated import SimulatedMarket
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from trading.account import Account
from trading.blend.needs import candles_to_decide
from trading.errors import BadMarketData, InvalidRecord
from trading.instruments import Instrument
from trading.scanner.scores import SCAN_TIMEFRAME
from trading.timeframes import Timeframe

_DEMO_ASSETS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketPlan:
    """What the arena trades on; `source` and `settings` open it again in every process."""

    name: str
    source: str
    settings: Mapping[str, object]
    instruments: tuple[Instrument, ...]
    base_timeframe: Timeframe
    starts_at: datetime | None
    """Market time of a first start; None: today."""
    ends_at: datetime | None
    remarks: tuple[str, ...] = ()
    """What the operator should know about the data."""

    @property
    def assets(self) -> tuple[str, ...]:
        """Base assets that can be traded."""
        return tuple(instrument.base for instrument in self.instruments)


def plan_market(settings: Settings) -> MarketPlan:
    """Open the market of the settings. Raises `CommandFailed` when it cannot be used."""
    try:
        if settings.market == "simulated":
            return _simulated(settings)
        return _recorded(settings.market_data)
    except (InvalidRecord, BadMarketData) as refusal:
        raise CommandFailed(ExitCode.INVALID_CONFIGURATION, str(refusal)) from None


def _simulated(settings: Settings) -> MarketPlan:
    if settings.market_data is not None:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"--data {settings.market_data} goes with recorded candles, but the market is "
            "simulated; add --market recorded, or leave --data out",
        )
    market = SimulatedMarket(settings.seed)
    return MarketPlan(
        name=market.name,
        source="simulated",
        settings={"seed": settings.seed},
        instruments=asyncio.run(market.instruments()),
        base_timeframe=market.base_timeframe,
        starts_at=None,
        ends_at=None,
    )


def _recorded(folder: Path | None) -> MarketPlan:
    if folder is None:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            "--market recorded needs a folder with candle files; add --data <folder>",
        )
    folder = folder.expanduser().absolute()
    try:
        market = RecordedMarket.open(folder)
    except RecordedDataError as refusal:
        raise CommandFailed(ExitCode.INVALID_CONFIGURATION, f"--data {folder}: {refusal}") from None
    gaps = tuple(f"gaps in the recorded candles: {gap}" for gap in market.gaps)
    return MarketPlan(
        name=market.name,
        source="recorded",
        settings={"folder": str(folder)},
        instruments=asyncio.run(market.instruments()),
        base_timeframe=market.base_timeframe,
        starts_at=market.suggested_start,
        ends_at=market.ends_at,
        remarks=(*market.unused_files, *gaps),
    )


def fit_demo_accounts(accounts: tuple[Account, ...], market: MarketPlan) -> tuple[Account, ...]:
    """The demo accounts with assets and an interval that the market has."""
    return tuple(
        replace(
            account,
            assets=tuple(asset for asset in account.assets if asset in market.assets)
            or (() if account.scan else market.assets[:_DEMO_ASSETS]),
            interval=max(account.interval, market.base_timeframe, key=lambda each: each.seconds),
        )
        for account in accounts
    )


def require_candles(accounts: tuple[Account, ...], market: MarketPlan) -> None:
    """Raises `CommandFailed` when an account needs candles finer than the market's."""
    base = market.base_timeframe
    for account in accounts:
        scanned = () if account.scan is None else (SCAN_TIMEFRAME,)
        needed = min(
            (account.interval, *candles_to_decide(account), *scanned),
            key=lambda each: each.seconds,
        )
        if needed.seconds < base.seconds:
            raise CommandFailed(
                ExitCode.INVALID_CONFIGURATION,
                f"account {account.id} needs {needed} candles (strategy {account.strategy}, "
                f"interval {account.interval}), but the market {market.name} has {base} candles "
                "at the finest; give it another strategy or interval, or supply finer candles",
            )
