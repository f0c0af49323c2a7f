"""A client of ours and the stub that it asks, over real HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from adapters.llm.capabilities import AbilityMemory
from adapters.llm.client import CallLimits, ModelClient
from adapters.llm.connections import Connections
from adapters.llm.endpoint import Dialect, ModelEndpoint
from adapters.llm.messages import AnswerSchema, system, user
from adapters.llm.settings import ModelSettings, Patience
from tests.llm_stub.server import ModelStub
from trading.model_budget import DayOfModel, ModelBudget, ModelUse, RequestBudget

KEY = "sk-or-v1-0badc0de0badc0de0badc0de0badc0de"
MODEL = "x-ai/grok-4"
MESSAGES = (system("You decide."), user("BTC is at 60000. What now?"))
SCHEMA = AnswerSchema(
    name="trade_decisions",
    schema={
        "type": "object",
        "properties": {"trade_decisions": {"type": "array"}},
        "required": ["trade_decisions"],
        "additionalProperties": False,
    },
)
LIMITS = CallLimits(seconds=10)
QUICK = Patience(
    attempt_seconds=1.0, least_seconds=0.1, first_pause=0.01, longest_pause=0.05, most_attempts=3
)
"""Waits of tests; everything else as it is."""

BuildClient = Callable[..., ModelClient]


def limits_of(**limits: object) -> CallLimits:
    """A budget of a day of which nothing was used before."""
    now = datetime.now(UTC)
    budget = RequestBudget(
        limits=ModelBudget(**limits), day=DayOfModel(day=now.date()), expected=ModelUse(at=now)
    )
    return CallLimits(seconds=10, budget=budget)


@pytest.fixture
async def connections() -> AsyncIterator[Connections]:
    async with Connections() as opened:
        yield opened


@pytest.fixture
def build(stub: ModelStub, connections: Connections) -> BuildClient:
    """Builds a client of the stub, which passes for OpenRouter unless told otherwise."""

    def built(
        model: str = MODEL,
        *,
        patience: Patience = QUICK,
        endpoint: ModelEndpoint | None = None,
        memory: AbilityMemory | None = None,
        **settings: object,
    ) -> ModelClient:
        return ModelClient(
            endpoint or endpoint_of(stub),
            ModelSettings(model=model, **settings),
            connections,
            patience=patience,
            memory=memory or AbilityMemory(),
        )

    return built


@pytest.fixture
async def client(build: BuildClient) -> ModelClient:
    return build()


def endpoint_of(
    stub: ModelStub, key: str | None = KEY, dialect: Dialect = Dialect.OPENROUTER, **more: object
) -> ModelEndpoint:
    secret = None if key is None else SecretStr(key)
    return ModelEndpoint(base_url=stub.url, key=secret, dialect=dialect, **more)
