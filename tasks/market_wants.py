"""Which candles a cycle reads: what every account, its deciders and its scan need, the benchmark.

Counts are closed candles. A timeframe finer than the market's own does not exist there: it is left
out, and indicators of it stay null.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from trading.account import Account
from trading.blend.needs import candles_to_decide
from trading.indicators.market_document import DOCUMENT_CANDLES
from trading.instruments import Instrument
from trading.risk.stop_distance import STOP_TIMEFRAME
from trading.scanner.scores import SCAN_CANDLES, SCAN_TIMEFRAME
from trading.timeframes import Timeframe

CONTEXT_CANDLES = {**DOCUMENT_CANDLES, STOP_TIMEFRAME: 50}
"""What every cycle reads: the market document of seed 002 section 5.3, and the default stop."""
BENCHMARK_ASSET = "BTC"
"""Its candles are stored whatever the account trades: the arena is compared with holding it."""

SeriesKey = tuple[str, Timeframe]
"""Symbol and timeframe."""


@dataclass(frozen=True, slots=True)
class Wants:
    """What is to be read of a market."""

    symbols: tuple[str, ...]
    """Instruments whose quote is wanted, in the order in which they are traded."""
    series: Mapping[SeriesKey, int]
    """How many of the last closed candles."""

    def of(self, symbol: str) -> dict[Timeframe, int]:
        """Counts by timeframe of one instrument, in the order in which they are checked."""
        return {
            timeframe: count
            for (each, timeframe), count in self.series.items()
            if each == symbol and symbol in self.symbols
        }


def wants_of(account: Account, instruments: Iterable[Instrument], base: Timeframe) -> Wants:
    """What one account's cycle reads; of a scan all that its candidates need, chosen or not.

    `KeyError` with the asset when the market has no instrument of it.
    """
    symbol_of = {each.base: each.symbol for each in instruments}
    counts = dict(CONTEXT_CANDLES)
    for timeframe, count in candles_to_decide(account).items():
        counts[timeframe] = max(count, counts.get(timeframe, 0))
    if account.scan is not None:
        counts[SCAN_TIMEFRAME] = max(SCAN_CANDLES, counts.get(SCAN_TIMEFRAME, 0))
    # A scan without candidates of its own chooses from the whole market.
    symbols = tuple(symbol_of[asset] for asset in account.assets or sorted(symbol_of))
    series = {
        (symbol, timeframe): count
        for symbol in symbols
        for timeframe, count in counts.items()
        if timeframe.length >= base.length
    }
    if BENCHMARK_ASSET in symbol_of:
        finest = max(Timeframe.M5, base, key=lambda each: each.length)
        series.setdefault((symbol_of[BENCHMARK_ASSET], finest), CONTEXT_CANDLES[Timeframe.M5])
    return Wants(symbols, series)


def wants_of_all(
    accounts: Iterable[Account], instruments: Iterable[Instrument], base: Timeframe
) -> Wants:
    """What any of the accounts reads: every instrument once, the longest run of each series.

    An asset that the market does not have is its account's own trouble and is left out here.
    """
    listed = tuple(instruments)
    known = {each.base for each in listed}
    symbols: dict[str, None] = {}
    series: dict[SeriesKey, int] = {}
    for account in accounts:
        if not known.issuperset(account.assets):
            continue
        wants = wants_of(account, listed, base)
        symbols |= dict.fromkeys(wants.symbols)
        for key, count in wants.series.items():
            series[key] = max(count, series.get(key, 0))
    return Wants(tuple(symbols), series)
