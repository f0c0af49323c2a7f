"""The quote of a simulated instrument at any instant."""

from datetime import timedelta
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from trading.simulation.candles import candles_between, candles_until
from trading.simulation.instruments import ASSETS
from trading.simulation.quotes import quote_at
from trading.timeframes import EPOCH, Timeframe

INSTANTS = st.timedeltas(timedelta(days=45 * 365), timedelta(days=90 * 365)).map(EPOCH.__add__)
SYMBOLS = st.sampled_from(sorted(ASSETS))
SEEDS = st.integers(0, 1_000)
MINUTE = timedelta(minutes=1)


@settings(max_examples=40, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS, st.sampled_from(Timeframe))
def test_at_the_open_of_a_candle_the_last_price_is_its_open(seed, symbol, at, timeframe):
    opened = timeframe.floor(at)
    (candle,) = candles_between(
        seed, ASSETS[symbol], timeframe, since=opened, until=opened + timeframe.length
    )
    assert quote_at(seed, ASSETS[symbol], opened).last == candle.open


@settings(max_examples=40, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS)
def test_at_the_close_of_a_candle_the_last_price_is_its_close(seed, symbol, at):
    closed = Timeframe.M1.floor(at)
    (candle,) = candles_until(seed, ASSETS[symbol], Timeframe.M1, until=closed, limit=1)
    assert quote_at(seed, ASSETS[symbol], closed).last == candle.close


@settings(max_examples=60, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS)
def test_the_last_price_never_leaves_the_candle_of_its_minute(seed, symbol, at):
    opened = Timeframe.M1.floor(at)
    (candle,) = candles_between(
        seed, ASSETS[symbol], Timeframe.M1, since=opened, until=opened + MINUTE
    )
    assert candle.low <= quote_at(seed, ASSETS[symbol], at).last <= candle.high


@settings(max_examples=40, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS)
def test_the_book_surrounds_the_last_price_by_at_least_a_tick_and_at_most_ten_points(
    seed, symbol, at
):
    quote, tick = quote_at(seed, ASSETS[symbol], at), ASSETS[symbol].instrument.tick_size
    assert quote.last - quote.bid >= tick
    assert quote.ask - quote.last >= tick
    assert (quote.ask - quote.bid) / quote.last < Decimal("0.001")


@settings(max_examples=40, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS)
def test_the_mark_stays_within_three_points_of_the_last_price(seed, symbol, at):
    quote, tick = quote_at(seed, ASSETS[symbol], at), ASSETS[symbol].instrument.tick_size
    assert quote.mark % tick == 0
    assert abs(quote.mark - quote.last) <= quote.last * Decimal("0.0002") + tick


@settings(max_examples=30, deadline=None)
@given(SEEDS, SYMBOLS, INSTANTS)
def test_open_interest_is_positive_whole_steps(seed, symbol, at):
    interest = quote_at(seed, ASSETS[symbol], at).open_interest
    assert interest is not None
    assert interest > 0
    assert interest % ASSETS[symbol].instrument.step_size == 0
