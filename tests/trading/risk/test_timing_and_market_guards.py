"""Cooldown, hysteresis, staleness and spread: both sides of each limit, and what has no say."""

from datetime import timedelta
from decimal import Decimal

import pytest

from tests.trading.risk.denial_examples import NOON, SELL, Build, Hold
from trading.orders import Side
from trading.positions import Direction
from trading.risk.checks import check_entry
from trading.risk.positions import LastClose
from trading.risk.verdict import Approved, Denied


def code_of(context) -> str:
    verdict = check_entry(context)
    return verdict.code.value if isinstance(verdict, Denied) else "approved"


def closed(minutes: float, direction: Direction = Direction.LONG) -> LastClose:
    return LastClose(at=NOON - timedelta(minutes=minutes), direction=direction)


@pytest.mark.parametrize("side", [{}, SELL])
def test_the_cooldown_holds_for_both_directions(build: Build, side: dict):
    assert code_of(build(decide=side, last_close=closed(29))) == "cooldown"
    assert code_of(build(decide=side, last_close=closed(31))) == "approved"


def test_a_close_from_later_than_now_is_no_way_around_the_cooldown(build: Build):
    assert code_of(build(last_close=closed(-5))) == "cooldown"
    assert code_of(build(last_close=closed(-5), limit={"cooldown_minutes": 0})) == "cooldown"


def test_without_a_cooldown_a_symbol_may_be_entered_at_once(build: Build):
    assert code_of(build(last_close=closed(0), limit={"cooldown_minutes": 0})) == "approved"


def wish(confidence: float, side: Side = Side.BUY) -> dict:
    levels = {} if side is Side.BUY else SELL
    return levels | {"confidence": confidence, "allocation_usd": Decimal(100)}


@pytest.mark.parametrize(
    ("was", "side", "confidence", "code"),
    [
        (Direction.LONG, Side.SELL, 0.59, "direction_change"),
        (Direction.LONG, Side.SELL, 0.6, "approved"),
        (Direction.SHORT, Side.BUY, 0.59, "direction_change"),
        (Direction.SHORT, Side.BUY, 0.6, "approved"),
        (Direction.LONG, Side.BUY, 0.5, "approved"),
        (Direction.SHORT, Side.SELL, 0.5, "approved"),
    ],
)
def test_the_other_direction_needs_more_than_the_same_one(
    build: Build, was: Direction, side: Side, confidence: float, code: str
):
    context = build(last_close=closed(60, was), decide=wish(confidence, side))
    assert code_of(context) == code


@pytest.mark.parametrize(("hours", "code"), [(23.9, "direction_change"), (24, "approved")])
def test_a_direction_is_forgotten_after_a_day(build: Build, hours: float, code: str):
    was = closed(hours * 60, Direction.SHORT)
    assert code_of(build(last_close=was, decide=wish(0.5))) == code


def test_an_addition_is_no_change_of_direction(build: Build, hold: Hold):
    was = closed(60, Direction.SHORT)
    context = build(last_close=was, decide=wish(0.55), positions=(hold("1"),))
    assert code_of(context) == "approved"


@pytest.mark.parametrize(
    ("seconds", "code"),
    [(60, "approved"), (61, "quote_stale"), (-60, "approved"), (-61, "quote_stale")],
)
def test_a_quote_of_another_time_is_refused_whichever_way_round(
    build: Build, seconds: int, code: str
):
    assert code_of(build(at=NOON + timedelta(seconds=seconds))) == code


@pytest.mark.parametrize(("half", "code"), [("0.25", "approved"), ("0.26", "spread")])
def test_the_spread_is_measured_against_the_middle(build: Build, half: str, code: str):
    quoted = {"bid": 100 - Decimal(half), "ask": 100 + Decimal(half)}
    assert code_of(build(quoted=quoted)) == code
    assert code_of(build(quoted=quoted, decide=SELL)) == code


@pytest.mark.parametrize(
    ("levels", "code"),
    [
        ({"stop_price": Decimal(90), "take_profit_price": Decimal(101)}, "approved"),
        ({"stop_price": Decimal("89.9"), "take_profit_price": Decimal(101)}, "reward_to_risk"),
        (SELL | {"stop_price": Decimal(110), "take_profit_price": Decimal(99)}, "approved"),
        (
            SELL | {"stop_price": Decimal("110.1"), "take_profit_price": Decimal(99)},
            "reward_to_risk",
        ),
        ({"stop_price": Decimal(60), "take_profit_price": None}, "approved"),
    ],
)
def test_reward_and_risk_are_measured_from_the_price(build: Build, levels: dict, code: str):
    # From their own middle, stop and target would always be 1 to 1: such a rule can never fail.
    assert code_of(build(decide=levels, limit={"leverage": 1})) == code


def test_a_zero_floor_asks_for_nothing(build: Build):
    levels = {"stop_price": Decimal(60), "take_profit_price": Decimal("100.1")}
    limit = {"leverage": 1, "min_reward_to_risk": Decimal(0)}
    free = {"funding_rate": Decimal(0)}
    assert code_of(build(decide=levels, limit=limit, quoted=free)) == "approved"


def test_a_benchmark_without_a_stop_has_no_risk_to_measure_its_reward_by(build: Build):
    bare = {"stop_price": None, "takes_stop": False, "take_profit_price": Decimal("100.1")}
    limit = {"requires_stop": False, "min_reward_to_risk": Decimal(100)}
    verdict = check_entry(build(decide=bare, limit=limit, quoted={"funding_rate": Decimal(0)}))
    assert isinstance(verdict, Approved)
    assert verdict.stop_price is None


@pytest.mark.parametrize(
    "listed",
    [
        {"max_market_quantity": Decimal(-1)},
        {"min_notional": Decimal("NaN")},
        {"market_step_size": Decimal("NaN")},
        {"funding_interval": timedelta(0)},
    ],
)
def test_a_broken_filter_of_the_venue_denies(build: Build, listed: dict):
    assert code_of(build(listed=listed)) == "data_problem"
