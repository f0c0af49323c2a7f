"""AsterDEX as the market of an arena: `MarketSource` and `BookSource` over the public calls, no keys.

Everything is of now: candles are closed by the venue's clock, quotes carry its time. What it cannot
say of an instrument is `BadMarketData`; a request budget without room is `WeightRefused`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from adapters.venues.aster.market_candles import Stretch, read_candles, wait_until_closed
from adapters.venues.aster.market_funding import read_fundings
from adapters.venues.aster.market_line import LineParts, MarketLine
from adapters.venues.aster.market_name import market_name
from adapters.venues.aster.market_quotes import quote_of, read_board, require_now
from adapters.venues.aster.market_rules import KnownInstruments, Listing, MarketRules
from adapters.venues.aster.networks import venue_address
from adapters.venues.aster.open_interests import OpenInterests
from trading.account import Network
from trading.candles import Candle
from trading.errors import BadMarketData, InvalidRecord, VenueError, WeightRefused
from trading.instruments import Instrument
from trading.market import BookLevel, FundingRate, OrderBook, Quote
from trading.ports import WeightBudget
from trading.timeframes import EPOCH, Timeframe

_MILLISECOND = timedelta(milliseconds=1)
BOOK_LEVELS = 20
"""Of each side, for a weight of 2; 100 would cost 5."""


async def nothing_known() -> tuple[Instrument, ...]:
    """For a market that no store has seen yet."""
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketAddress:
    """Which AsterDEX: what the arena's settings say of it."""

    network: Network
    base_url: str | None = None
    """Another host with the same calls, e.g. a sandbox; None: the network's own."""

    @classmethod
    def of_settings(cls, settings: Mapping[str, object]) -> MarketAddress:
        """From `{"network": "testnet"}`, with `base_url` where there is one.

        Raises `InvalidRecord`.
        """
        unknown = set(settings) - {"network", "base_url"}
        network, base_url = settings.get("network"), settings.get("base_url")
        if unknown or not isinstance(network, str) or network not in list(Network):
            raise InvalidRecord(
                "the aster market takes the settings 'network' (mainnet or testnet) and"
                f" 'base_url', found: {', '.join(f'{k}={v}' for k, v in settings.items()) or 'none'}"
            )
        address = cls(
            network=Network(network), base_url=None if base_url is None else str(base_url)
        )
        venue_address(address.network, address.base_url)
        return address

    @property
    def name(self) -> str:
        return market_name(self.network, self.base_url)

    @property
    def settings(self) -> dict[str, object]:
        """As the arena keeps them."""
        only = {} if self.base_url is None else {"base_url": self.base_url}
        return {"network": self.network.value} | only


