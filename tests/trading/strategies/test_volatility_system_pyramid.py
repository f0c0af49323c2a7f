"""The volatility system decides for an account: it adds in steps, to winners only, up to one size."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import build_quote
from tests.trading.strategies.breakout_markets import MARKETS, RULES, market
from tests.trading.strategies.conftest import make_candles, make_view
from trading.decision.from_signal import decide_from_signal
from trading.decisions import Action
from trading.limits import RiskLimits
from trading.positions import Direction, Position
from trading.strategies.volatility_system import (
    TIMEFRAMES,
    VolatilitySystemParameters,
    signal,
    warm_up,
)
from trading.timeframes import Timeframe

DEFAULTS = VolatilitySystemParameters()
M15 = Timeframe.M15
CALM = [1000.0] * 120
"""With wicks of 1 on both sides ATR is 2, so a breakout is a move of more than 3."""
CAPITAL = Decimal(10_000)


def decided(closes, held, rule=DEFAULTS, spread="0"):
    """What an account of 10,000 with this position decides at the last close."""
    candles = make_candles(closes[-TIMEFRAMES[M15] :], M15, reach=1.0)
    view = make_view(candles, M15)
    view = replace(view, quote=build_quote(view.quote.last, view.quote.at, spread=spread))
    return decide_from_signal(
        signal(view, rule, Direction.FLAT if held is None else held.direction),
        view=view,
        held=held,
        capital=CAPITAL,
        limits=RiskLimits(),
        decided_by="volatility_system",
    )


def after(decision, held, price):
    """The position when a decision has been filled at the close."""
    if decision.action is Action.CLOSE:
        return None
    if decision.action is Action.HOLD:
        return held
    price = Decimal(repr(price)).quantize(Decimal("0.1"))
    sign = 1 if decision.action is Action.BUY else -1
    return grown(held, decision.allocation_usd * sign / price, price)


def test_a_campaign_is_bought_in_three_equal_steps_and_sold_at_once():
    closes, held, story = list(CALM), None, []
    # calm, breakout, drift, breakout, dip, breakout, a fourth one, collapse
    for close in (1000.0, 1010.0, 1012.0, 1022.0, 1019.0, 1034.0, 1046.0, 1000.0):
        closes.append(close)
        decision = decided(closes, held)
        story.append((decision.action, decision.allocation_usd))
        held = after(decision, held, close)
    part = Decimal("533.33")  # a third of 16 % of the capital, rounded down to cents
    assert story == [
        (Action.HOLD, 0),
        (Action.BUY, part),
        (Action.HOLD, 0),
        (Action.BUY, pytest.approx(part, abs=Decimal("0.02"))),
        (Action.HOLD, 0),
        (Action.BUY, pytest.approx(part, abs=Decimal("0.02"))),
        (Action.HOLD, 0),
        (Action.CLOSE, 0),
    ]


@settings(deadline=None, max_examples=15)
@given(shape=MARKETS, rule=RULES, spread=st.sampled_from(["0", "0.4"]))
def test_a_whole_campaign_never_adds_at_a_loss_and_never_passes_the_full_size(shape, rule, spread):
    closes = market(**shape, count=160)
    held: Position | None = None
    for end in range(warm_up(rule), len(closes), 2):
        decision = decided(closes[:end], held, rule, spread)
        if held is not None and decision.action in (Action.BUY, Action.SELL):
            assert (closes[end - 1] - float(held.entry_price)) * held.direction.sign > 0
        held = after(decision, held, closes[end - 1])
        # 0.9 of confidence is 0.16 of the capital
        assert held is None or held.notional(held.entry_price) <= Decimal("1600.01")


def grown(held, quantity, price):
    """A position with a further fill, at the weighted mean of its fills."""
    whole = quantity if held is None else held.quantity + quantity
    paid = quantity * price + (0 if held is None else held.quantity * held.entry_price)
    return Position(
        symbol="BTCUSDT",
        quantity=whole,
        entry_price=paid / whole,
        leverage=3,
        isolated_margin=Decimal(100),
        opened_at=datetime(2025, 1, 1, tzinfo=UTC),
    )


@pytest.mark.parametrize(
    ("entry", "action"), [("1020", Action.HOLD), ("1010", Action.HOLD), ("1009.9", Action.BUY)]
)
def test_a_position_that_is_not_in_profit_is_not_added_to_whatever_breaks_out(entry, action):
    # somebody's long of an older campaign or a slipped fill meets two breakouts, at 1004 and 1010
    closes = [*CALM, 1004.0, *[1004.0] * 8, 1010.0]
    held = grown(None, Decimal("0.1"), Decimal(entry))
    decision = decided(closes, held)
    assert "2 breakout(s) up, 2 of 3 parts" in decision.rationale
    assert decision.action is action
