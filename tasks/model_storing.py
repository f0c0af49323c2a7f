"""Questions to a model are stored as they were: what was sent, what came, and what was read from it."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from adapters.llm.documents import call_document
from adapters.store.model_calls import NewModelCall, save_model_call
from tasks.cycle import Cycle
from tasks.model_asking import Question
from tasks.model_talk import Asked, Talk
from tasks.resources import store_engine
from trading.decision.reply.mandate import Mandate


def save_talk(
    cycle: Cycle,
    question: Question,
    held: Talk,
    *,
    purpose: str | None = None,
    replay_of: UUID | None = None,
) -> tuple[UUID, ...]:
    """Store every question of a talk, in one transaction; their ids in order."""
    rows = [_row(cycle, question, each, purpose or each.purpose, replay_of) for each in held.asked]
    with store_engine().begin() as conn:
        return tuple(save_model_call(conn, row) for row in rows)


def reading_document(asked: Asked, mandate: Mandate) -> dict[str, Any]:
    """What was made of a reply, and against what it was read: enough to read another one."""
    document: dict[str, Any] = {"mandate": asdict(mandate)}
    document["mandate"].pop("candles_read")
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
    return NewModelCall(
        account_id=cycle.account.id,
        cycle_id=cycle.id,
        purpose=purpose,
        at=cycle.as_of,
        prompt_name=question.prompt_name,
        prompt_version=question.prompt_version,
        form=question.form,
        replay_of=replay_of,
        outcome=asked.outcome,
        reason=asked.reason,
        reply_text=asked.call.text,
        reading=reading_document(asked, question.mandate),
        call=call_document(asked.call),
    )
