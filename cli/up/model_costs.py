"""What the language models of an arena may cost on a day, in a sentence for who starts it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from deployments.schedule import asks_model
from trading.account import Account
from trading.model_agent import ModelAgent
from trading.units import ZERO, plain

_LAST = "not counting what the last request of an account goes beyond its own"


def model_sentence(accounts: Sequence[Account]) -> str:
    """Empty where no account asks a model."""
    asking = [account for account in accounts if asks_model(account)]
    if not asking:
        return ""
    who = "1 account asks" if len(asking) == 1 else f"{len(asking)} accounts ask"
    models = ", ".join(dict.fromkeys(str(account.model) for account in asking))
    return f"{who} a language model ({models}); {_most([_day_of(each) for each in asking])}"


def _day_of(account: Account) -> Decimal | None:
    """USD that it may cost on a day; None: as much as it likes."""
    agent = account.model_agent or ModelAgent()
    is_free = agent.own_price_in == agent.own_price_out == ZERO
    return ZERO if is_free else agent.budget.money


def _most(days: Sequence[Decimal | None]) -> str:
    known = sum((each for each in days if each is not None), ZERO)
    unlimited = sum(each is None for each in days)
    if unlimited == len(days):
        return "without a limit in USD (llm.budget.usd)"
    if unlimited:
        noun = "one has" if unlimited == 1 else f"{unlimited} have"
        return f"{noun} no limit in USD (llm.budget.usd), the others {plain(known)} USD a day"
    if known == ZERO:
        return "they cost nothing"
    # What a request costs is known when it is answered: see docs/models.md.
    return f"by their budgets at most {plain(known)} USD a day (UTC) in all, {_LAST}"
