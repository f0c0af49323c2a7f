"""The shape of the `blend:` section of an account, and the records it becomes.

What needs the catalogue of strategies is checked here as well: names, parameters, benchmarks.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, get_args

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from adapters.config.explain import shown
from adapters.config.interpolation import Interpolated
from adapters.config.problems import KeyPath, Problem, closest
from adapters.config.value_types import AccountId, Amount, Number, Ratio, split_text
from adapters.config.yaml_document import Document
from trading.blend_plan import (
    KNOWN_REGIMES,
    LARGEST_WEIGHT,
    MOST_MEMBERS,
    Allocation,
    Blend,
    Member,
    Regime,
    RegimeRule,
)
from trading.errors import InvalidRecord
from trading.strategies.catalogue import STRATEGIES, StrategyKind, build_parameters
from trading.timeframes import Timeframe

RegimeName = Literal["trending", "sideways", "volatile"]
_AllocationName = Literal["weights", "inverse_volatility", "performance"]
_RULE = RegimeRule()
_REGIME_NAMES = ", ".join(KNOWN_REGIMES)


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class MemberConfig(_Strict):
    """One strategy of a blend."""

    strategy: str = Field(description="the name of a strategy", examples=["momentum"])
    name: AccountId | None = Field(
        None, description="what to call it, when the same strategy is there twice"
    )
    weight: Amount = Field(
        Decimal(1), ge=0, le=LARGEST_WEIGHT, description=f"a number from 0 to {LARGEST_WEIGHT}"
    )
    parameters: dict[str, Number] = Field(
        default_factory=dict, description="a mapping of parameter names to numbers"
    )
    regimes: Annotated[list[RegimeName], BeforeValidator(split_text)] | None = Field(
        None, min_length=1, description=f"a list of some of {_REGIME_NAMES}"
    )


class RegimeConfig(_Strict):
    """From where on a market counts as trending or volatile."""

    timeframe: Timeframe = Field(
        _RULE.timeframe, description="one of " + ", ".join(each.value for each in Timeframe)
    )
    trend_adx: Number = Field(_RULE.trend_adx, ge=5, le=80, description="an ADX from 5 to 80")
    trend_efficiency: Number = Field(
        _RULE.trend_efficiency, ge=0.05, le=0.95, description="a number from 0.05 to 0.95"
    )
    volatile_ratio: Number = Field(
        _RULE.volatile_ratio, ge=1.05, le=10, description="a number from 1.05 to 10"
    )


class BlendConfig(_Strict):
    """Several strategies that decide together."""

    members: list[MemberConfig] = Field(
        min_length=1,
        max_length=MOST_MEMBERS,
        description=f"a list of 1 to {MOST_MEMBERS} mappings with strategy and weight",
    )
    allocation: _AllocationName = Field(
        "weights", description="one of " + ", ".join(get_args(_AllocationName))
    )
    max_share: Ratio = Field(Decimal(1), description="a ratio above 0 and up to 1")
    regime: RegimeConfig = Field(
        default_factory=RegimeConfig, description="a mapping of timeframe and thresholds"
    )


def blend_of(config: BlendConfig) -> Blend:
    """The record. Raises `InvalidRecord` where `check_blend` has problems."""
    return Blend(
        members=tuple(
            Member(
                name=member.name or member.strategy,
                strategy=member.strategy,
                weight=member.weight,
                parameters=dict(member.parameters),
                regimes=tuple(each for each in Regime if each in (member.regimes or ())),
            )
            for member in config.members
        ),
        allocation=Allocation(config.allocation),
        max_share=config.max_share,
        regime=RegimeRule(**config.regime.model_dump()),
    )


def check_blend(
    document: Document, filled: Interpolated, config: BlendConfig, path: KeyPath
) -> list[Problem]:
    """Everything that is wrong with a blend of the right shape."""
    problems: list[Problem] = []
    places: dict[str, int] = {}
    for index, member in enumerate(config.members):
        place = (*path, "members", index)
        problems += _check_member(document, filled, member, place)
        name = member.name or member.strategy
        if name in places:
            text = f"is {name} like member {places[name]}"
            key = "name" if member.name else "strategy"
            problems.append(
                document.problem((*place, key), text, "give one of the two another `name`")
            )
        places.setdefault(name, index)
    if not any(member.weight > 0 for member in config.members):
        text = "have no weight above 0, so nobody would decide"
        problems.append(document.problem((*path, "members"), text, "give one a weight"))
    return problems


def _check_member(
    document: Document, filled: Interpolated, member: MemberConfig, place: KeyPath
) -> list[Problem]:
    strategy = STRATEGIES.get(member.strategy)
    if strategy is None or strategy.kind is StrategyKind.BENCHMARK:
        known = [each.name for each in STRATEGIES.values() if each.kind is StrategyKind.RULE]
        value = shown(document, (*place, "strategy"), member.strategy, filled)
        what = ", a benchmark, which the others are compared with" if strategy else ""
        text = f"is {value!r}{what}; allowed is one of {', '.join(known)}"
        hint = closest(member.strategy, known)
        return [document.problem((*place, "strategy"), text, hint)]
    try:
        build_parameters(strategy, member.parameters)
    except InvalidRecord as refusal:
        return [document.problem((*place, "parameters"), f"do not fit: {refusal}")]
    return []
