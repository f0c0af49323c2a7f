"""The way from an account to its language model: endpoint, key, settings and prompt.

The key is resolved for one decision and forgotten with it. Prompts come with the product, or from the
folder that `PERPFLOW_PROMPTS` names.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from adapters.config.secrets import resolve
from adapters.llm.capabilities import Abilities, OutputMode, abilities_of
from adapters.llm.endpoint import OPENROUTER_URL, ModelEndpoint, Routing
from adapters.llm.prices import Price
from adapters.llm.settings import Effort, ModelSettings
from adapters.prompts.load import load_prompt
from trading.account import Account, ModelProvider
from trading.decision.prompt import Prompt
from trading.model_agent import ModelAgent

PROMPT_FOLDER = "PERPFLOW_PROMPTS"


def agent_of(account: Account) -> ModelAgent:
    """How the account's model decides; the defaults where nothing is set."""
    return account.model_agent or ModelAgent()


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAccess:
    """A model that can be asked. Holds the key, so it lives no longer than one decision."""

    endpoint: ModelEndpoint
    settings: ModelSettings
    holds_on_other_model: bool


def access_of(account: Account) -> ModelAccess:
    """The way to the account's model.

    Raises
    ------
    InvalidRecord
        There is nothing behind the reference to the key, or address or settings cannot be used.
    """
    return ModelAccess(
        endpoint=_endpoint(account),
        settings=_settings(account),
        holds_on_other_model=agent_of(account).holds_on_other_model,
    )


def prompt_of(account: Account) -> Prompt:
    """The account's prompt; raises `UnknownName` and `InvalidRecord`."""
    folder = os.environ.get(PROMPT_FOLDER)
    return load_prompt(account.prompt, None if folder is None else Path(folder))


def _endpoint(account: Account) -> ModelEndpoint:
    provider, agent = account.provider or ModelProvider(), agent_of(account)
    key = (
        None
        if provider.api_key is None
        else resolve(provider.api_key, os.environ, load_block=None, field="api_key")
    )
    return ModelEndpoint(
        base_url=provider.base_url or OPENROUTER_URL,
        key=key,
        referer=provider.referer,
        app_title=provider.app_title,
        allow_private=provider.allow_private,
        routing=Routing(
            order=agent.providers,
            allow_fallbacks=False if agent.only_these_providers else None,
        ),
    )


def _settings(account: Account) -> ModelSettings:
    agent, model = agent_of(account), account.model or ""
    return ModelSettings(
        model=model,
        temperature=agent.temperature,
        top_p=agent.top_p,
        seed=agent.seed,
        max_tokens=agent.max_tokens,
        effort=None if agent.effort is None else Effort(agent.effort),
        abilities=_abilities(model, agent),
        price=_own_price(agent),
    )


def _abilities(model: str, agent: ModelAgent) -> Abilities | None:
    """The account's own word, where it says anything."""
    if agent.output is None and agent.takes_tools is None:
        return None
    known = abilities_of(model)
    return Abilities(
        output=known.output if agent.output is None else OutputMode(agent.output),
        tools=known.tools if agent.takes_tools is None else agent.takes_tools,
        reasoning=known.reasoning,
        refused=known.refused,
    )


def _own_price(agent: ModelAgent) -> Price | None:
    """What the account says that its model costs."""
    if agent.own_price_in is None or agent.own_price_out is None:
        return None
    return Price(input=agent.own_price_in, output=agent.own_price_out)
