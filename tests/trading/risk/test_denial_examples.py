"""Every denial code has an entry that fails by it and a neighbour that passes."""

import pytest

from tests.trading.risk.denial_examples import EXAMPLES, Build, Hold
from trading.risk.checks import check_entry
from trading.risk.codes import DenialCode
from trading.risk.verdict import Approved, Denied, Shrunk


@pytest.mark.parametrize("code", DenialCode, ids=lambda code: code.value)
def test_an_entry_beyond_the_limit_fails_by_its_code(build: Build, hold: Hold, code: DenialCode):
    context = build(**EXAMPLES[code].fails(hold))
    verdict = check_entry(context)
    assert isinstance(verdict, Denied | Shrunk), verdict
    assert verdict.code is code
    assert verdict.limit
    assert verdict.actual
    assert verdict.sentence.endswith(".")
    if isinstance(verdict, Shrunk):
        assert verdict.notional < verdict.asked


@pytest.mark.parametrize("code", DenialCode, ids=lambda code: code.value)
def test_an_entry_just_inside_the_limit_passes_as_asked(build: Build, hold: Hold, code: DenialCode):
    context = build(**EXAMPLES[code].passes(hold))
    verdict = check_entry(context)
    assert type(verdict) is Approved, verdict
    lot = context.instrument.step_size * context.price
    assert context.decision.allocation_usd - verdict.notional < lot


def test_no_example_is_left_of_a_code_that_is_gone():
    assert list(EXAMPLES) == list(DenialCode)
