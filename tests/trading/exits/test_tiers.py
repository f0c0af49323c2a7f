"""Where tiers put the stop, told as prices: entry 100 at leverage 2, so 8 % are 4 in price."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from trading.exit_settings import ExitSettings
from trading.exits.plan import PositionKey
from trading.exits.state import ExitState
from trading.exits.tiers import earned_stop, fell_back, reached_tier
from trading.positions import Direction

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
TICK = Decimal("0.1")
NONE = ExitSettings(tiers=(), pullback=None)


def state(best: str, direction: Direction = Direction.LONG, entry: str = "100") -> ExitState:
    return ExitState(
        key=PositionKey("BTCUSDT", NOON, direction),
        entry_price=Decimal(entry),
        measured_from=NOON,
        best_price=Decimal(best),
        looked_at=NOON,
    )


@pytest.mark.parametrize(
    ("best", "stop"),
    [
        ("100", None),
        ("103.99", None),
        ("104", "101.5"),
        ("107.49", "101.5"),
        ("107.5", "104"),
        ("112.49", "104"),
        ("112.5", "107.5"),
        ("300", "107.5"),
    ],
)
def test_a_long_earns_its_stop_with_its_peak(best, stop):
    earned = earned_stop(state(best), 2, ExitSettings(), tick=TICK)
    assert earned == (None if stop is None else Decimal(stop))


@pytest.mark.parametrize(
    ("best", "stop"), [("96.01", None), ("96", "98.5"), ("92.5", "96"), ("87.5", "92.5")]
)
def test_a_short_earns_its_stop_below_its_entry(best, stop):
    earned = earned_stop(state(best, Direction.SHORT), 2, ExitSettings(), tick=TICK)
    assert earned == (None if stop is None else Decimal(stop))


@pytest.mark.parametrize(
    ("direction", "best", "tick", "stop"),
    [
        (Direction.LONG, "110", "0.3", "101.1"),  # 101 is no multiple of 0.3
        (Direction.SHORT, "90", "0.4", "98.8"),  # nor 99 of 0.4
    ],
)
def test_an_earned_stop_lies_on_the_tick_and_keeps_no_less_than_was_promised(
    direction, best, tick, stop
):
    first = ExitSettings(tiers=ExitSettings().tiers[:1])
    assert earned_stop(state(best, direction), 3, first, tick=Decimal(tick)) == Decimal(stop)


def test_the_same_path_at_higher_leverage_reaches_more_tiers():
    reached = [reached_tier(state("104"), leverage, ExitSettings()) for leverage in (1, 2, 4, 7)]
    assert [None if tier is None else str(tier.profit) for tier in reached] == [
        None, "0.08", "0.15", "0.25",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("best", "price", "profit"),
    [
        ("105", "103.51", None),
        ("105", "103.5", "0.07"),
        ("105", "99", "-0.02"),
        ("103.9", "100.1", None),
        ("110", "107.01", None),
        ("110", "107", "0.14"),
    ],
)
def test_a_fall_of_three_tenths_of_the_peak_is_too_much_once_a_tier_was_reached(
    best, price, profit
):
    found = fell_back(state(best), 2, ExitSettings(), Decimal(price))
    assert found == (None if profit is None else Decimal(profit))


def test_a_short_falls_back_when_the_price_rises():
    short = state("95", Direction.SHORT)
    assert fell_back(short, 2, ExitSettings(), Decimal("96.49")) is None
    assert fell_back(short, 2, ExitSettings(), Decimal("96.5")) == Decimal("0.07")


@pytest.mark.parametrize("price", [None, "NaN", "0"])
def test_an_unknown_price_is_no_fall(price):
    known = None if price is None else Decimal(price)
    assert fell_back(state("120"), 2, ExitSettings(), known) is None


def test_without_tiers_nothing_moves_and_nothing_falls_back():
    assert earned_stop(state("300"), 2, NONE, tick=TICK) is None
    assert fell_back(state("300"), 2, NONE, Decimal(101)) is None
    only_pullback = ExitSettings(tiers=())
    assert fell_back(state("300"), 2, only_pullback, Decimal(101)) is None
    only_tiers = ExitSettings(pullback=None)
    assert fell_back(state("300"), 2, only_tiers, Decimal(101)) is None
