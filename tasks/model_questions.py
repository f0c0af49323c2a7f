"""Questions to a model outside of the schedule: one decision without an order, or an old one again.

Both are stored and count in the account's budget, since they are paid for like any other; neither can
bring an order about.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from adapters.store.accounts import load_account
from adapters.store.model_calls import StoredQuestion, load_question
from tasks.account_state import reconcile
from tasks.aside import claim_aside
from tasks.cycle import Cycle, holding_lease
from tasks.market import Markets, fetch_klines
from tasks.model_access import access_of, prompt_of
from tasks.model_asking import Question, build_question, means_of
from tasks.model_decisions import require_budget
from tasks.model_storing import StoredTalk, ask_and_store
from tasks.model_talk import Asked, Means
from tasks.resources import store_engine
from tasks.time_limits import DECIDE_SECONDS
from trading.account import Account, AgentKind
from trading.decision.prompt import Messages
from trading.decision.reply.mandate import Mandate, Tradable
from trading.decision.reply.read import Reading
from trading.decisions import TradeDecision
from trading.errors import InvalidRecord
from trading.positions import Direction
from trading.timeframes import Timeframe

PREVIEW, REPLAY = "preview", "replay"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a model would decide now, or would have decided then."""

    call_ids: tuple[UUID, ...]
    messages: Messages
    tokens: int
    """Of what the model was told, as estimated."""
    reply_text: str | None
    outcome: str
    reason: str
    reading: Reading | None
    cost: Decimal | None
    """USD of all its questions; None: unknown."""
    model_used: str | None

    @property
    def decisions(self) -> tuple[TradeDecision, ...]:
        return () if self.reading is None else self.reading.decisions


async def preview(account_id: str, assets: Collection[str] = ()) -> Preview | None:
    """Ask for one decision now, without an order. None: a cycle of the account is running.

    Raises
    ------
    UnknownAccount
        There is no such account.
    TradingError
        It has no model, its key or prompt is gone, its budget is used up, or market or venue cannot be read.
    """
    cycle = await claim_aside(account_id, trigger="manual")
    if cycle is None:
        return None
    async with holding_lease(cycle):
        # Inside, so that a refusal leaves the account free.
        _require_model(cycle.account)
        access = access_of(cycle.account)
        state = await reconcile(cycle)
        markets = _only(cycle, await fetch_klines.fn(cycle), assets)
        question = build_question(cycle, state, markets, prompt_of(cycle.account))
        budget = require_budget(cycle, question.tokens)
        means = means_of(cycle, markets, seconds=DECIDE_SECONDS, budget=budget)
        stored = await ask_and_store(cycle, access, question, means, purpose=PREVIEW)
    return _preview(question, stored)


async def replay(call_id: UUID, *, model: str | None = None) -> Preview | None:
    """Ask an old question again, of the same model or another one. None: a cycle is running.

    The messages and what the answer is read against are those of then. Raises as `preview`, and
    `StoreError` for an unknown call.
    """
    with store_engine().connect() as conn:
        stored = load_question(conn, call_id)
        account = load_account(conn, stored.account_id).account
    _require_model(account)
    cycle = await claim_aside(account.id, trigger="manual")
    if cycle is None:
        return None
    asked_of = account.asking(model)
    question = Question.of_stored(stored, mandate=_mandate(stored, asked_of))
    async with holding_lease(cycle):
        access = access_of(asked_of)
        budget = require_budget(cycle, question.tokens)
        means = Means(seconds=DECIDE_SECONDS, budget=budget)
        stored = await ask_and_store(
            cycle, access, question, means, purpose=REPLAY, replay_of=call_id
        )
    return _preview(question, stored)


def _require_model(account: Account) -> None:
    if account.kind is not AgentKind.LLM:
        raise InvalidRecord(
            f"account {account.id} is decided by {account.strategy}, not by a language model"
        )


def _only(cycle: Cycle, markets: Markets, assets: Collection[str]) -> Markets:
    wanted = {each.upper() for each in assets}
    unknown = wanted - {cycle.assets.of(view.symbol) for view in markets}
    if unknown:
        known = ", ".join(sorted(cycle.assets.of(view.symbol) for view in markets))
        raise InvalidRecord(
            f"{', '.join(sorted(unknown))} cannot be asked about for {cycle.account.id}; there is"
            f" data of {known or 'nothing'}"
        )
    if wanted:
        markets.views = {
            symbol: view
            for symbol, view in markets.views.items()
            if cycle.assets.of(symbol) in wanted
        }
    return markets


def _mandate(stored: StoredQuestion, account: Account) -> Mandate:
    document: dict[str, Any] = stored.mandate
    capital = document["capital"]
    return Mandate(
        tradables=tuple(
            Tradable(
                asset=each["asset"],
                symbol=each["symbol"],
                quote=each["quote"],
                price=None if each["price"] is None else Decimal(each["price"]),
                held=Direction(each["held"]),
            )
            for each in document["tradables"]
        ),
        decided_by=account.model or "",
        capital=None if capital is None else Decimal(capital),
        # Missing in questions of an earlier version: no condition of theirs can be read again.
        candles_read={Timeframe(each): n for each, n in document.get("candles_read", {}).items()},
    )


def _preview(question: Question, stored: StoredTalk) -> Preview:
    held = stored.talk
    last: Asked = held.asked[held.answered_by if held.answered_by is not None else -1]
    costs = [each.call.cost for each in held.asked]
    known = [cost for cost in costs if cost is not None]
    return Preview(
        call_ids=stored.ids,
        messages=question.messages,
        tokens=question.tokens,
        reply_text=last.call.text,
        outcome=last.outcome,
        reason=last.reason,
        reading=held.reading,
        cost=sum(known, Decimal(0)) if len(known) == len(costs) else None,
        model_used=last.call.model_used,
    )
