"""The strategies by name: what an account may be configured with, and how to ask it.

Every strategy is one pure function `opinions(candles, parameters) -> OpinionColumns`, and its
`signal(view, parameters, held) -> Signal` is the last row of it in words. Add one by writing its
module and one entry here; strategies do not know each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from trading.errors import InvalidRecord, UnknownName
from trading.market import MarketView
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies import (
    adx_sma,
    bandtastic,
    buy_and_hold,
    funding_arbitrage,
    grid,
    ichimoku,
    keltner,
    mean_reversion,
    ml_scalper,
    momentum,
    multi_supertrend,
    scalping,
    universal_macd,
    volatility_system,
)
from trading.strategies.columns import OpinionColumns
from trading.strategies.parameters import ParameterRange, parameter_ranges, require_parameter
from trading.strategies.recent_candles import RecentCandles
from trading.timeframes import Timeframe

P = TypeVar("P")


class StrategyKind(StrEnum):
    """A benchmark is what the others are compared with."""

    RULE = "rule"
    BENCHMARK = "benchmark"


@dataclass(frozen=True, slots=True, kw_only=True)
class Strategy(Generic[P]):
    """One entry of the catalogue; `P` is the type of its parameter record."""

    name: str
    """Key in the configuration of an account."""
    title: str
    """What an operator reads."""
    kind: StrategyKind
    parameters: type[P]
    """Frozen record whose defaults are the strategy's; build it with `build_parameters`."""
    timeframes: Mapping[Timeframe, int]
    """Closed candles to fetch per timeframe; it never reads more, whatever its parameters."""
    warm_up: Callable[[P], int]
    """Candles of the (only) timeframe needed before the first opinion; never above the fetch."""
    opinions: Callable[[RecentCandles, P], OpinionColumns]
    """The strategy itself: what it says of every candle of a run, each from that candle and earlier."""
    signal: Callable[[MarketView, P, Direction], Signal]
    """Its answer for now, in words; `Direction` is that of the position held now."""
    takes_stop: bool = True
    """False only for a benchmark that holds without a stop."""
    needs_book: bool = False
    """True: it reads `MarketView.book`, and holds where the market has none."""
    needs_fundings: bool = False
    """True: it reads `MarketView.fundings` over the time of its candles."""

    @property
    def timeframe(self) -> Timeframe:
        """The one timeframe that it reads."""
        (timeframe,) = self.timeframes
        return timeframe


