"""One call, many calls, or every candle by hand: the same book and the same events."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trading.matching.paper_builders import (
    BUY,
    INSTRUMENTS,
    MINUTE,
    SELL,
    T0,
    book,
    counter,
    funding,
    limit,
    minute,
    position,
    stop,
    stop_limit,
    submitted,
    target,
    trailing,
)
from trading.candles import Candle
from trading.market import FundingRate
from trading.matching.advance import advance
from trading.matching.candle_walk import match_candle
from trading.matching.funding import pay_funding
from trading.matching.groups import submit_group
from trading.order_groups import OrderGroup
from trading.orders import PriceKind
from trading.paper_book import BookState, VenueEvent
from trading.paper_terms import PaperExecution, PaperFees, SlippagePolicy
from trading.positions import MarginMode
from trading.timeframes import Timeframe

LENGTH = 40
Paths = dict[str, list[Candle]]
Fundings = dict[str, list[FundingRate]]


def candles_of(moves: list[tuple[int, int, int]]) -> list[Candle]:
    """A walk from 100 in steps of tenths; the tuple is (close, high above, low below)."""
    made: list[Candle] = []
    last = Decimal(100)
    for number, (step, above, below) in enumerate(moves):
        first, last = last, max(Decimal(50), last + Decimal(step) / 10)
        high = max(first, last) + Decimal(above) / 10
        low = min(first, last) - Decimal(below) / 10
        made.append(Candle(minute(number), first, high, low, last, Decimal(1)))
    return made


paths = st.fixed_dictionaries(
    {
        name: st.lists(
            st.tuples(st.integers(-30, 30), st.integers(0, 20), st.integers(0, 20)),
            min_size=LENGTH,
            max_size=LENGTH,
        ).map(candles_of)
        for name in INSTRUMENTS
    }
)
fundings = st.fixed_dictionaries(
    {
        name: st.sets(st.integers(0, LENGTH), max_size=5).map(
            lambda minutes, name=name: [
                funding("0.0003", at=at, symbol=name) for at in sorted(minutes)
            ]
        )
        for name in INSTRUMENTS
    }
)
cuts = st.sets(st.integers(1, LENGTH * 60 - 1), max_size=8)


def start() -> BookState:
    """Two positions near their levels, entries around them, and a wallet that may run dry."""
    orders = [
        stop(SELL, "2", "96", name="btc-stop"),
        target(SELL, "2", "103", name="btc-target"),
        limit(BUY, "1", "97", name="btc-add"),
        limit(SELL, "3", "104", name="btc-short"),
        stop(BUY, "3", "105", name="eth-stop", symbol="ETHUSDT"),
        stop(BUY, "8", "106", name="eth-entry", symbol="ETHUSDT", reduce_only=False),
        limit(BUY, "2", "95", name="eth-add", symbol="ETHUSDT"),
    ]
    positions = (position("2", leverage=20), position("-3", leverage=20, symbol="ETHUSDT"))
    return book(*positions, orders=orders, wallet="70", fees=PaperFees(), leverage=20)


def start_with_all_else(mode: MarginMode) -> BookState:
    """Groups, trailing and limit stops, triggers by the mark, fills in parts, one shared wallet."""
    positions = [
        position(quantity, leverage=20, symbol=symbol, mode=mode)
        for symbol, quantity in (("BTCUSDT", "4"), ("ETHUSDT", "-9"))
    ]
    state = book(
        *positions, wallet="90", fees=PaperFees(), leverage=20,
        margin_modes=dict.fromkeys(INSTRUMENTS, mode),
        marks=dict.fromkeys(INSTRUMENTS, Decimal(100)) if mode is MarginMode.CROSS else {},
        execution=PaperExecution(slippage=SlippagePolicy.DEPTH, volume_share=Decimal("0.6")),
    )  # fmt: skip
    state = submitted(
        state,
        trailing(SELL, "3", "0.02", trigger_by=PriceKind.MARK),
        stop_limit(SELL, "1", "98", "97.5"),
    )
    entry = OrderGroup(
        group_id="g",
        entry=limit(BUY, "3", "98.5", name="entry"),
        exits=(stop(SELL, "3", "97", name="g-stop"), target(SELL, "3", "101", name="g-target")),
    )
    return submit_group(state, entry, counter())[0]


STARTS = [start(), *(start_with_all_else(mode) for mode in MarginMode)]


def in_calls(
    state: BookState, path: Paths, rates: Fundings, instants: list[datetime], marks: Paths
) -> tuple[BookState, list[VenueEvent]]:
    events: list[VenueEvent] = []
    for until in instants:
        state, more = advance(
            state,
            candles_by_symbol=path,
            fundings_by_symbol=rates,
            timeframe=Timeframe.M1,
            until=until,
            instruments=INSTRUMENTS,
            marks_by_symbol=marks,
        )
        events += more
    return state, events


def candle_by_candle(
    state: BookState, path: Paths, rates: Fundings, marks: Paths
) -> tuple[BookState, list[VenueEvent]]:
    """The same without any skipping: every candle goes through the matching."""
    events: list[VenueEvent] = []
    for number in range(1, LENGTH + 1):
        for name in sorted(path):
            state, more = match_candle(
                state,
                INSTRUMENTS[name],
                path[name][number - 1],
                closes_at=minute(number),
                mark=marks[name][number - 1] if marks else None,
                instruments=INSTRUMENTS,
            )
            events += more
        for name in sorted(rates):
            for rate in (one for one in rates[name] if one.at == minute(number)):
                state, more = pay_funding(state, rate)
                events += more
    return replace(state, matched_until=minute(LENGTH)), events


@settings(max_examples=100, deadline=None)
@given(
    state=st.sampled_from(STARTS),
    path=paths,
    rates=fundings,
    seconds=cuts,
    basis=st.none() | st.integers(-15, 15),
)
def test_any_split_of_a_stretch_gives_the_same_book_and_events(
    state: BookState, path: Paths, rates: Fundings, seconds: set[int], basis: int | None
) -> None:
    marks = {} if basis is None else {name: shifted(path[name], basis) for name in path}
    end = T0 + LENGTH * MINUTE
    cut = [T0 + timedelta(seconds=second) for second in sorted(seconds)]
    whole = in_calls(state, path, rates, [end], marks)
    assert in_calls(state, path, rates, [*cut, end], marks) == whole
    assert candle_by_candle(state, path, rates, marks) == whole


def shifted(path: list[Candle], tenths: int) -> list[Candle]:
    """Mark candles at a distance from the traded ones."""
    by = Decimal(tenths) / 10
    return [
        Candle(c.open_time, c.open + by, c.high + by, c.low + by, c.close + by, Decimal(0))
        for c in path
    ]
