"""No broken figure opens a door: each numeric input of a context, broken one at a time."""

import copy
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.trading.risk.denial_examples import SELL, Build, Hold
from trading.risk.checks import ENTRY_CHECKS, check_entry
from trading.risk.draft import first_draft
from trading.risk.state import RiskContext
from trading.risk.verdict import Approved, Denied, Shrunk

ONCE = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
Path = tuple[str | int, ...]
LIMITS_CANNOT_BE_BROKEN = "limits"
"""A record of limits outside of its ranges cannot be built; see test_risk_limits.py."""

BROKEN_AMOUNTS = (Decimal("NaN"), Decimal("sNaN"), Decimal("Infinity"), Decimal("-Infinity"))
BROKEN_MEASURES = (float("nan"), float("inf"), float("-inf"))

UNUSED = {
    ("quote", "open_interest"),
    ("instrument", "max_open_orders"),
    ("instrument", "max_conditional_orders"),
    ("instrument", "min_price"),
    ("instrument", "max_price"),
    ("instrument", "multiplier_up"),
    ("instrument", "multiplier_down"),
    ("instrument", "price_precision"),
    ("instrument", "quantity_precision"),
}
"""No check of risk depends on them: the venue's own filters do (trading/matching/filters.py)."""
MAY_BE_MISSING = {
    ("lowest_equity_today",),  # nothing was read yet: the current equity counts
    ("decision", "stop_price"),  # becomes the account's default stop
    ("decision", "take_profit_price"),  # a plan without a target
    ("instrument", "market_step_size"),  # the venue names one step only
    ("instrument", "min_market_quantity"),
}


def numbers_of(record: Any, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """Every number inside a record, with the way to it."""
    if is_dataclass(record) and not isinstance(record, type):
        for field in fields(record):
            yield from numbers_of(getattr(record, field.name), (*path, field.name))
    elif isinstance(record, tuple):
        for index, item in enumerate(record):
            yield from numbers_of(item, (*path, index))
    elif isinstance(record, Decimal | float | int) and not isinstance(record, bool):
        yield path, record


def with_broken(record: Any, path: Path, value: Any) -> Any:
    """A copy with one number replaced, past the checks of the records themselves."""
    first, *rest = path
    if isinstance(first, int):
        items = list(record)
        items[first] = with_broken(items[first], tuple(rest), value) if rest else value
        return tuple(items)
    changed = copy.copy(record)
    inner = with_broken(getattr(record, first), tuple(rest), value) if rest else value
    object.__setattr__(changed, first, inner)
    return changed


def full(build: Build, hold: Hold, **more: Any) -> RiskContext:
    """A context in which no number is missing."""
    return build(
        positions=(hold("2"), hold("3", symbol="ETHUSDT")),
        listed={"market_step_size": Decimal("0.001"), "min_market_quantity": Decimal("0.001")},
        **more,
    )


def breaks(number: Any) -> tuple[Any, ...]:
    broken = BROKEN_MEASURES if isinstance(number, float) else BROKEN_AMOUNTS
    return (None, *broken) if not isinstance(number, int) else (None,)


def test_the_context_that_gets_broken_is_approved_as_it_stands(build: Build, hold: Hold):
    assert type(check_entry(full(build, hold))) is Approved
    assert len([path for path, _ in numbers_of(full(build, hold))]) > 60


@ONCE
@given(st.data())
def test_no_broken_number_of_a_context_is_ever_approved(build: Build, hold: Hold, data: Any):
    selling = data.draw(st.booleans())
    context = full(build, hold)
    if selling:
        context = build(decide=SELL, positions=(hold("3", symbol="ETHUSDT"),))
    numbers = [
        (path, number)
        for path, number in numbers_of(context)
        if path[0] != LIMITS_CANNOT_BE_BROKEN and path[-2:] not in UNUSED and path not in UNUSED
    ]
    path, number = data.draw(st.sampled_from(numbers))
    value = data.draw(st.sampled_from(breaks(number)))
    if value is None and path in MAY_BE_MISSING:
        return
    verdict = check_entry(with_broken(context, path, value))
    if path == ("atr",):  # unknown volatility: the lowest leverage there is
        assert isinstance(verdict, Denied) or verdict.leverage == 1
        return
    assert isinstance(verdict, Denied), (path, value)


@pytest.mark.parametrize("value", [None, float("nan"), float("inf"), 0.0, -1.0])
def test_without_a_usable_atr_the_leverage_is_one(build: Build, value: float | None):
    verdict = check_entry(build(atr=value))
    assert isinstance(verdict, Approved)
    assert verdict.leverage == 1


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("equity", Decimal(-1)),
        ("available", Decimal(-1)),
        ("peak_equity", Decimal(-1)),
        ("equity_at_day_start", Decimal(-1)),
        ("lowest_equity_today", Decimal(-1)),
        ("entries_today", -1),
        ("taker_fee", Decimal("-0.001")),
        ("slippage", Decimal(-1)),
        ("taker_fee", Decimal(1)),
    ],
)
def test_a_negative_figure_denies(build: Build, name: str, value: Any):
    assert isinstance(check_entry(build(**{name: value})), Denied)


@ONCE
@given(st.data())
def test_a_check_by_itself_never_lets_a_broken_account_figure_through(build: Build, data: Any):
    # Whoever calls one check alone (or changes their order) must not find it switched off.
    by_check = {
        "check_equity": ("equity", "available", "peak_equity", "equity_at_day_start", "taker_fee"),
        "check_drawdown": ("equity", "peak_equity"),
        "check_daily_loss": ("equity", "equity_at_day_start", "lowest_equity_today"),
        "check_daily_entries": ("entries_today",),
        "cap_order_size": ("equity",),
        "cap_symbol_exposure": ("equity",),
        "cap_confidence_size": ("equity",),
        "cap_correlated_exposure": ("equity",),
        "cap_gross_exposure": ("equity",),
        "cap_margin": ("available",),
        "cap_margin_use": ("equity",),
        "check_minimum_size": ("equity",),
    }
    check = data.draw(st.sampled_from([c for c in ENTRY_CHECKS if c.__name__ in by_check]))
    name = data.draw(st.sampled_from(by_check[check.__name__]))
    value = None if name == "entries_today" else Decimal("NaN")
    context = build(**{name: value})
    assert isinstance(check(context, first_draft(context)), Denied), (check.__name__, name)


def test_a_shrunk_entry_is_an_approved_one():
    assert issubclass(Shrunk, Approved)  # "never approved" above covers both
