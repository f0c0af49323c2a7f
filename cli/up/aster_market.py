"""AsterDEX as the market of an arena, asked once before anything starts: what is traded, and whether
it answers at all.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from adapters.config.settings import Settings
from adapters.venues.aster.budget_of_one import BudgetOfOne
from adapters.venues.aster.market_source import AsterMarket, MarketAddress
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from trading.account import Network
from trading.errors import VenueError
from trading.instruments import Instrument


def address_of(settings: Settings) -> MarketAddress:
    """Raises `InvalidRecord` for an address that is none."""
    found = MarketAddress(network=Network(settings.network), base_url=settings.base_url)
    return MarketAddress.of_settings(found.settings)


def open_aster(address: MarketAddress) -> AsterMarket:
    """For a command: nothing else of this machine needs the budget that it spends, a few units."""
    return AsterMarket(address, budget=BudgetOfOne(clock=lambda: datetime.now(UTC)))


def read_instruments(market: AsterMarket) -> tuple[Instrument, ...]:
    """What is traded now. Raises `CommandFailed` when the venue does not say so."""
    try:
        found = asyncio.run(market.instruments())
    except VenueError as error:
        raise CommandFailed(
            ExitCode.UNREACHABLE,
            f"the market {market.name} cannot be read from {market.place}: {error}; look at this"
            " machine's network, at --network and ASTERDEX_BASE_URL, or start on --market simulated",
        ) from None
    if not found:
        raise CommandFailed(
            ExitCode.UNREACHABLE,
            f"{market.place} answers, but names no perpetual in USDT that is traded now; is"
            " ASTERDEX_BASE_URL the address of AsterDEX futures?",
        )
    return found


def remarks_on(address: MarketAddress, market: AsterMarket) -> tuple[str, ...]:
    """What an operator has to know before the first cycle."""
    kind = (
        "prices are real, in real time"
        if address.network is Network.MAINNET
        else "prices are those of the test network, in real time; its money is worth nothing"
    )
    return (
        f"AsterDEX {address.network} at {market.place}: {kind}",
        "paper accounts trade no money; while the arena is down the market goes on, and their"
        " missed slots are not made up for",
    )
