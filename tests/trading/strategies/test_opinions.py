"""How a strategy speaks: prices on the tick and around the quote, confidence inside its bounds."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.positions import Direction
from trading.strategies.confidence import AT_THRESHOLD, compute_confidence
from trading.strategies.opinions import enter
from trading.timeframes import Timeframe


@pytest.fixture
def entry(candles, view):
    """An entry at 100 with the given levels and, if wanted, moved prices of the quote."""

    def build(side, stop, target, **prices):
        market = view(candles([100.0], Timeframe.M5), Timeframe.M5)
        moved = {name: Decimal(price) for name, price in prices.items()}
        market = replace(market, quote=replace(market.quote, **moved))
        return enter(market, side, stop=stop, target=target, confidence=0.7, reason="why")

    return build


def test_levels_are_rounded_to_the_tick(entry):
    answer = entry(Direction.LONG, 94.96, 110.14)
    assert (answer.stop_price, answer.take_profit_price) == (Decimal("95.0"), Decimal("110.1"))
    assert (answer.direction, answer.weight, answer.scales_in) == (Direction.LONG, 1.0, False)


@pytest.mark.parametrize(
    ("side", "stop", "target"),
    [
        (Direction.LONG, 105.0, 110.0),
        (Direction.LONG, 95.0, 99.0),
        (Direction.LONG, 110.0, 95.0),
        (Direction.LONG, 99.96, 110.0),  # rounds to the price itself
        (Direction.SHORT, 95.0, 90.0),
        (Direction.SHORT, 105.0, 101.0),
        (Direction.SHORT, 90.0, 105.0),
        (Direction.LONG, -3.0, 110.0),
        (Direction.SHORT, 105.0, 0.01),
        (Direction.LONG, float("nan"), 110.0),
        (Direction.LONG, 95.0, float("inf")),
    ],
)
def test_levels_that_do_not_fit_are_no_entry(entry, side, stop, target):
    answer = entry(side, stop, target)
    assert answer.hold
    assert answer.reason.endswith("why")


@pytest.mark.parametrize(
    ("name", "price"), [("bid", "94.9"), ("mark", "95.0"), ("ask", "110.0"), ("last", "111.0")]
)
def test_every_price_of_the_quote_must_lie_between_the_levels(entry, name, price):
    assert not entry(Direction.LONG, 95.0, 110.0).hold
    assert entry(Direction.LONG, 95.0, 110.0, **{name: price}).hold


def test_confidence_rises_from_the_threshold_to_certainty_in_either_direction():
    assert compute_confidence(25.0, threshold=25.0, certain=50.0) == AT_THRESHOLD
    assert compute_confidence(37.5, threshold=25.0, certain=50.0) == pytest.approx(0.775)
    assert compute_confidence(17.5, threshold=35.0, certain=17.5) == 1.0
    assert compute_confidence(40.0, threshold=40.0, certain=40.0) == AT_THRESHOLD


@given(st.floats(), st.floats(0, 100), st.floats(0, 100))
def test_confidence_never_leaves_its_bounds(measure, threshold, certain):
    confidence = compute_confidence(measure, threshold=threshold, certain=certain)
    assert AT_THRESHOLD <= confidence <= 1.0
