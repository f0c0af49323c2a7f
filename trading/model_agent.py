"""How a language model decides for an account, beside its name and its prompt: form, tools, money.

Everything has a cautious default; what is None is left to the provider. Ratios and temperatures are
plain numbers, money is USD.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from trading.errors import InvalidRecord
from trading.model_budget import ModelBudget
from trading.units import ZERO

FORMS = ("portfolio", "single")
"""Of a reply: seed 002's list of decisions, seed 004's single decision in percentages."""
OUTPUTS = ("json_schema", "json_object", "text")
EFFORTS = ("minimal", "low", "medium", "high")
DEFAULT_BUDGET = ModelBudget(calls=500, money=Decimal(5))
"""A day of five-minute cycles with a corrective round now and then, and what it may cost at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelAgent:
    """Settings of one account's model."""

    form: str = "portfolio"
    """One of `FORMS`."""
    uses_tools: bool = False
    """Whether it may ask for indicators and candles before it answers."""
    context_tokens: int = 12_000
    """Most tokens of the context, as estimated."""
    temperature: Decimal | None = None
    top_p: Decimal | None = None
    seed: int | None = None
    max_tokens: int = 4096
    """Of an answer, reasoning included."""
    effort: str | None = None
    """One of `EFFORTS`."""
    output: str | None = None
    """One of `OUTPUTS`: the account's own word on what the model takes; None: the table's."""
    takes_tools: bool | None = None
    """The account's own word; None: the table's."""
    providers: tuple[str, ...] = ()
    """Who may compute, the preferred first (OpenRouter)."""
    only_these_providers: bool = False
    budget: ModelBudget = field(default_factory=lambda: DEFAULT_BUDGET)
    """Of a UTC day."""
    fallback: str | None = None
    """Strategy that decides when the budget is used up; None: hold."""
    holds_on_other_model: bool = False
    """Whether an answer of another model than the one asked is only stored, not acted on."""
    own_price_in: Decimal | None = None
    """USD per million tokens of a question: the account's own price, before that of the table."""
    own_price_out: Decimal | None = None
    """USD per million tokens of an answer, reasoning included; given together with the other one."""

    def of_unknown_model(self) -> ModelAgent:
        """These wishes without what they say of one certain model: its price, and what it takes."""
        return replace(self, own_price_in=None, own_price_out=None, output=None, takes_tools=None)

    def __post_init__(self) -> None:
        for name, value, allowed in (
            ("form", self.form, FORMS),
            ("effort", self.effort, (None, *EFFORTS)),
            ("output", self.output, (None, *OUTPUTS)),
        ):
            if value not in allowed:
                words = ", ".join(each for each in allowed if each)
                raise InvalidRecord(f"{name} is {value!r}; allowed is one of {words}")
        if not 1_000 <= self.context_tokens <= 200_000:
            raise InvalidRecord(
                f"context_tokens is {self.context_tokens}; allowed is 1000 to 200000"
            )
        if not 1 <= self.max_tokens <= 100_000:
            raise InvalidRecord(f"max_tokens is {self.max_tokens}; allowed is 1 to 100000")
        for name, number, most in (("temperature", self.temperature, 2), ("top_p", self.top_p, 1)):
            if number is not None and not ZERO <= number <= most:
                raise InvalidRecord(f"{name} is {number}; allowed is 0 to {most}")
        prices = (self.own_price_in, self.own_price_out)
        if (prices[0] is None) is not (prices[1] is None):
            raise InvalidRecord("own_price_in and own_price_out go together")
        if any(each is not None and not (each.is_finite() and each >= ZERO) for each in prices):
            raise InvalidRecord("a price of tokens is zero or more USD per million")
