"""Mark prices of several instruments by one question: at a venue each question costs weight."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from trading.errors import BadMarketData
from trading.ports import MarketSource


async def read_marks(
    market: MarketSource, symbols: Iterable[str], at: datetime
) -> dict[str, Decimal]:
    """By symbol. Raises `BadMarketData` of the first one without a usable quote."""
    wanted = tuple(symbols)
    if not wanted:
        return {}
    marks: dict[str, Decimal] = {}
    for symbol, quote in (await market.quotes(wanted, at)).items():
        if isinstance(quote, BadMarketData):
            raise quote.with_traceback(None)  # one object, raised many times
        marks[symbol] = quote.mark
    return marks
