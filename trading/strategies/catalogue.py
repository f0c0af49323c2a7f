"""The strategies by name: what an account may be configured with, and how to ask it.

Every strategy is one pure function `signal(view, parameters, held) -> Signal`. Add one by writing
its module and one entry here; strategies do not know each other.
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
from trading.strategies import buy_and_hold, grid, mean_reversion, ml_scalper, momentum
from trading.strategies.parameters import ParameterRange, parameter_ranges, require_parameter
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
    signal: Callable[[MarketView, P, Direction], Signal]
    """The strategy itself; `Direction` is that of the position held now."""
    takes_stop: bool = True
    """False only for a benchmark that holds without a stop."""


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
            signal=momentum.signal,
        ),
        Strategy(
            name="mean_reversion",
            title="Mean reversion (Bollinger bands with RSI)",
            kind=StrategyKind.RULE,
            parameters=mean_reversion.MeanReversionParameters,
            timeframes=mean_reversion.TIMEFRAMES,
            warm_up=mean_reversion.warm_up,
            signal=mean_reversion.signal,
        ),
        Strategy(
            name="grid",
            title="Grid (levels around a rolling centre)",
            kind=StrategyKind.RULE,
            parameters=grid.GridParameters,
            timeframes=grid.TIMEFRAMES,
            warm_up=grid.warm_up,
            signal=grid.signal,
        ),
        Strategy(
            name="ml_scalper",
            title="ML scalper (online logistic regression)",
            kind=StrategyKind.RULE,
            parameters=ml_scalper.MlScalperParameters,
            timeframes=ml_scalper.TIMEFRAMES,
            warm_up=ml_scalper.warm_up,
            signal=ml_scalper.signal,
        ),
        Strategy(
            name="buy_and_hold",
            title="Buy and hold (benchmark)",
            kind=StrategyKind.BENCHMARK,
            parameters=buy_and_hold.BuyAndHoldParameters,
            timeframes=buy_and_hold.TIMEFRAMES,
            warm_up=buy_and_hold.warm_up,
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
