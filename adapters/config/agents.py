"""Who decides for an account: a strategy of the catalogue, one that is planned, or a model."""

from __future__ import annotations

from dataclasses import dataclass

from trading.account import LANGUAGE_MODEL, AgentKind
from trading.strategies.catalogue import STRATEGIES

PLANNED_STRATEGIES = {"funding_arbitrage": "Funding arbitrage"}
"""Titles of the strategies that the documents name and this version does not have."""

STRATEGY_NAMES = (*STRATEGIES, *PLANNED_STRATEGIES)
"""What a configuration may say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """What an account has to know about who decides."""

    kind: AgentKind
    strategy: str
    title: str
    """The account's name when it has no other."""
    takes_stop: bool = True
    """False only for a benchmark."""


def agent_of_strategy(name: str) -> Agent:
    """The agent of a name from `STRATEGY_NAMES`."""
    if name in PLANNED_STRATEGIES:
        return Agent(kind=AgentKind.RULE, strategy=name, title=PLANNED_STRATEGIES[name])
    strategy = STRATEGIES[name]
    return Agent(
        kind=AgentKind(strategy.kind.value),
        strategy=name,
        title=strategy.title,
        takes_stop=strategy.takes_stop,
    )


def agent_of_model(model: str) -> Agent:
    """The agent that asks a language model."""
    return Agent(kind=AgentKind.LLM, strategy=LANGUAGE_MODEL, title=model[:80])
