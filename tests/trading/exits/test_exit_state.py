"""What is remembered of an open position: its best price, and never one of another position."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from trading.candles import CandleWindow
from trading.exits.plan import PositionKey
from trading.exits.state import ExitState, Look, look, peak_profit, profit_at
from trading.positions import Direction, Position
from trading.timeframes import Timeframe


@pytest.fixture
def seen(open_position, noon):
    """A look at a long of 2 from 100, some minutes after noon."""

    def made(
        price: str | None,
        *windows: CandleWindow,
        minutes: float = 30,
        position: Position | None = None,
        increased_at: datetime | None = None,
    ) -> Look:
        return Look(
            position=position or open_position("2"),
            at=noon + timedelta(minutes=minutes),
            price=None if price is None else Decimal(price),
            windows={window.timeframe: window for window in windows},
            increased_at=increased_at,
        )

    return made


Seen = Callable[..., Look]


def best(state: ExitState | None, looks: list[Look]) -> Decimal:
    for each in looks:
        state = look(state, each)
    assert state is not None
    return state.best_price


def test_a_new_position_begins_at_its_entry_with_no_peak(seen):
    state = look(None, seen(None))
    assert state.best_price == state.entry_price == 100
    assert peak_profit(state, 3) == 0


def test_the_best_price_is_the_highest_high_and_not_only_the_last_price(seen, candles):
    window = candles(("101", "99"), ("107.5", "100"), ("103", "98"))
    assert best(None, [seen("102", window)]) == Decimal("107.5")


def test_the_best_price_of_a_short_is_the_lowest_low(seen, candles, open_position):
    short = open_position("-2")
    window = candles(("101", "99"), ("107.5", "92.5"), ("103", "98"))
    assert best(None, [seen("97", window, position=short)]) == Decimal("92.5")


def test_the_last_price_counts_too(seen, candles):
    assert best(None, [seen("111", candles(("101", "99")))]) == 111


def test_a_candle_that_was_running_when_the_position_opened_does_not_count(seen, candles, noon):
    running = candles(("150", "50"), ("102", "99"), start=noon - timedelta(minutes=3))
    assert best(None, [seen("100", running)]) == 102


def test_a_candle_that_is_not_closed_yet_does_not_count(seen, candles):
    window = candles(("102", "99"), ("150", "99"))
    assert best(None, [seen("100", window, minutes=9)]) == 102


def test_candles_of_every_timeframe_count(seen, candles):
    hourly = candles(("120", "99"), timeframe=Timeframe.H1)
    assert best(None, [seen("100", candles(("102", "99")), hourly, minutes=60)]) == 120


def test_the_best_price_never_falls(seen, candles):
    looks = [seen("100", candles(("110", "99"))), seen("95", minutes=40)]
    assert best(None, looks) == 110


@pytest.mark.parametrize("price", [None, "NaN", "Infinity", "0", "-1"])
def test_an_unknown_price_is_no_best_price(seen, price):
    assert best(None, [seen(price)]) == 100


def test_a_repeated_look_changes_nothing(seen, candles):
    once = look(None, seen("103", candles(("110", "99"))))
    assert look(once, seen("103", candles(("110", "99")))) == once


def test_a_replayed_look_of_an_earlier_instant_changes_nothing(seen):
    later = look(None, seen("103", minutes=40))
    assert look(later, seen("200", minutes=30)) == later


@pytest.mark.parametrize("change", ["opened_at", "direction", "symbol"])
def test_a_new_position_begins_without_the_peak_of_another_one(seen, noon, open_position, change):
    old = look(None, seen("150"))
    other = {
        "opened_at": replace(old.key, opened_at=noon - timedelta(hours=2)),
        "direction": replace(old.key, direction=Direction.SHORT),
        "symbol": replace(old.key, symbol="ETHUSDT"),
    }[change]
    assert best(replace(old, key=other), [seen("101", minutes=40)]) == 101


def test_an_increase_measures_again_from_the_new_mean_entry(seen, candles, noon, open_position):
    grown = replace(open_position("4"), entry_price=Decimal(105))
    before = look(None, seen("110", candles(("112", "99"))))
    at = noon + timedelta(minutes=30)
    state = look(before, seen("109", minutes=35, position=grown, increased_at=at))
    assert (state.entry_price, state.measured_from) == (105, at)
    assert state.best_price == 109


def test_candles_from_before_an_increase_do_not_count_after_it(seen, candles, noon, open_position):
    grown = replace(open_position("4"), entry_price=Decimal(105))
    at = noon + timedelta(minutes=7)
    window = candles(("130", "99"), ("140", "99"), ("108", "99"))
    assert best(None, [seen("106", window, position=grown, increased_at=at)]) == 108


def test_an_increase_at_an_unknown_instant_counts_from_the_look_that_notices_it(
    seen, candles, open_position
):
    grown = replace(open_position("4"), entry_price=Decimal(105))
    before = look(None, seen("110"))
    state = look(before, seen("107", candles(("140", "99")), minutes=35, position=grown))
    assert state.best_price == 107


def test_an_increase_in_the_instant_of_the_opening_is_noticed_by_its_entry_price(
    seen, noon, open_position
):
    before = look(None, seen("110", increased_at=noon))
    grown = replace(open_position("4"), entry_price=Decimal(105))
    state = look(before, seen("106", minutes=35, position=grown, increased_at=noon))
    assert (state.entry_price, state.best_price) == (105, 106)


def test_a_reduction_leaves_peak_and_entry(seen, open_position):
    before = look(None, seen("110"))
    after = look(before, seen("108", minutes=35, position=open_position("0.5")))
    assert (after.best_price, after.entry_price) == (110, 100)


def test_profit_is_leverage_adjusted_and_turned_for_shorts(noon):
    state = ExitState(
        key=PositionKey("BTCUSDT", noon, Direction.SHORT),
        entry_price=Decimal(100),
        measured_from=noon,
        best_price=Decimal(96),
        looked_at=noon,
    )
    assert peak_profit(state, 5) == Decimal("0.2")
    assert profit_at(state, Decimal(98), 5) == Decimal("0.1")
    assert profit_at(state, Decimal(101), 5) == Decimal("-0.05")
    assert profit_at(state, Decimal("NaN"), 5) is None


def test_an_increase_at_the_mean_entry_itself_begins_a_new_measure(seen, noon):
    before = look(None, seen("110", increased_at=noon))
    at = noon + timedelta(minutes=31)
    state = look(before, seen("101", minutes=35, increased_at=at))
    assert (state.measured_from, state.best_price) == (at, 101)
