"""A decision with more words than any valid reply has is not acted on."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from trading.decisions import LONGEST_TEXT, Action, TradeDecision, refuse_too_long

BUY = TradeDecision(
    symbol="BTCUSDT",
    action=Action.BUY,
    allocation_usd=Decimal(1000),
    take_profit_price=Decimal(110),
    stop_price=Decimal(90),
    exit_plan="Stop at 90.",
    rationale="It goes up.",
    confidence=0.8,
    decided_by="momentum",
)


def test_a_decision_of_the_greatest_length_is_left_as_it_is() -> None:
    longest = replace(BUY, rationale="x" * (LONGEST_TEXT - len(BUY.exit_plan)))
    assert refuse_too_long(longest) is longest


@pytest.mark.parametrize("words", ["rationale", "exit_plan"])
def test_one_character_more_is_a_hold_that_names_the_reason_and_keeps_none_of_the_words(
    words: str,
) -> None:
    spare = LONGEST_TEXT - len(BUY.rationale) - len(BUY.exit_plan)
    refused = refuse_too_long(replace(BUY, **{words: getattr(BUY, words) + "x" * (spare + 1)}))
    assert (refused.action, refused.allocation_usd) == (Action.HOLD, Decimal(0))
    assert (refused.stop_price, refused.take_profit_price) == (None, None)
    assert "65,537 characters, at most 65,536" in refused.rationale
    assert "xx" not in refused.rationale + refused.exit_plan
    assert (refused.symbol, refused.decided_by) == (BUY.symbol, BUY.decided_by)
