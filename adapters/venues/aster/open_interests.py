"""Open interest: a call that the venue does not document, so nothing may depend on it.

Asked for symbol by symbol, at most once a minute each, for at most twenty; what fails is unknown.
Where the venue says that it has no such call, it is not asked again for ten minutes.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from decimal import Decimal

from adapters.venues.aster.errors import Refused
from adapters.venues.aster.market_line import MarketLine
from trading.errors import VenueError

MOST_SYMBOLS = 20
"""Each costs a weight of 1: a scan of the whole venue would cost more than all its candles."""
KEPT_SECONDS = 60.0
AWAY_SECONDS = 600.0
_NO_SUCH_SYMBOL = -1121
_NO_SUCH_CALL = 404
_MALFORMED = range(-1999, -999)


class OpenInterests:
    """What was told lately; seconds are of the monotonic clock."""

    def __init__(self, line: MarketLine) -> None:
        self._line = line
        self._told: dict[str, tuple[float, Decimal | None]] = {}
        """Until when it is good, and what it is."""
        self._away_until = 0.0

    async def of(self, symbols: Sequence[str]) -> Mapping[str, Decimal | None]:
        """By symbol; None is unknown. Raises nothing."""
        if len(symbols) > MOST_SYMBOLS:
            return {}
        found = await asyncio.gather(*(self._of(symbol) for symbol in symbols))
        return dict(zip(symbols, found, strict=True))

    async def _of(self, symbol: str) -> Decimal | None:
        now = time.monotonic()
        good_until, told = self._told.get(symbol, (0.0, None))
        if now < good_until:
            return told
        if now < self._away_until:
            return None
        try:
            answer = await self._line.call(lambda calls: calls.open_interest(symbol))
        except Refused as refusal:
            self._note(symbol, refusal.code)
            return None
        except VenueError:
            return None
        self._told[symbol] = (now + KEPT_SECONDS, answer.open_interest)
        return answer.open_interest

    def _note(self, symbol: str, code: int) -> None:
        if code == _NO_SUCH_SYMBOL:
            self._told[symbol] = (time.monotonic() + AWAY_SECONDS, None)
        elif code == _NO_SUCH_CALL or code in _MALFORMED:
            self._away_until = time.monotonic() + AWAY_SECONDS
