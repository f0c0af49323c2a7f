"""The table for the documents, and that every code in it can really be reached."""

import re
from pathlib import Path

from trading.risk.denials_table import render_denials
from trading.risk.verdict import DenialCode


def test_every_code_has_its_own_row_and_a_whole_sentence():
    rows = render_denials().splitlines()[2:]
    assert len(rows) == len(DenialCode)
    for code, row in zip(DenialCode, rows, strict=True):
        assert row.startswith(f"| `{code.value}` | ")
        assert re.fullmatch(r"[A-Z].{20,}\.", code.meaning)


def test_every_code_has_an_example_in_the_checks_tests():
    examples = (Path(__file__).parent / "test_risk_checks.py").read_text()
    assert [code.name for code in DenialCode if f"DenialCode.{code.name}" not in examples] == []


def test_a_code_is_found_by_its_stored_text():
    assert DenialCode("daily_loss") is DenialCode.DAILY_LOSS
