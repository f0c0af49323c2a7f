"""Good and broken replies: what becomes of each, and never a trade from a broken one."""

from __future__ import annotations

import pytest

from tests.trading.decision.corpus import Case, load_cases, told
from trading.decision.reply.outcomes import Outcome
from trading.decisions import Action

CASES = load_cases()


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.name}: {case.about}"[:90])
def test_a_reply_becomes_what_its_file_says(case: Case) -> None:
    reading = case.read()
    assert reading.outcome is case.outcome
    said = {each.asset: told(each.decision, each.outcome) for each in reading.verdicts}
    assert {asset: said[asset] for asset in case.told} == case.told
    if case.path is not None:
        assert [str(step) for step in reading.path] == case.path


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_there_is_one_decision_per_asset_and_none_of_them_trades_unless_it_was_accepted(
    case: Case,
) -> None:
    reading = case.read()
    assert [each.symbol for each in reading.decisions] == ["BTCUSDT", "ETHUSDT"]
    for verdict in reading.verdicts:
        if verdict.outcome is not Outcome.ACCEPTED:
            assert verdict.decision.action is Action.HOLD
            assert verdict.decision.rationale == f"Held, nothing changes: {verdict.sentence}"


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_words_that_are_kept_can_be_stored_and_quoted(case: Case) -> None:
    reading = case.read()
    kept = [reading.sentence, *reading.corrections, *reading.dropped, reading.reasoning]
    for decision in reading.decisions:
        kept += [decision.exit_plan, decision.rationale]
        assert len(decision.exit_plan) <= 500
    for words in kept:
        words.encode("utf-8")  # a surrogate would raise
        assert "\x00" not in words
        assert words.isprintable()


def test_the_corpus_is_large_and_knows_every_outcome_but_the_one_of_missing_prices() -> None:
    assert len(CASES) >= 60
    seen = {case.outcome for case in CASES}
    seen |= {verdict.outcome for case in CASES for verdict in case.read().verdicts}
    assert set(Outcome) - seen == {Outcome.NO_PRICE}