STRATEGIES: dict[str, Strategy[Any]] = {
    each.name: each
    for each in (
        Strategy(
            name="momentum",
            title="Momentum (EMA cross with ADX)",
            kind=StrategyKind.RULE,
            parameters=momentum.MomentumParameters,
            timeframes=momentum.TIMEFRAMES,
            warm_up=momentum.warm_up,
            opinions=momentum.opinions,
            signal=momentum.signal,
        ),
        Strategy(
            name="mean_reversion",
            title="Mean reversion (Bollinger bands with RSI)",
            kind=StrategyKind.RULE,
            parameters=mean_reversion.MeanReversionParameters,
            timeframes=mean_reversion.TIMEFRAMES,
            warm_up=mean_reversion.warm_up,
            opinions=mean_reversion.opinions,
            signal=mean_reversion.signal,
        ),
        Strategy(
            name="grid",
            title="Grid (levels around a rolling centre)",
            kind=StrategyKind.RULE,
            parameters=grid.GridParameters,
            timeframes=grid.TIMEFRAMES,
            warm_up=grid.warm_up,
            opinions=grid.opinions,
            signal=grid.signal,
        ),
        Strategy(
            name="ml_scalper",
            title="ML scalper (online logistic regression)",
            kind=StrategyKind.RULE,
            parameters=ml_scalper.MlScalperParameters,
            timeframes=ml_scalper.TIMEFRAMES,
            warm_up=ml_scalper.warm_up,
            opinions=ml_scalper.opinions,
            signal=ml_scalper.signal,
        ),
        Strategy(
            name="adx_sma",
            title="ADX-SMA (fresh cross of averages with ADX)",
            kind=StrategyKind.RULE,
            parameters=adx_sma.AdxSmaParameters,
            timeframes=adx_sma.TIMEFRAMES,
            warm_up=adx_sma.warm_up,
            opinions=adx_sma.opinions,
            signal=adx_sma.signal,
        ),
        Strategy(
            name="bandtastic",
            title="Bandtastic (four Bollinger bands with RSI and MFI)",
            kind=StrategyKind.RULE,
            parameters=bandtastic.BandtasticParameters,
            timeframes=bandtastic.TIMEFRAMES,
            warm_up=bandtastic.warm_up,
            opinions=bandtastic.opinions,
            signal=bandtastic.signal,
        ),
        Strategy(
            name="volatility_system",
            title="Volatility system (ATR breakout with pyramiding)",
            kind=StrategyKind.RULE,
            parameters=volatility_system.VolatilitySystemParameters,
            timeframes=volatility_system.TIMEFRAMES,
            warm_up=volatility_system.warm_up,
            opinions=volatility_system.opinions,
            signal=volatility_system.signal,
        ),
        Strategy(
            name="ichimoku",
            title="Ichimoku (cloud system)",
            kind=StrategyKind.RULE,
            parameters=ichimoku.IchimokuParameters,
            timeframes=ichimoku.TIMEFRAMES,
            warm_up=ichimoku.warm_up,
            opinions=ichimoku.opinions,
            signal=ichimoku.signal,
        ),
        Strategy(
            name="keltner",
            title="Keltner (channel breakout)",
            kind=StrategyKind.RULE,
            parameters=keltner.KeltnerParameters,
            timeframes=keltner.TIMEFRAMES,
            warm_up=keltner.warm_up,
            opinions=keltner.opinions,
            signal=keltner.signal,
        ),
        Strategy(
            name="funding_arbitrage",
            title="Funding arbitrage (carry of the paid side, unhedged)",
            kind=StrategyKind.RULE,
            parameters=funding_arbitrage.FundingArbitrageParameters,
            timeframes=funding_arbitrage.TIMEFRAMES,
            warm_up=funding_arbitrage.warm_up,
            opinions=funding_arbitrage.opinions,
            signal=funding_arbitrage.signal,
            needs_fundings=True,
        ),
        Strategy(
            name="scalping",
            title="Scalping (order book with a short EMA)",
            kind=StrategyKind.RULE,
            parameters=scalping.ScalpingParameters,
            timeframes=scalping.TIMEFRAMES,
            warm_up=scalping.warm_up,
            opinions=scalping.opinions,
            signal=scalping.signal,
            needs_book=True,
        ),
        Strategy(
            name="universal_macd",
            title="Universal MACD (as a ratio of the price)",
            kind=StrategyKind.RULE,
            parameters=universal_macd.UniversalMacdParameters,
            timeframes=universal_macd.TIMEFRAMES,
            warm_up=universal_macd.warm_up,
            opinions=universal_macd.opinions,
            signal=universal_macd.signal,
        ),
        Strategy(
            name="multi_supertrend",
            title="Multi SuperTrend (three confirmations)",
            kind=StrategyKind.RULE,
            parameters=multi_supertrend.MultiSupertrendParameters,
            timeframes=multi_supertrend.TIMEFRAMES,
            warm_up=multi_supertrend.warm_up,
            opinions=multi_supertrend.opinions,
            signal=multi_supertrend.signal,
        ),
        Strategy(
            name="buy_and_hold",
            title="Buy and hold (benchmark)",
            kind=StrategyKind.BENCHMARK,
            parameters=buy_and_hold.BuyAndHoldParameters,
            timeframes=buy_and_hold.TIMEFRAMES,
            warm_up=buy_and_hold.warm_up,
            opinions=buy_and_hold.opinions,
            signal=buy_and_hold.signal,
            takes_stop=False,
        ),
    )
}


def find_strategy(name: str) -> Strategy[Any]:
    """The strategy of that name. Raises `UnknownName` with the known ones."""
    try:
        return STRATEGIES[name]
    except KeyError:
        raise UnknownName("strategy", name, tuple(STRATEGIES)) from None


def build_parameters(strategy: Strategy[P], overrides: Mapping[str, float]) -> P:
    """The strategy's defaults with an account's overrides; whole floats become whole numbers.

    Raises
    ------
    InvalidRecord
        An unknown name, or a value outside its range; names it and the known parameters.
    """
    ranges = {each.name: each for each in _ranges(strategy)}
    known = ", ".join(ranges) or "none"
    values: dict[str, float] = {}
    for name, value in overrides.items():
        if name not in ranges:
            raise InvalidRecord(
                f"strategy {strategy.name} has no parameter {name!r}; known: {known}"
            )
        values[name] = _as_kind(ranges[name], value)
    try:
        for name, value in values.items():
            require_parameter(ranges[name], value)
        return strategy.parameters(**values)
    except InvalidRecord as refusal:
        raise InvalidRecord(f"strategy {strategy.name}: {refusal}; known: {known}") from None


def _ranges(strategy: Strategy[Any]) -> tuple[ParameterRange, ...]:
    return parameter_ranges(strategy.parameters)


def _as_kind(allowed: ParameterRange, value: float) -> float:
    """JSON and YAML know only numbers: 24.0 is the whole number 24 where one is asked for."""
    is_whole_float = isinstance(value, float) and value.is_integer()
    return int(value) if allowed.is_whole and is_whole_float else value
