"""What an approved entry leaves for the next one of the same cycle."""

from dataclasses import replace
from decimal import Decimal

from tests.trading.risk.denial_examples import SELL, Build, Hold
from trading.orders import Side
from trading.risk.checks import check_entry
from trading.risk.sequence import after_entry, room_of, within
from trading.risk.state import RiskContext
from trading.risk.verdict import Approved, DenialCode, Denied


def approved(context: RiskContext) -> Approved:
    verdict = check_entry(context)
    assert isinstance(verdict, Approved), verdict
    return verdict


def test_an_entry_is_held_paid_for_and_counted_before_the_next_is_judged(build: Build):
    context = build(entries_today=3)
    room = after_entry(context, approved(context))
    (planned,) = room.positions
    assert (planned.position.symbol, planned.position.quantity) == ("BTCUSDT", 10)
    assert planned.notional == 1000
    assert planned.position.entry_price == Decimal("100.05")
    # 1000.5 at the slipped price: a third as margin, 0.06 % as fee
    assert room.available is not None
    assert round(room.available, 4) == Decimal("9665.8997")
    assert room.entries_today == 4


def test_a_short_is_planned_as_a_short(build: Build):
    context = build(decide=SELL)
    (planned,) = after_entry(context, approved(context)).positions
    assert planned.position.quantity == -10


def test_an_addition_grows_the_position_that_is_held_and_keeps_the_higher_mark(
    build: Build, hold: Hold
):
    held, other = hold("5", mark="101"), hold("1", symbol="ETHUSDT")
    context = build(positions=(held, other))
    room = after_entry(context, approved(context))
    assert len(room.positions) == 2
    grown = next(item for item in room.positions if item.position.symbol == "BTCUSDT")
    assert grown.position.quantity == 15
    assert grown.mark == 101
    assert grown.position.leverage == 3


def test_the_day_ends_within_a_cycle(build: Build):
    context = build(entries_today=19)
    room = after_entry(context, approved(context))
    verdict = check_entry(within(context, room))
    assert isinstance(verdict, Denied)
    assert verdict.code is DenialCode.DAILY_ENTRIES


def test_unknown_figures_stay_unknown(build: Build):
    verdict = approved(build())
    blind = replace(build(), available=None, entries_today=None)
    room = after_entry(blind, verdict)
    assert (room.available, room.entries_today) == (None, None)


def test_the_room_of_a_context_gives_the_context_back(build: Build, hold: Hold):
    context = build(positions=(hold("1"),), entries_today=2)
    assert within(build(), room_of(context)) == context
    assert approved(context).side is Side.BUY
