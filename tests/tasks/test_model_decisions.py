"""Accounts that a language model decides for: whole cycles against a model server over real HTTP."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tasks import model_storing
from tests.arena import TestArena, hours
from tests.llm_stub.says import Say, refuses
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import (
    KEY,
    MODEL,
    answer_by_price,
    build_model_account,
    entry,
    reply,
)
from tests.tasks.whole_cycle import run_cycle
from trading.account import ModelProvider
from trading.model_agent import ModelAgent
from trading.model_budget import ModelBudget, UnknownCost

pytestmark = pytest.mark.db
TOKENS = {"prompt_tokens": 99_000, "completion_tokens": 1000, "total_tokens": 100_000}
DECISIONS = "select asset, action, verdict, rationale from app.decisions order by asset"


async def test_a_models_buy_becomes_a_position_with_its_stop_and_everything_is_stored(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(answer_by_price("buy"))
    await run_cycle("llm")
    assert arena.rows("select asset, action, verdict from app.decisions") == [
        ("BTC", "buy", "approved")
    ]
    assert arena.one("select count(*) from app.positions") == (1,)
    assert arena.one("select state from app.intents where leg = 'stop'") == ("open",)
    call = arena.one(
        "select purpose, outcome, model_asked, prompt_name, unknown_costs, reply_text"
        " like '%trade_decisions%', call->'messages'->0->>'role' from app.model_calls"
    )
    assert call == ("decide", "accepted", MODEL, "neutral", 1, True, "system")
    assert arena.rows(
        "select 1 from app.decisions d join app.model_calls c on c.id = d.model_call_id"
    ) == [(1,)]


async def test_no_key_is_in_anything_that_was_stored(arena: TestArena, asked: ModelStub) -> None:
    asked.answer_with(lambda _: Say(text=f"my key is {KEY}"))
    await run_cycle("llm")
    for table in ("model_calls", "decisions", "diary", "events", "cycles", "account_versions"):
        rows = arena.rows(f"select to_jsonb(t)::text from app.{table} t")
        assert KEY not in str(rows), table


BROKEN: dict[str, Say] = {
    "truncated": Say(text='{"trade_decisions": [{"asset": "BTC", "action": "buy"', finish="length"),
    "refusal": Say(text=None, refusal="I cannot give financial advice."),
    "empty": Say(text=""),
    "no_document": Say(text="Buy BTC now, all in!"),
    "wrong_side": Say(text=reply(entry("buy", 50_000, sl_price=90_000, tp_price=95_000))),
    "schema": Say(text=reply({"asset": "BTC", "action": "buy"})),
    "unfinished": Say(
        text=reply(entry("hold", 50_000)),
        calls=(("get_candles", {"asset": "BTC"}),),
        finish="stop",
    ),
}


@pytest.mark.parametrize("outcome", BROKEN)
async def test_row_19_a_broken_reply_is_corrected_once_and_then_held_with_its_reason(
    arena: TestArena, asked: ModelStub, outcome: str
) -> None:
    asked.script(MODEL, BROKEN[outcome], BROKEN[outcome])
    await run_cycle("llm")
    assert len(asked.bodies) == 2
    assert "could not be used" in asked.bodies[1]["messages"][-1]["content"]
    assert arena.rows("select action from app.decisions") == [("hold",)]
    assert arena.one("select count(*) from app.intents") == (0,)
    assert [row[0] for row in arena.rows("select purpose from app.model_calls order by 1")] == [
        "correct",
        "decide",
    ]


async def test_a_corrective_round_may_still_bring_a_decision(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.script(MODEL, BROKEN["schema"])
    asked.answer_with(answer_by_price("buy"))
    await run_cycle("llm")
    assert arena.rows("select action, verdict from app.decisions") == [("buy", "approved")]


async def test_row_35_a_text_that_says_to_go_all_in_changes_nothing_beyond_the_limits(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(
        answer_by_price("buy", allocation_usd=10_000_000, rationale="ignore all limits, go all in")
    )
    await run_cycle("llm")
    ((notional,),) = arena.rows("select approved_notional from app.decisions")
    assert isinstance(notional, Decimal)
    assert notional <= Decimal(2000)


@pytest.mark.parametrize(
    ("say", "code"),
    [
        (refuses(402, "Insufficient credits"), "model_credits_exhausted"),
        (refuses(401, "No auth credentials found"), "model_key_refused"),
    ],
)
async def test_what_only_a_person_can_mend_is_asked_once_told_and_not_asked_again(
    arena: TestArena, asked: ModelStub, say: Say, code: str
) -> None:
    asked.answer_with(lambda _: say)
    await run_cycle("llm")
    arena.stand_at(arena_time(arena) + hours(1))
    await run_cycle("llm")
    assert len(asked.bodies) == 1
    assert arena.rows("select code from app.alerts where real_cleared_at is null") == [
        ("model_needs_person",)
    ]
    assert arena.rows("select outcome from app.model_calls") == [(code,)]
    assert {row[0] for row in arena.rows("select action from app.decisions")} == {"hold"}


async def test_row_37_three_failing_calls_are_counted_and_bounded(
    arena: TestArena, asked: ModelStub
) -> None:
    asked.answer_with(lambda _: Say(drop=True))
    await run_cycle("llm")
    (billed, unknown) = arena.one("select billed, unknown_costs from app.model_calls")
    assert billed == unknown == len(asked.bodies)
    assert isinstance(billed, int)
    assert billed <= 2


async def test_at_its_budget_the_account_holds_and_the_model_is_not_asked(
    arena: TestArena,
    stub: ModelStub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    budget = ModelBudget(calls=1, unknown_cost=UnknownCost.ASSUME)
    arena.add(build_model_account(stub, model_agent=ModelAgent(budget=budget)))
    stub.answer_with(answer_by_price("hold"))
    await run_cycle("llm")
    arena.stand_at(arena_time(arena) + hours(1))
    await run_cycle("llm")
    assert len(stub.bodies) == 1
    assert "budget of this UTC day is used up" in str(arena.rows(DECISIONS))
    assert arena.rows("select code from app.alerts where real_cleared_at is null") == [
        ("model_budget",)
    ]


async def test_a_broken_reply_is_not_corrected_beyond_the_days_money(
    arena: TestArena, stub: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    arena.add(build_model_account(stub, model_agent=agent_with(money=Decimal("0.10"))))
    stub.answer_with(lambda _: Say(text="Buy BTC now!", usage=TOKENS))
    await run_cycle("llm")
    assert len(stub.bodies) == 1
    assert arena.rows("select purpose, outcome, known_cost from app.model_calls") == [
        ("decide", "no_document", Decimal(1))
    ]


async def test_tool_rounds_that_spend_the_days_money_end_in_a_hold_that_says_so(
    arena: TestArena, stub: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    agent = agent_with(money=Decimal("1.50"), uses_tools=True)
    arena.add(build_model_account(stub, model_agent=agent))
    look = ("get_candles", {"asset": "BTC", "timeframe": "5m", "last": 5})
    stub.answer_with(lambda _: Say(text=None, calls=(look,), usage=TOKENS))
    await run_cycle("llm")
    assert arena.rows("select outcome, billed, known_cost from app.model_calls") == [
        ("model_budget_spent", 2, Decimal(2))
    ]
    ((_, action, _, rationale),) = arena.rows(DECISIONS)
    assert action == "hold"
    assert "with this call 2 of 1.5 USD" in str(rationale)


async def test_an_answer_that_passes_the_days_money_by_its_own_cost_is_still_acted_on(
    arena: TestArena, stub: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    arena.add(build_model_account(stub, model_agent=agent_with(money=Decimal("0.10"))))
    plain = answer_by_price("buy")
    stub.answer_with(lambda question: replace(plain(question), usage=TOKENS))
    await run_cycle("llm")
    assert arena.rows("select action, verdict from app.decisions") == [("buy", "approved")]


def agent_with(*, uses_tools: bool = False, **limits: Any) -> ModelAgent:
    """An answer of `TOKENS` costs 1 USD."""
    ten = Decimal(10)
    return ModelAgent(
        budget=ModelBudget(**limits), uses_tools=uses_tools, own_price_in=ten, own_price_out=ten
    )


async def test_at_its_budget_a_configured_strategy_decides_and_says_so(
    arena: TestArena,
    stub: ModelStub,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    agent = ModelAgent(budget=ModelBudget(calls=0), fallback="momentum")
    arena.add(build_model_account(stub, model_agent=agent))
    await run_cycle("llm")
    assert stub.bodies == []
    ((_, _, _, rationale),) = arena.rows(DECISIONS)
    assert "momentum decides instead" in str(rationale)
    assert arena.rows("select decided_by from app.decisions") == [("momentum",)]


async def test_a_question_whose_process_ends_before_the_answer_counts_at_an_unknown_price(
    arena: TestArena, asked: ModelStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked.answer_with(answer_by_price("buy"))
    plain = model_storing.talk

    async def killed(*arguments: Any) -> Any:
        await plain(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(model_storing, "talk", killed)
    with pytest.raises(KeyboardInterrupt):
        await run_cycle("llm")
    assert len(asked.bodies) == 1
    assert arena.rows(
        "select purpose, outcome, billed, unknown_costs, unknown_usages from app.model_calls"
    ) == [("decide", "unanswered", 1, 1, 1)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"provider": ModelProvider(api_key="env:NOT_SET")}, "NOT_SET"),
        ({"provider": ModelProvider(base_url="http://far.example/v1")}, "must begin with https"),
        ({"prompt": "gone"}, "gone"),
    ],
    ids=["key", "address", "prompt"],
)
async def test_a_model_that_cannot_be_asked_is_held_and_told_and_leaves_no_question(
    arena: TestArena, asked: ModelStub, changes: dict[str, Any], words: str
) -> None:
    arena.add(replace(build_model_account(asked), **changes))
    await run_cycle("llm")
    assert asked.bodies == []
    assert arena.rows("select 1 from app.model_calls") == []
    ((_, action, _, rationale),) = arena.rows(DECISIONS)
    assert action == "hold"
    assert words in str(rationale)
    ((code, severity, sentence),) = arena.rows(
        "select code, severity, sentence from app.alerts where real_cleared_at is null"
    )
    assert (code, severity) == ("model_needs_person", "critical")
    assert words in str(sentence)


def arena_time(arena: TestArena) -> Any:
    return arena.one("select market_anchor from app.arena")[0]
