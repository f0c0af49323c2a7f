"""What an account may still ask of a language model today: calls, tokens and money.

A day is a UTC day; money is USD, as providers bill it. Counting is pure: what was used comes in as
records. What nobody told the price of is never taken as free: it counts by an assumed price, or it
stops the account, as set. A limit is a ceiling for what was used before a request, plus what the request
is expected to use, and is looked at before each one; a request that turns out dearer ends the day, it
does not take money of the next one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import StrEnum

from trading.errors import InvalidRecord
from trading.units import ZERO, plain


class UnknownCost(StrEnum):
    """What becomes of a call whose price nobody told."""

    ASSUME = "assume"
    """It counts as `assumed_money` and `assumed_tokens`."""
    STOP = "stop"
    """No further call that day, with a limit of money or without: a person looks at the price table."""


class Ceiling(StrEnum):
    """Which limit ended the day."""

    CALLS = "calls"
    TOKENS = "tokens"
    MONEY = "money"
    UNKNOWN_COST = "unknown_cost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelBudget:
    """Limits of one account for one UTC day; None: no limit of that kind."""

    calls: int | None = None
    """Requests that a provider may have billed, lost answers and tool rounds included."""
    tokens: int | None = None
    """Prompt and answer together."""
    money: Decimal | None = None
    """USD."""
    unknown_cost: UnknownCost = UnknownCost.ASSUME
    assumed_money: Decimal = Decimal("0.50")
    """USD that a request of unknown price counts as; meant to be too much."""
    assumed_tokens: int = 100_000
    """Tokens that a request of unknown use counts as."""

    def __post_init__(self) -> None:
        for name in ("calls", "tokens", "money"):
            limit = getattr(self, name)
            if limit is not None and not _is_amount(limit):
                raise InvalidRecord(f"model budget: {name} must be zero or more, not {limit}")
        if not _is_amount(self.assumed_money) or not _is_amount(self.assumed_tokens):
            raise InvalidRecord("model budget: what is assumed must be zero or more")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelUse:
    """Use of a model by one request or several, or an expectation of it."""

    at: datetime
    """Aware; when it was asked."""
    calls: int = 1
    """Requests that may have been billed."""
    tokens: int = 0
    """Those that were told."""
    money: Decimal = ZERO
    """USD that was told, or follows from a price table."""
    unknown_money: int = 0
    """Of `calls`, how many have no known price."""
    unknown_tokens: int = 0
    """Of `calls`, how many have no known tokens."""

    def __post_init__(self) -> None:
        if self.at.tzinfo is None:
            raise InvalidRecord("model use: `at` must be an aware time")
        counted = (self.calls, self.tokens, self.money, self.unknown_money, self.unknown_tokens)
        if not all(_is_amount(each) for each in counted):
            raise InvalidRecord("model use: nothing of it can be below zero")
        if max(self.unknown_money, self.unknown_tokens) > self.calls:
            raise InvalidRecord("model use: more unknown calls than calls")


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOfModel:
    """What an account has used on one UTC day."""

    day: date
    calls: int = 0
    tokens: int = 0
    money: Decimal = ZERO
    unknown_money: int = 0
    unknown_tokens: int = 0

    def counted_tokens(self, budget: ModelBudget) -> int:
        """With what is assumed for calls of unknown use."""
        return self.tokens + self.unknown_tokens * budget.assumed_tokens

    def counted_money(self, budget: ModelBudget) -> Decimal:
        """USD, with what is assumed for calls of unknown price."""
        return self.money + self.unknown_money * budget.assumed_money


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetExhausted:
    """No call until the next UTC day: the account holds, with this reason."""

    ceiling: Ceiling
    limit: Decimal
    actual: Decimal
    """Used and expected together, in the ceiling's unit."""
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestBudget:
    """What a decision's next request may still use; looked at again before each one."""

    limits: ModelBudget
    day: DayOfModel
    """What was used before it, the decision's earlier requests included."""
    expected: ModelUse
    """By one request."""

    def check(self) -> BudgetExhausted | None:
        """Why it may not go out; None: it may."""
        return check_budget(self.limits, self.day, self.expected)

    def after(self, use: ModelUse) -> RequestBudget:
        """What is left when that has been used."""
        return replace(self, day=add_use(self.day, use))


def day_of(day: date, uses: Iterable[ModelUse]) -> DayOfModel:
    """The uses of that UTC day added up; those of other days are left out."""
    total = DayOfModel(day=day)
    for use in uses:
        if use.at.astimezone(UTC).date() == day:
            total = add_use(total, use)
    return total


def add_use(day: DayOfModel, use: ModelUse) -> DayOfModel:
    """The day with one use more."""
    return DayOfModel(
        day=day.day,
        calls=day.calls + use.calls,
        tokens=day.tokens + use.tokens,
        money=day.money + use.money,
        unknown_money=day.unknown_money + use.unknown_money,
        unknown_tokens=day.unknown_tokens + use.unknown_tokens,
    )


def check_budget(
    budget: ModelBudget, day: DayOfModel, expected: ModelUse
) -> BudgetExhausted | None:
    """Why a call that will use about `expected` may not go out; None: it may.

    Calls, then unknown prices, then tokens, then money: the first limit that it would pass is told.
    A day that has reached its limit exactly is over, also for a call that is expected to cost nothing.
    """
    after = add_use(day, expected)
    tokens, money = after.counted_tokens(budget), after.counted_money(budget)
    if budget.calls is not None and after.calls > budget.calls:
        return _exhausted(Ceiling.CALLS, budget.calls, after.calls, "calls")
    if budget.unknown_cost is UnknownCost.STOP and day.unknown_money:
        return _unknown(day.unknown_money)
    if budget.tokens is not None and _is_over(day.counted_tokens(budget), tokens, budget.tokens):
        return _exhausted(Ceiling.TOKENS, budget.tokens, tokens, "tokens")
    if budget.money is not None and _is_over(day.counted_money(budget), money, budget.money):
        return _exhausted(Ceiling.MONEY, budget.money, money, "USD")
    return None


def _is_over(before: int | Decimal, after: int | Decimal, limit: int | Decimal) -> bool:
    return before >= limit or after > limit


def _exhausted(
    ceiling: Ceiling, limit: int | Decimal, actual: int | Decimal, unit: str
) -> BudgetExhausted:
    limit, actual = Decimal(limit), Decimal(actual)
    return BudgetExhausted(
        ceiling=ceiling,
        limit=limit,
        actual=actual,
        sentence=(
            f"the model budget of this UTC day is used up: with this call {plain(actual)} of"
            f" {plain(limit)} {unit}; the account holds until midnight UTC, or until the limit is raised"
        ),
    )


def _unknown(calls: int) -> BudgetExhausted:
    return BudgetExhausted(
        ceiling=Ceiling.UNKNOWN_COST,
        limit=ZERO,
        actual=Decimal(calls),
        sentence=(
            f"the price of {calls} of today's model calls is unknown and unknown_cost is `stop`; give the"
            " model a price, or set unknown_cost to `assume`"
        ),
    )


def _is_amount(value: int | Decimal) -> bool:
    return Decimal(value).is_finite() and value >= 0
