"""Cross margin: the whole account stands behind every position, and goes with them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BTC,
    BUY,
    ETH,
    INSTRUMENTS,
    SELL,
    T0,
    book,
    candle,
    code_of,
    fills_in,
    funding,
    limit,
    market,
    matched,
    minute,
    position,
    quote,
    stop,
    story,
    submitted,
)
from trading.candles import Candle
from trading.errors import BadMarketData
from trading.matching.advance import advance
from trading.matching.amendments import set_leverage, set_margin_mode
from trading.matching.candle_walk import match_candle
from trading.matching.liquidation import backing_of, liquidation_price, maintenance_margin
from trading.matching.margin import balance, free_margin
from trading.matching.submission import submit
from trading.paper_book import BookState, VenueEvent
from trading.positions import MarginMode, Position
from trading.timeframes import Timeframe

CROSS, ISOLATED = MarginMode.CROSS, MarginMode.ISOLATED
MODES = {"BTCUSDT": CROSS, "ETHUSDT": CROSS}
LONG = position("10", mode=CROSS)
"""Notional 1000, maintenance 4 at the entry."""


def crossed(*held: Position, wallet: str = "300", **more: object) -> BookState:
    marks = {one.symbol: Decimal(100) for one in held if one.margin_mode is CROSS}
    return book(*held, wallet=wallet, marks=marks, margin_modes=MODES, **more)


def run(
    state: BookState, until: int, **candles: list[Candle]
) -> tuple[BookState, list[VenueEvent]]:
    return advance(
        state,
        candles_by_symbol={f"{name}USDT": path for name, path in candles.items()},
        fundings_by_symbol={},
        timeframe=Timeframe.M1,
        until=minute(until),
        instruments=INSTRUMENTS,
    )


def test_a_position_is_liquidated_where_the_wallet_is_gone_not_its_own_margin() -> None:
    # 300 + 10 (p - 100) = 0.004 x 10 p: p = 70.28; isolated it would be 80.3
    state = crossed(LONG)
    price = liquidation_price(LONG, BTC, backing=backing_of(state, LONG, INSTRUMENTS))
    assert price is not None
    assert round(price, 4) == Decimal("70.2811")
    assert story(matched(state, "100 101 70.3 80")[1]) == []
    after, events = matched(state, "100 101 70.2 80")
    assert story(events) == ["autoclose sell 10 at 70.2"]
    assert after.wallet == 0
    assert (after.positions, after.marks) == ({}, {})


def test_a_gap_beyond_bankruptcy_costs_the_wallet_and_nothing_more() -> None:
    after, events = matched(crossed(LONG), "40 41 39 40")
    assert story(events) == ["autoclose sell 10 at 70"]
    assert after.wallet == 0


def test_a_short_is_liquidated_upwards() -> None:
    short = position("-10", mode=CROSS)
    after, events = matched(crossed(short), "100 140 99 139")
    assert story(events) == ["autoclose buy 10 at 129.5"]  # (1000 + 300) / 10.04 = 129.48
    assert after.wallet == 0


def test_what_others_earn_stands_behind_a_position_and_what_they_need_does_not() -> None:
    other = position("-10", symbol="ETHUSDT", mode=CROSS)
    state = replace(crossed(LONG, other), marks={"BTCUSDT": Decimal(100), "ETHUSDT": Decimal(90)})
    assert backing_of(state, LONG, INSTRUMENTS) == 300 + 100 - maintenance_margin(ETH, Decimal(900))


def test_margin_of_isolated_positions_is_not_behind_a_cross_position() -> None:
    isolated = position("5", symbol="ETHUSDT")  # 100 set aside
    state = crossed(LONG, isolated)
    assert backing_of(state, LONG, INSTRUMENTS) == 200
    assert backing_of(state, isolated, INSTRUMENTS) == 100
    after, events = matched(state, "100 101 60 61")
    assert story(events) == ["autoclose sell 10 at 80.3"]
    assert after.wallet == 100  # what the isolated position has set aside, and it lives
    assert list(after.positions) == ["ETHUSDT"]


def test_a_liquidation_takes_all_cross_positions_and_ends_their_entries() -> None:
    other = position("-5", symbol="ETHUSDT", mode=CROSS)
    orders = [
        limit(BUY, "1", "60"),
        stop(SELL, "10", "60"),
        stop(BUY, "5", "140", symbol="ETHUSDT", name="eth"),
    ]
    state = crossed(LONG, other, orders=orders)
    after, events = match_candle(
        state, BTC, candle("100 101 60.5 61"), closes_at=minute(2), instruments=INSTRUMENTS
    )
    assert story(events) == [
        "limit expired", "autoclose buy 5 at 100", "eth expired", "autoclose sell 10 at 70.4",
        "stop expired",
    ]  # fmt: skip
    assert after.wallet == 0
    assert (after.positions, after.orders) == ({}, {})
    assert sum(fill.realized_pnl - fill.fee for fill in fills_in(events)) == -300


def test_a_fall_of_one_symbol_liquidates_through_the_other() -> None:
    other = position("10", symbol="ETHUSDT", mode=CROSS)
    state = crossed(LONG, other)
    calm = [candle("100 101 99.5 100", opens=n) for n in range(1, 4)]
    falling = [candle("100 101 75 75", opens=1), candle("75 76 69 70", opens=2)]
    after, events = run(state, 5, BTC=calm, ETH=falling)
    assert [event.fill.symbol for event in events if hasattr(event, "fill")] == [
        "BTCUSDT",
        "ETHUSDT",
    ]
    assert after.wallet == 0


def test_funding_that_eats_the_balance_leads_to_liquidation_at_the_next_open() -> None:
    path = [candle("71 72 70.9 71", opens=1), candle("71 72 70.9 71", opens=2)]
    after, events = advance(
        crossed(LONG), candles_by_symbol={"BTCUSDT": path},
        fundings_by_symbol={"BTCUSDT": [funding("0.02", at=2, mark="71")]},
        timeframe=Timeframe.M1, until=minute(5), instruments=INSTRUMENTS,
    )  # fmt: skip
    assert story(events) == ["autoclose sell 10 at 71.5"]  # bankrupt at 71.42 after paying 14.2
    assert after.wallet == 0


def test_one_call_or_many_give_the_same_cross_account() -> None:
    other = position("10", symbol="ETHUSDT", mode=CROSS)
    falls = [candle(f"{p} {p} {p - 2} {p - 2}", opens=n) for n, p in enumerate(range(100, 70, -2))]
    whole = run(crossed(LONG, other), 20, BTC=falls, ETH=falls)
    state, events = crossed(LONG, other), []
    for until in range(1, 21):
        state, more = run(state, until, BTC=falls, ETH=falls)
        events += more
    assert (state, events) == whole
    assert len(fills_in(events)) == 2


def test_profit_of_a_cross_position_is_free_at_once_and_loss_is_gone() -> None:
    state = crossed(LONG)  # 200 set aside
    assert free_margin(state) == 100
    richer, _ = matched(state, "100 111 100 110")
    assert free_margin(richer) == 200
    poorer, _ = matched(state, "100 100 95 95")
    assert free_margin(poorer) == 50
    money = balance(richer, {"BTCUSDT": Decimal(105)})
    assert (money.unrealized, money.available, money.margin_used) == (50, 150, 200)


def test_a_cross_position_that_is_entered_is_known_at_its_fill() -> None:
    state = submitted(crossed(), market(BUY, "1"))
    assert state.marks == {"BTCUSDT": 100}
    assert state.positions["BTCUSDT"].margin_mode is CROSS
    assert (
        submitted(state, market(SELL, "3", name="flip")).positions["BTCUSDT"].margin_mode is CROSS
    )
    assert submitted(state, market(SELL, "1", name="out")).marks == {}


def test_margin_mode_is_that_of_positions_to_come() -> None:
    state = book(margin_modes={"BTCUSDT": CROSS})
    assert submitted(state, market(BUY, "1")).positions["BTCUSDT"].margin_mode is CROSS
    assert submitted(book(), market(BUY, "1")).positions["BTCUSDT"].margin_mode is ISOLATED


@pytest.mark.parametrize(
    ("state", "mode", "code"),
    [
        (book(), ISOLATED, -4046),
        (book(margin_modes=MODES), CROSS, -4046),
        (book(orders=[limit(BUY, "1", "90")]), CROSS, -4047),
        (book(position("1")), CROSS, -4048),
        (book(position("1", symbol="ETHUSDT")), CROSS, None),
    ],
)
def test_when_the_margin_mode_may_change(
    state: BookState, mode: MarginMode, code: int | None
) -> None:
    assert code_of(lambda: set_margin_mode(state, "BTCUSDT", mode)) == code


def test_leverage_of_a_cross_position_changes_with_its_margin() -> None:
    state = set_leverage(crossed(LONG), "BTCUSDT", 10, BTC)
    assert state.positions["BTCUSDT"].isolated_margin == 100
    assert free_margin(state) == 200
    assert code_of(lambda: set_leverage(state, "BTCUSDT", 3, BTC)) == -2019
    assert set_leverage(state, "BTCUSDT", 4, BTC).positions["BTCUSDT"].leverage == 4


def test_leverage_above_the_bracket_of_a_cross_position_is_refused() -> None:
    big = position("600", mode=CROSS)
    assert code_of(lambda: set_leverage(crossed(big, wallet="90000"), "BTCUSDT", 21, BTC)) == -2027


def test_without_the_margin_table_of_another_position_nothing_is_guessed() -> None:
    other = position("1", symbol="ETHUSDT", mode=CROSS)
    with pytest.raises(BadMarketData, match="ETHUSDT"):
        matched(crossed(LONG, other), "100 101 99 100")


def test_an_opening_on_credit_of_lost_money_is_refused() -> None:
    poorer, _ = matched(crossed(LONG), "100 100 91 91")

    def buys(quantity: str) -> object:
        return submit(poorer, market(BUY, quantity), instrument=BTC, quote=quote("91"), at=T0)

    assert code_of(lambda: buys("0.5")) is None  # 300 - 90 - 200 = 10 free
    assert code_of(lambda: buys("0.6")) == -2019
