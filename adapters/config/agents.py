"""Who decides for an account: a strategy of the catalogue, a blend of them, or a model."""

from __future__ import annotations

from dataclasses import dataclass

from trading.account import LANGUAGE_MODEL, AgentKind
from trading.blend_plan import BLEND, Blend
from trading.strategies.catalogue import STRATEGIES


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
    """The agent of a name in the catalogue."""
    strategy = STRATEGIES[name]
    return Agent(
        kind=AgentKind(strategy.kind.value),
        strategy=name,
        title=strategy.title,
        takes_stop=strategy.takes_stop,
    )


def agent_of_blend(blend: Blend) -> Agent:
    """The agent of several strategies."""
    title = "Blend of " + ", ".join(member.name for member in blend.members)
    return Agent(kind=AgentKind.RULE, strategy=BLEND, title=title[:80])


def agent_of_model(model: str) -> Agent:
    """The agent that asks a language model."""
    return Agent(kind=AgentKind.LLM, strategy=LANGUAGE_MODEL, title=model[:80])
