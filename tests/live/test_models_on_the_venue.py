"""A model takes its time: what it answers is judged by the prices that its order will meet."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.live.live_arena import LiveArena
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub
from tests.tasks.model_accounts import KEY, answer_by_price, build_model_account
from tests.tasks.whole_cycle import run_cycle
from trading.limits import RiskLimits
from trading.timeframes import Timeframe

pytestmark = pytest.mark.db
LENIENT = RiskLimits(max_quote_age_seconds=600)
"""For slots in the past: real time cannot be moved, and its quotes are of now."""


@pytest.fixture
def asked(
    live: LiveArena,
    stub: ModelStub,
    monkeypatch: pytest.MonkeyPatch,
) -> ModelStub:
    """A model decides for the paper account `llm` on the sandbox's real prices."""
    monkeypatch.setenv("TEST_MODEL_KEY", KEY)
    account = build_model_account(stub)
    live.add(replace(account, interval=Timeframe.M5, limits=LENIENT))
    return stub


def moving(live: LiveArena, price: int, answer: Any) -> Any:
    """The price moves while the model thinks."""

    def say(question: Any) -> Say:
        said: Say = answer(question)
        live.sandbox.set_price("BTCUSDT", Decimal(price))
        return said

    return say


async def test_a_buy_whose_price_stayed_becomes_a_position(
    live: LiveArena, asked: ModelStub
) -> None:
    asked.answer_with(answer_by_price("buy"))
    await run_cycle("llm")
    assert live.rows("select action, verdict from app.decisions where account_id = 'llm'") == [
        ("buy", "approved")
    ]
    assert live.one("select count(*) from app.positions where account_id = 'llm'") == (1,)


async def test_a_buy_whose_stop_the_price_has_passed_meanwhile_is_denied_and_nothing_is_sent(
    live: LiveArena, asked: ModelStub
) -> None:
    asked.answer_with(moving(live, 55_000, answer_by_price("buy")))
    await run_cycle("llm")
    ((action, verdict, words),) = live.rows(
        "select action, verdict, verdict_text from app.decisions where account_id = 'llm'"
    )
    assert (action, verdict) == ("buy", "denied"), words
    assert "stop" in str(words)
    assert live.one("select count(*) from app.intents where account_id = 'llm'") == (0,)


async def test_without_a_price_since_the_answer_nothing_is_opened(
    live: LiveArena, asked: ModelStub
) -> None:
    def say(question: Any) -> Say:
        for path in ("ticker", "premiumIndex", "bookTicker", "price"):
            live.sandbox.fail(path, status=503, times=0)
        return Say(text=answer_by_price("buy")(question).text)

    asked.answer_with(say)
    await run_cycle("llm")
    ((verdict, words),) = live.rows(
        "select verdict, verdict_text from app.decisions where account_id = 'llm'"
    )
    assert verdict == "denied"
    assert "no price since it was decided" in str(words)
