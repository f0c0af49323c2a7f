"""The examples of docs/exits.md are conditions, and its refusals are what a user sees."""

import re
from pathlib import Path

import pytest

from trading.errors import InvalidCondition
from trading.exit_settings import DEFAULT_TIERS
from trading.exits.invalidation.plan import plan_conditions
from trading.timeframes import Timeframe

PAGE = (Path(__file__).parents[3] / "docs" / "exits.md").read_text()
EXAMPLES, REFUSALS = re.findall(
    r"^```\n(.*?)^```", PAGE.partition("## Invalidation")[2], re.DOTALL | re.MULTILINE
)
READ = {Timeframe.M5: 200, Timeframe.H1: 50, Timeframe.H4: 200}
SHOWN = [REFUSALS.splitlines()[start : start + 3] for start in range(0, 9, 3)]


@pytest.mark.parametrize("example", EXAMPLES.splitlines())
def test_every_example_is_a_condition_that_a_plan_takes(example):
    assert plan_conditions([example], READ)


@pytest.mark.parametrize("shown", SHOWN, ids=lambda lines: lines[1].strip())
def test_every_refusal_is_shown_as_it_is_given(shown):
    reason, text, caret = shown
    with pytest.raises(InvalidCondition) as refused:
        plan_conditions([text.strip()], READ)
    given = str(refused.value).splitlines()
    pattern = re.escape(reason).replace(r",\ \.\.\.", ".*")
    assert re.fullmatch(pattern, given[0])
    assert given[1:] == [text, caret]


def test_the_tiers_of_the_page_are_the_defaults():
    rows = re.findall(r"^\| (\d+) % \| (\d+) % \|$", PAGE, re.MULTILINE)
    assert [tuple(map(int, row)) for row in rows] == [
        (int(tier.profit * 100), int(tier.stop * 100)) for tier in DEFAULT_TIERS
    ]
