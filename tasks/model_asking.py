"""What a model is asked in a cycle: the prompt filled with what is known, and what its answer may touch."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.store.model_calls import StoredQuestion
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.model_access import agent_of
from tasks.model_situation import build_situation
from tasks.model_talk import Means
from tasks.model_tools import tools_for
from tasks.outcomes import settle_outcomes
from trading.decision.context.build import build_context
from trading.decision.context.trimming import estimate_tokens
from trading.decision.contract import Contract
from trading.decision.prompt import Messages, Prompt, build_messages
from trading.decision.reply.mandate import Mandate, Tradable
from trading.model_budget import RequestBudget
from trading.positions import Direction


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is asked, and what an answer is read against."""

    prompt_name: str
    prompt_version: str
    form: Contract
    messages: Messages
    mandate: Mandate
    tokens: int
    """Of what the model is told, as estimated."""

    @classmethod
    def of_stored(cls, stored: StoredQuestion, *, mandate: Mandate) -> Question:
        """An old question, to be asked again."""
        return cls(
            prompt_name=stored.prompt_name,
            prompt_version=stored.prompt_version,
            form=Contract(stored.form),
            messages=Messages(system=stored.system, user=stored.user),
            mandate=mandate,
            tokens=estimate_tokens(stored.user),
        )


def build_question(cycle: Cycle, state: AccountState, markets: Markets, prompt: Prompt) -> Question:
    """The prompt filled with what is known now."""
    settle_outcomes(cycle)
    account, agent = cycle.account, agent_of(cycle.account)
    context = build_context(build_situation(cycle, state, markets), budget=agent.context_tokens)
    mandate, form = _mandate(cycle, state, markets), Contract(agent.form)
    messages = build_messages(
        prompt,
        context,
        mandate=mandate,
        limits=account.limits,
        interval=account.interval,
        contract=form,
    )
    return Question(
        prompt_name=prompt.name,
        prompt_version=prompt.version,
        form=form,
        messages=messages,
        mandate=mandate,
        tokens=context.tokens,
    )


def means_of(cycle: Cycle, markets: Markets, *, seconds: float, budget: RequestBudget) -> Means:
    """What the model may use: time, what the day's budget has left, tools where the account has them."""
    if not agent_of(cycle.account).uses_tools:
        return Means(seconds=seconds, budget=budget)
    tools, run_tool = tools_for(cycle, markets)
    return Means(seconds=seconds, budget=budget, tools=tools, run_tool=run_tool)


def _mandate(cycle: Cycle, state: AccountState, markets: Markets) -> Mandate:
    views = list(markets)
    return Mandate(
        tradables=tuple(
            Tradable(
                asset=view.instrument.base,
                symbol=view.symbol,
                quote=view.instrument.quote,
                price=view.quote.last,
                held=_held(state, view.symbol),
            )
            for view in views
        ),
        decided_by=cycle.account.model or "",
        capital=state.balance.equity,
        candles_read={timeframe: len(window) for timeframe, window in views[0].windows.items()},
    )


def _held(state: AccountState, symbol: str) -> Direction:
    held = state.position(symbol)
    return Direction.FLAT if held is None else held.position.direction
