"""What is traded on the venue and by which rules, asked anew every hour (faults: E22).

An instrument that was known stays one when the venue stops trading it: accounts may hold it. Its
quotes are refused by name then. While the venue cannot say its rules, the old ones go on: those of
this process, or those that the store has from an earlier one. By these everything may be closed and
protected; who opens something asks for `told`.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from adapters.venues.aster.instrument_rules import TRADING, instruments_of
from adapters.venues.aster.market_line import MarketLine
from adapters.venues.aster.payloads.market import ExchangeInfo
from trading.errors import UnknownName, VenueError, VenueUnavailable, WeightRefused
from trading.instruments import Instrument

_log = logging.getLogger("perpflow.aster")

RULES_SECONDS = 3600.0
AGAIN_SECONDS = 300.0
"""After a question for the rules that was not answered."""
NO_ROOM_SECONDS = 10.0
"""After one that was not asked, because the request budget had no room for it."""
_SHOWN = 12
"""Symbols that a refusal lists: the venue has hundreds."""

KnownInstruments = Callable[[], Awaitable[tuple[Instrument, ...]]]
"""What the store has of this market, margin tables of accounts included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The instruments of one answer."""

    instruments: Mapping[str, Instrument]
    """By symbol; also those that are no longer traded."""
    halted: Mapping[str, str]
    """The venue's status of those that are not traded now, by symbol."""
    was_told: bool = True
    """By the venue, to this process; else they are what the store has of an earlier time."""

    def require(self, symbol: str) -> Instrument:
        """Raises `UnknownName`."""
        found = self.instruments.get(symbol)
        if found is None:
            shown = tuple(self.instruments)[:_SHOWN]
            more = len(self.instruments) - len(shown)
            raise UnknownName(
                "symbol of this market", symbol, (*shown, f"and {more} more") if more else shown
            )
        return found


class MarketRules:
    """The newest listing."""

    def __init__(self, line: MarketLine, known: KnownInstruments) -> None:
        self._line = line
        self._known = known
        self._listing: Listing | None = None
        self._good_until = 0.0
        """Of the monotonic clock, seconds."""

    async def listing(self) -> Listing:
        """Not older than an hour, where the venue answers; else what is known.

        Raises `VenueError` where nothing is.
        """
        found = self._fresh()
        if found is not None:
            return found
        client = await self._line.clients.of_this_loop()
        async with client.lock:
            return self._fresh() or await self._ask_again()

    async def told(self) -> Listing:
        """As the venue has told this process. Raises `VenueError` before it has."""
        found = await self.listing()
        if not found.was_told:
            raise VenueUnavailable("the venue has not told its rules to this process yet")
        return found

    async def renewed(self) -> Listing:
        """Asked for now: after a refusal that only other rules explain. Raises `VenueError`."""
        client = await self._line.clients.of_this_loop()
        async with client.lock:
            return self._keep(await self._ask(), RULES_SECONDS)

    def _fresh(self) -> Listing | None:
        return self._listing if time.monotonic() < self._good_until else None

    async def _ask_again(self) -> Listing:
        try:
            return self._keep(await self._ask(), RULES_SECONDS)
        except VenueError as error:
            found = self._listing or await self._stored()
            if found is None:
                raise
            _log.warning("the rules of %s go on: %s",
                         "an hour ago" if found.was_told else "the store", error)  # fmt: skip
            is_ours = isinstance(error, WeightRefused)
            return self._keep(found, NO_ROOM_SECONDS if is_ours else AGAIN_SECONDS)

    async def _stored(self) -> Listing | None:
        known = {each.symbol: each for each in await self._known()}
        return Listing(instruments=known, halted={}, was_told=False) if known else None

    async def _ask(self) -> Listing:
        info = await self._line.call(lambda calls: calls.exchange_info())
        fundings = await self._line.call(lambda calls: calls.funding_rules())
        self._line.learn(info.rate_limits)
        known = {each.symbol: each for each in await self._known()}
        if self._listing is not None:
            known = {**self._listing.instruments, **known}
        told = {each.symbol: each.brackets for each in known.values() if each.has_venue_brackets}
        traded = {each.symbol: each for each in instruments_of(info, fundings, told)}
        gone = {symbol: _status(info, symbol) for symbol in known if symbol not in traded}
        return Listing(instruments=dict(sorted({**known, **traded}.items())), halted=gone)

    def _keep(self, listing: Listing, seconds: float) -> Listing:
        self._listing, self._good_until = listing, time.monotonic() + seconds
        return listing


def _status(info: ExchangeInfo, symbol: str) -> str:
    found = next((each.status for each in info.symbols if each.symbol == symbol), None)
    if found is None:
        return "no longer listed"
    return "rules that cannot be read" if found == TRADING else found