class AsterMarket:
    """One for a process; see `LoopClients` for how it lives through several event loops."""

    def __init__(
        self,
        address: MarketAddress,
        *,
        budget: WeightBudget,
        known_instruments: KnownInstruments = nothing_known,
    ) -> None:
        """`known_instruments` are those of the store.

        Margin tables of accounts come from there, and the rules while the venue tells none.
        """
        self._name = address.name
        self._line = MarketLine(
            LineParts(address=venue_address(address.network, address.base_url), budget=budget)
        )
        self._rules = MarketRules(self._line, known_instruments)
        self._interests = OpenInterests(self._line)

    @property
    def name(self) -> str:
        return self._name

    @property
    def base_timeframe(self) -> Timeframe:
        return Timeframe.M1

    @property
    def place(self) -> str:
        """Host and port, for people."""
        return self._line.parts.address.place

    @property
    def open_connections(self) -> int:
        """Loops that have a client now."""
        return len(self._line.clients)

    async def instruments(self) -> tuple[Instrument, ...]:
        """Not older than an hour, or what the store has while the venue has told this process none.

        Raises `VenueError` where nothing is known.
        """
        return tuple((await self._rules.listing()).instruments.values())

    async def told_instruments(self) -> tuple[Instrument, ...]:
        """Only as the venue has told this process. Raises `VenueError` before it has."""
        return tuple((await self._rules.told()).instruments.values())

    async def fresh_instruments(self) -> tuple[Instrument, ...]:
        """Asked for now: after a filter has refused an order (faults: E22). Raises `VenueError`."""
        return tuple((await self._rules.renewed()).instruments.values())

    async def candles(
        self, symbol: str, timeframe: Timeframe, *, until: datetime, limit: int
    ) -> tuple[Candle, ...]:
        """Raises `UnknownName`, `BadMarketData` and `WeightRefused`."""
        await self._require(symbol)
        end = await self._closed_until(symbol, timeframe, until)
        length = timeframe.length
        return await read_candles(
            self._line,
            Stretch(
                symbol=symbol, timeframe=timeframe, first=end - limit * length, last=end - length
            ),
        )

    async def candles_between(
        self, symbol: str, timeframe: Timeframe, *, since: datetime, until: datetime
    ) -> tuple[Candle, ...]:
        """Raises `UnknownName`, `BadMarketData` and `WeightRefused`."""
        await self._require(symbol)
        length = timeframe.length
        first = timeframe.floor(since)
        if first < since:
            first += length
        if first + length > timeframe.floor(until):
            return ()
        end = await self._closed_until(symbol, timeframe, until)
        return await read_candles(
            self._line,
            Stretch(symbol=symbol, timeframe=timeframe, first=first, last=end - length),
        )

    async def quote(self, symbol: str, at: datetime) -> Quote:
        """Without open interest, which nobody asks of a single price.

        Raises `UnknownName`, `BadMarketData` and `WeightRefused`.
        """
        found = (await self._quotes((symbol,), at))[symbol]
        if isinstance(found, BadMarketData):
            raise found
        return found

    async def quotes(
        self, symbols: Sequence[str], at: datetime
    ) -> Mapping[str, Quote | BadMarketData]:
        """Raises `UnknownName` and `WeightRefused`; every other trouble is an answer."""
        if not symbols:
            return {}
        found = await self._quotes(tuple(symbols), at)
        sound = [symbol for symbol, quote in found.items() if isinstance(quote, Quote)]
        interests = await self._interests.of(sound)
        return {
            symbol: replace(quote, open_interest=interests.get(symbol))
            if isinstance(quote, Quote)
            else quote
            for symbol, quote in found.items()
        }

    async def funding_between(
        self, symbol: str, *, after: datetime, until: datetime
    ) -> tuple[FundingRate, ...]:
        """Raises `UnknownName`, `BadMarketData` and `WeightRefused`."""
        instrument = (await self._require(symbol)).require(symbol)
        return await read_fundings(self._line, instrument, after=after, until=until)

    async def order_book(self, symbol: str, at: datetime) -> OrderBook:
        """The book of now; raises `BadMarketData` for an instant long past, and `WeightRefused`."""
        await self._require(symbol)
        now = await self._now(symbol)
        require_now(symbol, at, now)
        depth = await self._line.ask(symbol, lambda calls: calls.depth(symbol, BOOK_LEVELS))
        told = now if depth.time is None else EPOCH + depth.time * _MILLISECOND
        return OrderBook(
            symbol=symbol,
            at=told,
            bids=tuple(BookLevel(*level) for level in depth.bids),
            asks=tuple(BookLevel(*level) for level in depth.asks),
        )

    async def aclose(self) -> None:
        """Close the connections of the running loop; they are opened again when needed."""
        await self._line.clients.aclose()

    async def _quotes(
        self, symbols: tuple[str, ...], at: datetime
    ) -> dict[str, Quote | BadMarketData]:
        try:
            listing = await self._require(*symbols)
            require_now(symbols[0], at, await self._now(symbols[0]))
            board = await read_board(self._line, symbols)
        except BadMarketData as defect:
            return {symbol: BadMarketData(symbol, defect.reason) for symbol in symbols}
        return {symbol: quote_of(listing, symbol, board) for symbol in symbols}

    async def _require(self, *symbols: str) -> Listing:
        """Raises `UnknownName`, and `BadMarketData` while the rules were never told."""
        try:
            listing = await self._rules.listing()
        except WeightRefused:
            raise
        except VenueError as error:
            raise BadMarketData(symbols[0], str(error)) from error
        for symbol in symbols:
            listing.require(symbol)
        return listing

    async def _closed_until(self, symbol: str, timeframe: Timeframe, until: datetime) -> datetime:
        await self._now(symbol)
        return await wait_until_closed(self._line, timeframe, until)

    async def _now(self, symbol: str) -> datetime:
        try:
            return await self._line.venue_now()
        except WeightRefused:
            raise
        except VenueError as error:
            raise BadMarketData(symbol, str(error)) from error
