"""From signal to decision: direction, hysteresis, size and words."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.builders import build_quote, build_view
from trading.decision.from_signal import decide_from_signal
from trading.decisions import Action, TradeDecision
from trading.limits import RiskLimits
from trading.positions import Direction, Position
from trading.signals import Signal, hold

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
LIMITS = RiskLimits()
VIEW = build_view(build_quote("100", NOON, spread="0.2"))
LONG = Signal(
    direction=Direction.LONG,
    confidence=0.75,
    reason="trend up: ADX 31.0",
    stop_price=Decimal("95.0"),
    take_profit_price=Decimal("112.5"),
)
SHORT = replace(
    LONG,
    direction=Direction.SHORT,
    stop_price=Decimal("105.0"),
    take_profit_price=Decimal("88.0"),
)
FLAT = Signal(direction=Direction.FLAT, confidence=1.0, reason="averages crossed back")
GRID = replace(LONG, confidence=0.8, weight=0.5, scales_in=True)


def position(quantity: str, entry: str = "100") -> Position:
    return Position(
        symbol="BTCUSDT",
        quantity=Decimal(quantity),
        entry_price=Decimal(entry),
        leverage=3,
        isolated_margin=Decimal(100),
        opened_at=NOON,
    )


def decide(
    signal: Signal,
    *,
    held: Position | None = None,
    capital: str = "10000",
    limits: RiskLimits = LIMITS,
    takes_stop: bool = True,
) -> TradeDecision:
    return decide_from_signal(
        signal,
        view=VIEW,
        held=held,
        capital=Decimal(capital),
        limits=limits,
        decided_by="momentum",
        takes_stop=takes_stop,
    )


@pytest.mark.parametrize(
    ("signal", "held", "action"),
    [
        (LONG, None, Action.BUY),
        (SHORT, None, Action.SELL),
        (FLAT, None, Action.HOLD),
        (hold("warming up"), None, Action.HOLD),
        (LONG, position("1"), Action.HOLD),
        (SHORT, position("1"), Action.CLOSE),
        (FLAT, position("1"), Action.CLOSE),
        (hold("warming up"), position("1"), Action.HOLD),
        (LONG, position("-1"), Action.CLOSE),
        (SHORT, position("-1"), Action.HOLD),
        (FLAT, position("-1"), Action.CLOSE),
    ],
)
def test_the_action_follows_from_signal_and_position(signal, held, action):
    decision = decide(signal, held=held)
    assert decision.action is action
    assert (decision.allocation_usd > 0) == (action in (Action.BUY, Action.SELL))


def test_an_entry_carries_size_levels_words_and_its_author():
    decision = decide(LONG)
    assert decision.allocation_usd == Decimal("1000.00")  # 0.20 x (0.75 - 0.5) / 0.5 of 10000
    assert (decision.stop_price, decision.take_profit_price) == (Decimal(95), Decimal("112.5"))
    assert decision.exit_plan == "Stop at 95, target at 112.5, at most 36 h."
    assert decision.rationale.startswith("trend up: ADX 31.0. Open 1000.00")
    assert (decision.symbol, decision.decided_by) == ("BTCUSDT", "momentum")
    assert decision.confidence == 0.75


def test_a_close_and_a_hold_carry_no_levels():
    for decision in (decide(SHORT, held=position("1")), decide(LONG, held=position("1"))):
        assert decision.stop_price is None
        assert decision.take_profit_price is None


def test_weak_confidence_neither_enters_nor_turns_a_position():
    weak = replace(SHORT, confidence=0.49)
    for held in (None, position("1")):
        decision = decide(weak, held=held)
        assert decision.action is Action.HOLD
        assert "0.49 is below the account's 0.5" in decision.rationale


def test_leaving_needs_no_confidence():
    assert decide(replace(FLAT, confidence=0.0), held=position("1")).action is Action.CLOSE


@pytest.mark.parametrize("capital", ["0", "-5", "NaN", "Infinity"])
def test_unknown_or_lost_capital_enters_nothing_but_still_closes(capital):
    assert decide(LONG, capital=capital).action is Action.HOLD
    assert decide(FLAT, held=position("1"), capital=capital).action is Action.CLOSE


def test_at_the_threshold_the_smallest_size_is_taken_and_cents_do_not_undercut_it():
    decision = decide(replace(LONG, confidence=0.5), capital="9999.999")
    assert decision.allocation_usd == Decimal("100.00")


def test_a_benchmark_takes_the_largest_size_without_a_stop():
    everything = Signal(direction=Direction.LONG, confidence=1.0, reason="benchmark holds")
    decision = decide(
        everything,
        limits=RiskLimits(max_position_ratio=Decimal("0.9"), requires_stop=False),
        takes_stop=False,
    )
    assert decision.allocation_usd == Decimal("9000.00")
    assert not decision.takes_stop
    assert decision.exit_plan == "No stop, no target, at most 36 h."


def test_a_grid_opens_its_share_of_the_size():
    decision = decide(GRID)
    assert decision.allocation_usd == Decimal("600.00")  # half of 0.20 x (0.8 - 0.5) / 0.5 of 10000


def test_a_grid_that_asks_for_more_buys_the_difference_to_what_was_paid():
    decision = decide(replace(GRID, weight=0.75), held=position("6", entry="100"))
    assert decision.action is Action.BUY
    assert decision.allocation_usd == Decimal("300.00")
    assert decision.stop_price == Decimal(95)


def test_a_short_grid_that_asks_for_more_sells_the_difference():
    signal = replace(SHORT, confidence=0.8, weight=1.0, scales_in=True)
    decision = decide(signal, held=position("-9", entry="100"))
    assert decision.action is Action.SELL
    assert decision.allocation_usd == Decimal("300.00")


def test_a_grid_does_not_add_the_dust_between_two_readings_of_equity():
    decision = decide(GRID, held=position("5.99"), capital="10100")
    assert decision.action is Action.HOLD
    assert "7.00 more is wanted, the smallest order is 101.00" in decision.rationale


def test_a_grid_that_asks_for_less_keeps_the_position_until_it_wants_to_be_flat():
    decision = decide(replace(GRID, weight=0.25), held=position("6"))
    assert decision.action is Action.HOLD
    assert "as large as the signal asks for" in decision.rationale


@given(
    confidence=st.floats(0, 1),
    weight=st.floats(0, 1),
    capital=st.decimals("0.01", "1000000", places=4),
    held=st.decimals("-20", "20", places=3),
    scales_in=st.booleans(),
    direction=st.sampled_from(Direction),
)
def test_no_decision_asks_for_more_than_the_largest_position_or_less_than_the_smallest(
    confidence, weight, capital, held, scales_in, direction
):
    signal = Signal(
        direction=direction,
        confidence=confidence,
        reason="any",
        weight=weight,
        scales_in=scales_in,
    )
    decision = decide(signal, held=position(str(held)) if held else None, capital=str(capital))
    cent = Decimal("0.01")
    if decision.action in (Action.BUY, Action.SELL):
        assert decision.allocation_usd == decision.allocation_usd.quantize(cent)
        assert decision.allocation_usd >= capital * LIMITS.min_position_ratio
        assert decision.allocation_usd <= capital * LIMITS.max_position_ratio + cent
        if held:
            whole = decision.allocation_usd + abs(held) * 100
            assert whole <= capital * LIMITS.max_position_ratio + cent
            assert (held > 0) == (decision.action is Action.BUY)
    else:
        assert decision.allocation_usd == 0
