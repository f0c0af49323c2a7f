"""The market of an arena: which source, opened and checked before anything starts."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.config.settings import Settings
from adapters.market.errors import RecordedDataError
from adapters.market.open_market import open_market
from adapters.market.recorded import RecordedMarket
from adapters.market.simulated import SimulatedMarket
from adapters.store.arena import ASTER
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from trading.account import Account
from trading.blend.needs import candles_to_decide
from trading.errors import BadMarketData, InvalidRecord
from trading.instruments import Instrument
from trading.ports import MarketSource
from trading.scanner.scores import SCAN_TIMEFRAME
from trading.timeframes import Timeframe

_DEMO_ASSETS = 3
MOST_CANDIDATES = 24
"""Of a scan at a venue: what a process keeps in memory (96 series) of four timeframes each."""


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
        if settings.market == "recorded":
            return _recorded(settings.market_data)
        _require_no_files(settings)
        return _aster(settings) if settings.market == ASTER else _simulated(settings)
    except (InvalidRecord, BadMarketData) as refusal:
        raise CommandFailed(ExitCode.INVALID_CONFIGURATION, str(refusal)) from None


def open_again(source: str, settings: Mapping[str, Any]) -> MarketSource:
    """The market of a stored arena; nothing is read from it. Raises as `open_market`."""
    if source == ASTER:
        from adapters.venues.aster.market_source import MarketAddress
        from cli.up.aster_market import open_aster

        return open_aster(MarketAddress.of_settings(settings))
    return open_market(source, settings)


def _require_no_files(settings: Settings) -> None:
    if settings.market_data is not None:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"--data {settings.market_data} goes with recorded candles, but the market is "
            f"{settings.market}; add --market recorded, or leave --data out",
        )


def _aster(settings: Settings) -> MarketPlan:
    # Only an arena on AsterDEX pays for the client: half a second.
    from cli.up.aster_market import address_of, open_aster, read_instruments, remarks_on

    address = address_of(settings)
    market = open_aster(address)
    return MarketPlan(
        name=market.name,
        source=ASTER,
        settings=address.settings,
        instruments=read_instruments(market),
        base_timeframe=market.base_timeframe,
        starts_at=None,
        ends_at=None,
        remarks=remarks_on(address, market),
    )


def _simulated(settings: Settings) -> MarketPlan:
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
    """Raises `CommandFailed` when an account needs candles finer than the market's, or too many."""
    base = market.base_timeframe
    for account in accounts:
        _require_candidates(account, market)
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


def _require_candidates(account: Account, market: MarketPlan) -> None:
    """A venue has hundreds of instruments: reading all of them would use up its request weight."""
    if market.source != ASTER or account.scan is None:
        return
    candidates = len(account.assets) or len(market.instruments)
    if candidates > MOST_CANDIDATES:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"account {account.id} chooses from {candidates} instruments, and on {market.name} at"
            f" most {MOST_CANDIDATES} can be read within the venue's limits; name them, as in"
            " {scan: 3, of: [BTC, ETH, SOL]}",
        )
