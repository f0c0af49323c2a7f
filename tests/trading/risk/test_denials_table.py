"""The tables for the documents: every code and every limit, with what decides it."""

import re

from trading.limit_ranges import LIMITS
from trading.limits import LIMIT_NAMES
from trading.risk.codes import DenialCode
from trading.risk.denials_table import render_denials, render_limit_keys, render_limits


def test_every_code_has_its_own_row_and_a_whole_sentence():
    rows = render_denials().splitlines()[2:]
    assert len(rows) == len(DenialCode)
    for code, row in zip(DenialCode, rows, strict=True):
        assert row.startswith(f"| `{code.value}` | ")
        assert re.fullmatch(r"[A-Z].{20,}\.", code.meaning)
        assert code.source


def test_every_limit_has_its_own_row_in_the_order_of_the_record():
    assert tuple(LIMITS) == LIMIT_NAMES
    rows = render_limits().splitlines()[2:]
    assert [row.split("`")[1] for row in rows] == list(LIMIT_NAMES)
    keys = render_limit_keys().splitlines()
    assert [row.split("`")[1] for row in keys[2:]] == list(LIMIT_NAMES)
    assert "| `max_position_ratio` | 0.2 | a ratio above 0 and up to 1 |" in keys
    assert "| `requires_stop` | true | true or false |" in keys
    assert "| `max_order_ratio` | not written |" in render_limits()
    assert "`confidence_size`, `size_below_minimum` | seed 004 |" in render_limits()


def test_the_limits_of_a_code_exist_and_every_limit_that_denies_is_named_by_a_code():
    named = {name for code in DenialCode for name in code.limits}
    assert named == set(LIMIT_NAMES)


def test_a_code_is_found_by_its_stored_text():
    assert DenialCode("daily_loss") is DenialCode.DAILY_LOSS
