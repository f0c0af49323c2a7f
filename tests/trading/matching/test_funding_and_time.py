"""Funding goes to who holds at the instant; time only moves forward, in any number of steps."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

import pytest

from tests.trading.matching.paper_builders import (
    BUY,
    INSTRUMENTS,
    SELL,
    T0,
    book,
    candle,
    fills_in,
    funding,
    fundings_in,
    limit,
    minute,
    position,
    stop,
    story,
)
from trading.candles import Candle
from trading.market import FundingRate
from trading.matching import advance as advance_module
from trading.matching.advance import advance
from trading.matching.funding import pay_funding
from trading.paper_book import BookState, VenueEvent
from trading.timeframes import Timeframe


def run(
    state: BookState,
    *,
    until: int,
    candles: Sequence[Candle] = (),
    fundings: Sequence[FundingRate] = (),
) -> tuple[BookState, list[VenueEvent]]:
    return advance(
        state,
        candles_by_symbol={"BTCUSDT": candles},
        fundings_by_symbol={"BTCUSDT": fundings},
        timeframe=Timeframe.M1,
        until=minute(until),
        instruments=INSTRUMENTS,
    )


@pytest.mark.parametrize(
    ("quantity", "rate", "amount"),
    [
        ("2", "0.0001", "-0.02"),  # long pays a positive rate
        ("-2", "0.0001", "0.02"),
        ("2", "-0.0001", "0.02"),
        ("-2", "-0.0001", "-0.02"),
        ("2", "0", "0"),
    ],
)
def test_who_pays_funding_and_how_much(quantity: str, rate: str, amount: str) -> None:
    state = book(position(quantity, "90"))
    after, events = pay_funding(state, funding(rate, at=5))
    assert [event.amount for event in fundings_in(events)] == [Decimal(amount)]
    assert after.wallet == state.wallet + Decimal(amount)
    assert after.positions == state.positions
    assert not fundings_in(events)[0].amount.is_signed() or Decimal(amount) < 0


def test_without_a_position_there_is_no_funding() -> None:
    state = book()
    assert pay_funding(state, funding("0.0001", at=5)) == (state, [])


def test_the_position_after_the_candles_closed_at_the_instant_is_charged() -> None:
    fill_before = [candle("100 101 94 96", opens=4)]  # closes at minute 5
    fill_after = [candle("100 101 94 96", opens=5)]  # opens at minute 5
    for candles, paid in ((fill_before, ["-0.01"]), (fill_after, [])):
        state = book(orders=[limit(BUY, "1", "95")])
        _, events = run(state, until=10, candles=candles, fundings=[funding("0.0001", at=5)])
        assert len(fills_in(events)) == 1
        assert [str(event.amount.normalize()) for event in fundings_in(events)] == paid


def test_a_position_closed_by_the_candle_before_the_instant_is_not_charged() -> None:
    state = book(position("1"), orders=[stop(SELL, "1", "90")])
    stopped = [candle("95 96 89 91", opens=4)]
    _, events = run(state, until=10, candles=stopped, fundings=[funding("0.0001", at=5)])
    assert story(events) == ["stop sell 1 at 90"]
    assert fundings_in(events) == []


def test_a_candle_that_is_still_open_at_the_instant_waits_for_its_close() -> None:
    state = book(orders=[limit(BUY, "1", "95")])
    candles = [candle("100 101 94 96", opens=4)]
    half, events = advance(
        state,
        candles_by_symbol={"BTCUSDT": candles},
        fundings_by_symbol={},
        timeframe=Timeframe.M1,
        until=minute(5) - (minute(1) - T0) / 2,
        instruments=INSTRUMENTS,
    )
    assert events == []
    assert story(run(half, until=5, candles=candles)[1]) == ["limit buy 1 at 95"]


def test_what_was_matched_already_is_not_matched_again() -> None:
    candles = [candle("100 101 94 96", opens=n) for n in range(5)]
    rates = [funding("0.0001", at=n) for n in range(6)]
    state, events = run(book(position("1")), until=5, candles=candles, fundings=rates)
    assert len(fundings_in(events)) == 5  # the one at T0 belongs to the past
    assert run(state, until=5, candles=candles, fundings=rates) == (state, [])
    assert run(state, until=3, candles=candles, fundings=rates) == (state, [])


def test_a_gap_in_the_candles_is_passed_over_and_the_next_open_decides() -> None:
    state = book(position("1"), orders=[stop(SELL, "1", "90")])
    candles = [candle("100 101 95 96", opens=1), candle("85 86 84 85", opens=7)]
    after, events = run(state, until=9, candles=candles)
    assert story(events) == ["stop sell 1 at 85"]
    assert after.matched_until == minute(9)


def test_two_symbols_share_one_wallet_in_order_of_time() -> None:
    """The earlier entry takes the margin; the later one finds none left and expires."""
    btc = stop(BUY, "5", "105", reduce_only=False, name="btc")
    eth = stop(BUY, "5", "105", reduce_only=False, name="eth", symbol="ETHUSDT")
    for first, expected in ((1, ["btc buy 5 at 105", "eth expired"]),
                            (3, ["eth buy 5 at 105", "btc expired"])):  # fmt: skip
        _, events = advance(
            book(orders=[btc, eth], wallet="150"),
            candles_by_symbol={
                "BTCUSDT": [candle("104 106 103 104", opens=first)],
                "ETHUSDT": [candle("104 106 103 104", opens=2)],
            },
            fundings_by_symbol={},
            timeframe=Timeframe.M1,
            until=minute(9),
            instruments=INSTRUMENTS,
        )
        assert story(events) == expected


def test_candles_that_touch_nothing_never_reach_the_matching(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    matched: list[Candle] = []
    real = advance_module.match_candle

    def counted(state, instrument, one, **more):
        matched.append(one)
        return real(state, instrument, one, **more)

    monkeypatch.setattr(advance_module, "match_candle", counted)
    state = book(position("1"), orders=[stop(SELL, "1", "90")])
    quiet = [candle("100 101 99 100", opens=n) for n in range(500)]
    _, events = run(state, until=600, candles=[*quiet, candle("95 96 90 91", opens=500)])
    assert story(events) == ["stop sell 1 at 90"]
    assert [one.open_time for one in matched] == [minute(500)]
