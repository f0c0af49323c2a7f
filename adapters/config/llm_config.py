"""The shape of the `llm:` section of an account, and the record it becomes.

How a language model is asked: form of its answers, tools, parameters, and what a day may cost. Money
is USD; a day is a UTC day of real time. Names of this section are words of the operator; those of the
record are words of the code.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from adapters.config.value_types import Amount, Switch, Whole, Words, split_text
from trading.model_agent import EFFORTS, OUTPUTS, ModelAgent
from trading.model_budget import ModelBudget, UnknownCost

_USUAL = ModelAgent()
_BUDGET = _USUAL.budget
_MOST_TOKENS = 1_000_000_000
_MOST_USD = 100_000
_SWITCH = "true or false"

_Count = Annotated[Whole, Field(ge=1, le=_MOST_TOKENS)]
_Usd = Annotated[Amount, Field(ge=0, le=_MOST_USD)]
_USD_WORDS = f"an amount of USD from 0 to {_MOST_USD}"
_COUNT_WORDS = f"a whole number from 1 to {_MOST_TOKENS}"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ModelBudgetConfig(_Strict):
    """What an account may ask and spend on one UTC day; null is no limit of that kind."""

    calls: _Count | None = Field(_BUDGET.calls, description=f"{_COUNT_WORDS}, or null")
    tokens: _Count | None = Field(_BUDGET.tokens, description=f"{_COUNT_WORDS}, or null")
    usd: _Usd | None = Field(_BUDGET.money, description=f"{_USD_WORDS}, or null")
    unknown_cost: Literal["assume", "stop"] = Field(
        _BUDGET.unknown_cost.value, description="assume or stop"
    )
    assumed_usd: _Usd = Field(_BUDGET.assumed_money, description=_USD_WORDS)
    assumed_tokens: _Count = Field(_BUDGET.assumed_tokens, description=_COUNT_WORDS)


class ModelPriceConfig(_Strict):
    """What the model costs, where the provider does not say; 0 and 0 for one of your own."""

    input_usd_per_million: _Usd = Field(description=_USD_WORDS)
    output_usd_per_million: _Usd = Field(description=_USD_WORDS)


class LlmConfig(_Strict):
    """How the language model of `llm_model` is asked."""

    form: Literal["portfolio", "single"] = Field(
        _USUAL.form, description="one of portfolio, single"
    )
    tools: Switch = Field(_USUAL.uses_tools, description=_SWITCH)
    context_tokens: Whole = Field(
        _USUAL.context_tokens,
        ge=1_000,
        le=200_000,
        description="a whole number from 1000 to 200000",
    )
    temperature: Annotated[Amount, Field(ge=0, le=2)] | None = Field(
        None, description="a number from 0 to 2"
    )
    top_p: Annotated[Amount, Field(ge=0, le=1)] | None = Field(
        None, description="a number from 0 to 1"
    )
    seed: Annotated[Whole, Field(ge=0, le=2**31 - 1)] | None = Field(
        None, description="a whole number from 0 to 2147483647"
    )
    max_tokens: Whole = Field(
        _USUAL.max_tokens, ge=1, le=100_000, description="a whole number from 1 to 100000"
    )
    effort: Literal["minimal", "low", "medium", "high"] | None = Field(
        None, description="one of " + ", ".join(EFFORTS)
    )
    output: Literal["json_schema", "json_object", "text"] | None = Field(
        None, description="one of " + ", ".join(OUTPUTS)
    )
    takes_tools: Switch | None = Field(None, description=_SWITCH)
    providers: Annotated[list[Words], BeforeValidator(split_text)] = Field(
        default_factory=list[str],
        max_length=20,
        description="a list of providers as OpenRouter names them, the preferred first",
    )
    only_these_providers: Switch = Field(_USUAL.only_these_providers, description=_SWITCH)
    budget: ModelBudgetConfig = Field(
        default_factory=ModelBudgetConfig, description="a mapping of limits for one UTC day"
    )
    fallback: str | None = Field(
        None,
        description="the name of a strategy that decides when the budget is used up",
        examples=["momentum"],
    )
    holds_on_other_model: Switch = Field(_USUAL.holds_on_other_model, description=_SWITCH)
    price: ModelPriceConfig | None = Field(
        None, description="a mapping of input_usd_per_million and output_usd_per_million"
    )


def model_agent_of(config: LlmConfig | None) -> ModelAgent | None:
    """The record of a checked section; None where everything is as usual."""
    if config is None:
        return None
    price = config.price
    agent = ModelAgent(
        form=config.form,
        uses_tools=config.tools,
        context_tokens=config.context_tokens,
        temperature=config.temperature,
        top_p=config.top_p,
        seed=config.seed,
        max_tokens=config.max_tokens,
        effort=config.effort,
        output=config.output,
        takes_tools=config.takes_tools,
        providers=tuple(config.providers),
        only_these_providers=config.only_these_providers,
        budget=_budget_of(config.budget),
        fallback=config.fallback,
        holds_on_other_model=config.holds_on_other_model,
        own_price_in=None if price is None else price.input_usd_per_million,
        own_price_out=None if price is None else price.output_usd_per_million,
    )
    return None if agent == _USUAL else agent


def render_model_keys() -> str:
    """The keys of the section as a table for the documents."""
    rows = ["| key of `llm` | default | allowed |", "|---|---:|---|"]
    for name, field in LlmConfig.model_fields.items():
        if name == "budget":
            rows += [
                _row(f"budget.{inner}", each.default, each.description)
                for inner, each in ModelBudgetConfig.model_fields.items()
            ]
        else:
            default = [] if name == "providers" else field.default
            rows.append(_row(name, default, field.description))
    return "\n".join(rows)


def _row(name: str, default: object, allowed: str | None) -> str:
    if default is None or default == []:
        shown = "not written"
    else:
        shown = str(default).lower() if isinstance(default, bool) else str(default)
    return f"| `{name}` | {shown} | {allowed} |"


def _budget_of(config: ModelBudgetConfig) -> ModelBudget:
    return ModelBudget(
        calls=config.calls,
        tokens=config.tokens,
        money=config.usd,
        unknown_cost=UnknownCost(config.unknown_cost),
        assumed_money=config.assumed_usd,
        assumed_tokens=config.assumed_tokens,
    )
