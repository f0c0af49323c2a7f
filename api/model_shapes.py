"""A call of a language model as the API shows it: short in lists, whole by its id and in exports.

What a model wrote is text and nothing else; show it as text only. Costs are USD; what nobody told is
null and is counted beside.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from pydantic import Field

from api.shapes import Exact, Shape


class BriefDecisionShape(Shape):
    """One decision that was made of an answer."""

    id: UUID
    asset: str
    action: str = Field(description="buy, sell, hold or close")
    verdict: str | None = Field(description="Of risk: approved, shrunk, denied or held.")


class StoredCallShape(Shape):
    """What is short of a call."""

    id: UUID
    account_id: str
    cycle_id: UUID | None = Field(description="Null: asked outside of a cycle.")
    purpose: str = Field(
        description="decide, correct (told its mistakes, asked again), preview or replay"
    )
    replay_of: UUID | None = Field(description="The call whose messages were asked again.")
    at: datetime = Field(description="Market time for which it was asked.")
    real_started_at: datetime
    seconds: float = Field(description="seconds: from the first request to the end.")
    host: str
    model_asked: str
    model_used: str | None = Field(description="As the answer names it. Null: it does not.")
    prompt_name: str
    prompt_version: str = Field(description="Number of the front matter and hash of the text.")
    form: str = Field(description="portfolio or single")
    outcome: str = Field(description="accepted, why everything was held, or the code of an error.")
    reason: str = Field(description="The same in words; empty when accepted.")
    prompt_tokens: int | None = Field(description="Of the last answer. Null: nobody counted.")
    answer_tokens: int | None = Field(description="Of the last answer. Null: nobody counted.")
    known_tokens: int = Field(description="Of all requests that told them.")
    cost: Exact | None = Field(
        description="USD. Null: the price of a request that may have been billed is unknown."
    )
    known_cost: Exact = Field(description="USD: sum of what is known.")
    billed: int = Field(description="Requests that may have been billed.")
    unknown_costs: int = Field(description="Of these, without a known price.")
    unknown_usages: int = Field(description="Of these, without counted tokens.")


class ModelCallShape(StoredCallShape):
    """A call in a list."""

    decisions: list[BriefDecisionShape] = Field(
        description="Made of its answer, by asset; none where another call of the cycle stands."
    )


class JudgedDecisionShape(Shape):
    """A decision that was made of an answer, and what risk said of it."""

    id: UUID
    asset: str
    symbol: str
    decided_at: datetime
    action: str
    allocation_usd: Exact
    take_profit_price: Exact | None
    stop_price: Exact | None
    exit_plan: str
    rationale: str = Field(description="The model's own words. Show it as text only.")
    confidence: float
    verdict: str | None
    verdict_code: str | None
    verdict_text: str | None
    verdict_limit: str | None
    verdict_actual: str | None
    approved_notional: Exact | None
    reference_price: Exact


class DecisionOutcomeShape(Shape):
    """How a decision turned out at one horizon."""

    decision_id: UUID
    horizon: str = Field(description="1h, 4h or close")
    known_at: datetime
    price: Exact
    move_ratio: Exact
    result_ratio: Exact | None
    net_pnl: Exact | None


class ModelCallDocument(StoredCallShape):
    """Everything that is stored of a call."""

    reply_text: str | None = Field(
        description="The answer as received, without secrets. Show it as text only."
    )
    reading: dict[str, Any] | None = Field(
        description="How it was read: path, verdict per rule and per asset. Null: no answer."
    )
    call: dict[str, Any] = Field(
        description="Messages, and by round parameters, attempts with raw answers, and tools;"
        " money as text."
    )
    decisions: list[JudgedDecisionShape] = Field(
        description="Made of its answer, with the verdict of risk."
    )
    outcomes: list[DecisionOutcomeShape] = Field(description="How these decisions turned out.")


class BudgetShape(Shape):
    """Limits of one UTC day; null: no limit of that kind."""

    calls: int | None
    tokens: int | None
    money: Exact | None = Field(description="USD")
    unknown_cost: str = Field(description="assume or stop")
    assumed_money: Exact = Field(description="USD that a request of unknown price counts as.")
    assumed_tokens: int


class UseShape(Shape):
    """What was used in some time."""

    questions: int = Field(description="Calls as they are stored.")
    calls: int = Field(description="Requests that may have been billed; what the budget counts.")
    tokens: int = Field(description="Of requests that told them.")
    money: Exact = Field(description="USD: what is known.")
    unknown_money: int = Field(description="Requests of unknown price.")
    unknown_tokens: int = Field(description="Requests of unknown use.")


class DayShape(UseShape):
    """One day."""

    day: date = Field(description="UTC day of real time.")


class ModelUsageShape(Shape):
    """An account's use of its model against its budget."""

    account_id: str
    model: str | None = Field(description="Null: no language model decides now.")
    budget: BudgetShape | None = Field(description="Of a UTC day. Null: no model.")
    today: DayShape
    counted_tokens: int | None = Field(
        description="Today's, with what is assumed for the unknown. Null: no budget."
    )
    counted_money: Exact | None = Field(
        description="USD: today's, with what is assumed for the unknown. Null: no budget."
    )
    exhausted: str | None = Field(
        description="Why nothing more is asked today, in words. Null: there is room for a question as long as"
        " the newest one."
    )
    last_30_days: UseShape = Field(description="Today and the 29 days before it.")
    days: list[DayShape] = Field(
        description="Of these 30, those on which something was asked, newest first."
    )
