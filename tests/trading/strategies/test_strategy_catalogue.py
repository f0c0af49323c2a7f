"""The catalogue finds strategies by name and builds only parameters that they know."""

import dataclasses

import pytest

from trading.errors import InvalidRecord, UnknownName
from trading.positions import Direction
from trading.strategies.catalogue import (
    STRATEGIES,
    StrategyKind,
    build_parameters,
    find_strategy,
)
from trading.strategies.parameters import parameter_ranges

RANGES = [
    (name, allowed)
    for name in STRATEGIES
    for allowed in parameter_ranges(STRATEGIES[name].parameters)
]
IDS = [f"{name}.{allowed.name}" for name, allowed in RANGES]


def test_only_the_benchmark_goes_without_a_stop():
    benchmarks = [name for name, each in STRATEGIES.items() if each.kind is StrategyKind.BENCHMARK]
    assert benchmarks == [name for name, each in STRATEGIES.items() if not each.takes_stop]
    assert benchmarks == ["buy_and_hold"]


def test_a_strategy_is_found_by_name():
    assert find_strategy("grid").name == "grid"


def test_an_unknown_strategy_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match=r"unknown strategy 'moon'; known: momentum, .*grid"):
        find_strategy("moon")


@pytest.mark.parametrize("name", STRATEGIES)
def test_without_overrides_the_defaults_hold(name):
    strategy = STRATEGIES[name]
    assert build_parameters(strategy, {}) == strategy.parameters()


def test_overrides_replace_defaults_and_whole_floats_become_whole():
    parameters = build_parameters(find_strategy("momentum"), {"fast_period": 10.0, "adx_entry": 30})
    assert (parameters.fast_period, parameters.adx_entry) == (10, 30)
    assert isinstance(parameters.fast_period, int)
    assert parameters.slow_period == 72


def test_an_unknown_parameter_is_refused_with_the_known_ones():
    with pytest.raises(
        InvalidRecord, match=r"grid has no parameter 'step'; known: centre_period, "
    ):
        build_parameters(find_strategy("grid"), {"step": 1.0})


def test_the_benchmark_has_nothing_to_set():
    with pytest.raises(InvalidRecord, match="no parameter 'levels'; known: none"):
        build_parameters(find_strategy("buy_and_hold"), {"levels": 1.0})


@pytest.mark.parametrize(("name", "allowed"), RANGES, ids=IDS)
def test_each_parameter_is_refused_just_outside_its_range(name, allowed):
    strategy = STRATEGIES[name]
    broken: list[object] = [allowed.low - 1, allowed.high + 1, float("nan"), float("inf"), True]
    if allowed.is_whole:
        broken.append(allowed.low + 0.5)
    for value in broken:
        with pytest.raises(InvalidRecord, match=rf"{name}: parameter {allowed.name} is .*known: "):
            build_parameters(strategy, {allowed.name: value})


def test_a_rule_between_two_parameters_is_named_too():
    with pytest.raises(InvalidRecord, match=r"momentum: parameter fast_period is 50.*known: "):
        build_parameters(find_strategy("momentum"), {"fast_period": 50, "slow_period": 20})


@pytest.mark.parametrize("name", STRATEGIES)
def test_no_allowed_parameters_need_more_candles_than_are_fetched(name):
    strategy = STRATEGIES[name]
    extremes = {
        allowed.name: allowed.high
        for allowed in parameter_ranges(strategy.parameters)
        if allowed.name != "fast_period"  # must stay below slow_period
    }
    largest = build_parameters(strategy, extremes)
    assert len(strategy.timeframes) == 1
    assert strategy.warm_up(largest) <= min(strategy.timeframes.values())


@pytest.mark.parametrize("name", STRATEGIES)
def test_records_are_frozen_and_keyword_only(name):
    parameters = STRATEGIES[name].parameters()
    with pytest.raises((dataclasses.FrozenInstanceError, AttributeError, TypeError)):
        parameters.levels = 3
    with pytest.raises(TypeError):
        STRATEGIES[name].parameters(1)


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_market_without_any_candles_gives_no_opinion(name, view):
    strategy = STRATEGIES[name]
    (timeframe,) = strategy.timeframes
    empty = view([], timeframe)
    for windows in (empty.windows, {}):
        market = dataclasses.replace(empty, windows=windows)
        assert strategy.signal(market, strategy.parameters(), Direction.FLAT).hold
