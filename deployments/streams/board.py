"""The newest prices of every symbol that is followed, put together from several streams.

A quote is complete when last, mark, bid and ask are known; its time is that of its newest part, and
what is older than what is known changes nothing. Prices that cannot be (zero, crossed) are left out.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from adapters.venues.aster.streams.market_events import Book, LastPrice, Mark
from trading.market import Quote
from trading.units import ZERO


@dataclass(slots=True)
class _Parts:
    last: LastPrice | None = None
    mark: Mark | None = None
    book: Book | None = None

    def quote(self) -> Quote | None:
        last, mark, book = self.last, self.mark, self.book
        if last is None or mark is None or book is None:
            return None
        return Quote(
            symbol=mark.symbol,
            at=max(last.at, mark.at, book.at),
            last=last.price,
            mark=mark.mark,
            bid=book.bid,
            ask=book.ask,
            funding_rate=mark.funding_rate,
            next_funding_at=mark.next_funding_at,
        )


@dataclass(slots=True)
class Board:
    """What is known now, and what of it has changed since it was taken last."""

    _parts: dict[str, _Parts] = field(default_factory=dict[str, _Parts])
    _changed: set[str] = field(default_factory=set[str])

    def note(self, record: LastPrice | Mark | Book) -> None:
        """Take a price; only the newest of its kind counts."""
        parts = self._parts.setdefault(record.symbol, _Parts())
        match record:
            case LastPrice():
                if record.price <= ZERO or _is_older(record, parts.last):
                    return
                parts.last = record
            case Mark():
                if record.mark <= ZERO or _is_older(record, parts.mark):
                    return
                parts.mark = record
            case Book():
                is_sound = ZERO < record.bid <= record.ask
                if not is_sound or _is_older(record, parts.book):
                    return
                parts.book = record
        self._changed.add(record.symbol)

    def take(self) -> list[Quote]:
        """Complete quotes that have changed since the last time."""
        changed, self._changed = sorted(self._changed), set()
        quotes = (self._parts[symbol].quote() for symbol in changed)
        return [quote for quote in quotes if quote is not None]

    def put_back(self, symbols: set[str]) -> None:
        """They could not be written: they count as changed."""
        self._changed |= symbols & self._parts.keys()

    def keep_only(self, symbols: frozenset[str]) -> None:
        """Forget what is no longer followed."""
        self._parts = {name: parts for name, parts in self._parts.items() if name in symbols}
        self._changed &= symbols


def _is_older(record: Book | LastPrice | Mark, known: Book | LastPrice | Mark | None) -> bool:
    return known is not None and record.at < known.at
