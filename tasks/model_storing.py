"""A model is asked, and every question is stored as it was: what was sent, what came, what was read.

What may be billed is stored before it leaves, like an order: a process that ends before the answer is
stored leaves a row that counts in the budget at an unknown price.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from adapters.llm.documents import call_document
from adapters.llm.messages import system, user
from adapters.llm.records import ModelCall
from adapters.market.remembered import RecentlyUsed
from adapters.store.model_calls import NewModelCall, delete_model_call, save_model_call
from tasks.cycle import Cycle
from tasks.model_access import ModelAccess
from tasks.model_asking import Question
from tasks.model_talk import DECIDE, Asked, Means, Talk, talk
from tasks.resources import store_engine
from trading.decision.reply.mandate import Mandate

UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTalk:
    """A talk and the ids of its questions, in order."""

    talk: Talk
    ids: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ended:
    """A talk that has ended, its rows, and the row that was written before it."""

    talk: Talk
    rows: tuple[NewModelCall, ...]
    noted: UUID


_ended: RecentlyUsed[UUID, _Ended] = RecentlyUsed(8)
"""Talks of this process by cycle: a step that is repeated after a fault of the database must neither
pay for a second answer nor count the first one twice."""


def stored_before(cycle: Cycle) -> StoredTalk | None:
    """The talk of this cycle where an earlier try of the same step has had it, stored now at the latest."""
    ended = _ended.get(cycle.id)
    return None if ended is None else _store(ended)


async def ask_and_store(
    cycle: Cycle,
    access: ModelAccess,
    question: Question,
    means: Means,
    *,
    purpose: str | None = None,
    replay_of: UUID | None = None,
) -> StoredTalk:
    """Ask a model, and store what became of it."""
    noted = _note(_before(cycle, access, question, purpose or DECIDE, replay_of))
    talked = await talk(access, question.messages, question.form, question.mandate, means)
    rows = (
        _row(cycle, question, each, purpose or each.purpose, replay_of) for each in talked.asked
    )
    ended = _Ended(talk=talked, rows=tuple(rows), noted=noted)
    _ended.put(cycle.id, ended)
    return _store(ended)


def _store(ended: _Ended) -> StoredTalk:
    with store_engine().begin() as conn:
        delete_model_call(conn, ended.noted)
        ids = tuple(save_model_call(conn, row) for row in ended.rows)
    return StoredTalk(talk=ended.talk, ids=ids)


def _note(row: NewModelCall) -> UUID:
    with store_engine().begin() as conn:
        return save_model_call(conn, row)


def _before(
    cycle: Cycle, access: ModelAccess, question: Question, purpose: str, replay_of: UUID | None
) -> NewModelCall:
    """The row of a question whose answer is not there: one request, at a price that nobody knows."""
    told = question.messages
    call = ModelCall(
        host=access.endpoint.host,
        model_asked=access.settings.model,
        started_at=datetime.now(UTC),
        seconds=0.0,
        messages=(system(told.system), user(told.user)),
        rounds=(),
    )
    return replace(
        _unread(cycle, question, call, purpose, replay_of),
        call=call_document(call)
        | {"billed_attempts": 1, "unknown_costs": 1, "unknown_usages": 1, "cost": None},
    )


def _unread(
    cycle: Cycle, question: Question, call: ModelCall, purpose: str, replay_of: UUID | None
) -> NewModelCall:
    """A call as a row, while nothing was read from it."""
    return NewModelCall(
        account_id=cycle.account.id,
        cycle_id=cycle.id,
        purpose=purpose,
        at=cycle.as_of,
        prompt_name=question.prompt_name,
        prompt_version=question.prompt_version,
        form=question.form,
        replay_of=replay_of,
        outcome=UNANSWERED,
        reason="asked, and no answer is stored: it is on its way, or the process ended before it came",
        reply_text=None,
        reading={"mandate": asdict(question.mandate)},
        call=call_document(call),
    )


def reading_document(asked: Asked, mandate: Mandate) -> dict[str, Any]:
    """What was made of a reply, and against what it was read: enough to read another one."""
    document: dict[str, Any] = {"mandate": asdict(mandate)}
    reading = asked.reading
    if reading is None:
        return document
    return document | {
        "outcome": reading.outcome.value,
        "path": [step.value for step in reading.path],
        "rules": [asdict(rule) for rule in reading.rules],
        "verdicts": [
            {
                "asset": verdict.asset,
                "outcome": verdict.outcome.value,
                "sentence": verdict.sentence,
                "action": verdict.decision.action.value,
            }
            for verdict in reading.verdicts
        ],
        "dropped": list(reading.dropped),
        "reasoning": reading.reasoning,
    }


def _row(
    cycle: Cycle, question: Question, asked: Asked, purpose: str, replay_of: UUID | None
) -> NewModelCall:
    return replace(
        _unread(cycle, question, asked.call, purpose, replay_of),
        outcome=asked.outcome,
        reason=asked.reason,
        reply_text=asked.call.text,
        reading=reading_document(asked, question.mandate),
    )
