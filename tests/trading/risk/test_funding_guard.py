"""Funding counts against the side that pays, over the holding time (FR-017)."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.trading.risk.denial_examples import NOON, SELL, Build
from trading.risk.checks import check_entry
from trading.risk.funding_check import funding_instants
from trading.risk.verdict import Approved, DenialCode, Denied

HIGH = Decimal("0.0012")


def code_of(context) -> str:
    verdict = check_entry(context)
    return verdict.code.value if isinstance(verdict, Denied) else "approved"


@pytest.mark.parametrize(
    ("rate", "decide", "code"),
    [
        (HIGH, {}, "funding"),
        (-HIGH, {}, "approved"),  # the long is paid
        (HIGH, SELL, "approved"),
        (-HIGH, SELL, "funding"),
        (Decimal(0), {}, "approved"),
    ],
)
def test_only_the_side_that_pays_is_refused(build: Build, rate: Decimal, decide: dict, code: str):
    assert code_of(build(quoted={"funding_rate": rate}, decide=decide)) == code


@pytest.mark.parametrize(
    ("due_in", "interval", "hours", "count"),
    [
        (4, 8, 36, 5),  # 16:00 00:00 08:00 16:00 00:00
        (0, 8, 36, 5),  # now, and the four after it
        (8, 8, 36, 4),
        (4, 4, 36, 9),
        (1, 1, 36, 36),
        (4, 8, 4, 1),
        (5, 8, 4, 0),
        (-3, 8, 36, 5),  # overdue counts as due now
        (90, 8, 36, 4),  # farther than an interval cannot be
        (None, 8, 36, 5),  # unknown: at once
        (4, 8, 876_000, 5),  # a benchmark is measured by the holding time of the rules
    ],
)
def test_it_is_paid_at_each_instant_within_the_holding_time(
    build: Build, due_in: float | None, interval: int, hours: int, count: int
):
    due = None if due_in is None else NOON + timedelta(hours=due_in)
    context = build(
        quoted={"next_funding_at": due},
        listed={"funding_interval": timedelta(hours=interval)},
        limit={"max_holding_hours": hours},
    )
    assert funding_instants(context) == count


def test_the_cost_may_not_eat_what_the_target_earns(build: Build):
    # Five times 0.0009 is 0.45 % of notional; the target is 0.4 % or 0.5 % away.
    rate = {"funding_rate": Decimal("0.0009")}
    near = {"take_profit_price": Decimal("100.4"), "stop_price": Decimal(98)}
    far = {"take_profit_price": Decimal("100.5"), "stop_price": Decimal(98)}
    assert code_of(build(quoted=rate, decide=near)) == "funding"
    assert code_of(build(quoted=rate, decide=far)) == "approved"
    assert code_of(build(quoted=rate, decide=near | {"take_profit_price": None})) == "approved"


@pytest.mark.parametrize("rate", [None, Decimal("NaN"), Decimal("Infinity")])
def test_an_unknown_rate_is_no_zero(build: Build, rate: Decimal | None):
    verdict = check_entry(build(quoted={"funding_rate": rate}))
    assert isinstance(verdict, Denied)
    assert (verdict.code, verdict.actual) == (DenialCode.FUNDING, "unknown")


def test_only_a_market_without_any_funding_may_lack_a_rate(build: Build):
    assert isinstance(
        check_entry(build(quoted={"funding_rate": None}, pays_funding=False)), Approved
    )
    nan = build(quoted={"funding_rate": Decimal("NaN")}, pays_funding=False)
    assert code_of(nan) == "funding"
    assert code_of(build(quoted={"funding_rate": HIGH}, pays_funding=False)) == "funding"
