"""A pyramid grows only while its position could be closed at a gain; a grid grows at any price."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.builders import build_quote, build_view
from trading.decision.from_signal import decide_from_signal
from trading.decisions import Action
from trading.limits import RiskLimits
from trading.positions import Direction, Position
from trading.signals import Signal

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
QUOTE = replace(build_quote("100", NOON, spread="0.2"), mark=Decimal("100.05"))
"""Bid 99.9, ask 100.1, mark 100.05."""
PYRAMID = Signal(
    direction=Direction.LONG,
    confidence=1.0,
    reason="breakout",
    stop_price=Decimal(90),
    take_profit_price=Decimal(120),
    weight=1.0,
    scales_in=True,
    adds_in_profit_only=True,
)
SHORT = replace(
    PYRAMID,
    direction=Direction.SHORT,
    stop_price=Decimal(120),
    take_profit_price=Decimal(90),
)


def decide(signal, entry, *, quantity="1", quote=QUOTE):
    held = Position(
        symbol="BTCUSDT",
        quantity=Decimal(quantity) * signal.direction.sign,
        entry_price=Decimal(entry),
        leverage=3,
        isolated_margin=Decimal(30),
        opened_at=NOON,
    )
    return decide_from_signal(
        signal,
        view=build_view(quote),
        held=held,
        capital=Decimal(10_000),
        limits=RiskLimits(),
        decided_by="volatility_system",
    )


@pytest.mark.parametrize(
    ("signal", "entry", "action"),
    [
        (PYRAMID, "99.8", Action.BUY),
        (PYRAMID, "99.9", Action.HOLD),  # it could be sold at 99.9, which gains nothing
        (PYRAMID, "105", Action.HOLD),
        (SHORT, "100.2", Action.SELL),
        (SHORT, "100.1", Action.HOLD),
        (SHORT, "95", Action.HOLD),
    ],
)
def test_a_winner_is_added_to_and_a_loser_is_not(signal, entry, action):
    decision = decide(signal, entry)
    assert decision.action is action
    if action is Action.HOLD:
        assert "only a winner is added to" in decision.rationale


def test_a_mark_on_the_losing_side_of_the_entry_counts_too():
    below = replace(QUOTE, mark=Decimal("99.5"))
    assert decide(PYRAMID, "99.8", quote=below).action is Action.HOLD
    assert decide(SHORT, "100.2", quote=replace(QUOTE, mark=Decimal("100.5"))).action is Action.HOLD


def test_what_is_held_and_what_is_added_never_pass_the_full_size():
    decision = decide(PYRAMID, "99.8", quantity="15")
    assert decision.allocation_usd + 15 * Decimal("99.8") == Decimal(2000)  # 20 % of the capital
    assert decide(PYRAMID, "99.8", quantity="20.1").action is Action.HOLD


def test_a_signal_that_only_scales_in_also_adds_to_a_loser():
    grid = replace(PYRAMID, adds_in_profit_only=False)
    assert decide(grid, "105").action is Action.BUY


def test_a_first_entry_needs_no_profit():
    decision = decide_from_signal(
        PYRAMID,
        view=build_view(QUOTE),
        held=None,
        capital=Decimal(10_000),
        limits=RiskLimits(),
        decided_by="volatility_system",
    )
    assert decision.action is Action.BUY
