"""Recorded candles as a market source."""

from datetime import timedelta
from decimal import Decimal

import pytest

from adapters.market.recorded import RecordedMarket
from trading.candles import resample
from trading.errors import BadMarketData, UnknownName
from trading.timeframes import Timeframe

FIVE = timedelta(minutes=5)


@pytest.fixture
def market(rows, write) -> RecordedMarket:
    """Twenty hours of BTC on 5m with a coarser file, a mark file and funding beside it."""
    write("BTCUSDT-5m.csv.gz", rows(count=240))
    write("BTCUSDT-1h.csv", rows("ETHUSDT", "1h", count=20))
    write("BTCUSDT-8h-mark.csv", ["1709280000000,61000.5,61001,60000,60500,0.0"])
    return RecordedMarket.open(
        write(
            "BTCUSDT-8h-funding.csv",
            ["1709251200011,0.0001", "1709280000003,-0.0002", "1709308800000,0.0003"],
        )
    )


async def test_candles_are_closed_at_until_and_end_with_the_newest(market, starts):
    at = starts + timedelta(hours=2, minutes=4)
    found = await market.candles("BTCUSDT", Timeframe.M5, until=at, limit=3)
    assert [candle.open_time for candle in found] == [
        starts + timedelta(hours=1, minutes=45 + 5 * number) for number in range(3)
    ]
    closing = await market.candles("BTCUSDT", Timeframe.M5, until=starts + FIVE, limit=9)
    assert [candle.open_time for candle in closing] == [starts]


async def test_coarser_candles_come_from_the_finest_file_and_never_from_another_one(market, starts):
    until = starts + timedelta(hours=20)
    fine = await market.candles("BTCUSDT", Timeframe.M5, until=until, limit=1_000)
    hourly = await market.candles("BTCUSDT", Timeframe.H1, until=until, limit=1_000)
    assert hourly == resample(fine, Timeframe.M5, Timeframe.H1)


async def test_a_coarser_candle_appears_only_when_its_last_part_has_closed(market, starts):
    noon = starts + timedelta(hours=12)
    before = await market.candles("BTCUSDT", Timeframe.H4, until=noon - FIVE, limit=10)
    at = await market.candles("BTCUSDT", Timeframe.H4, until=noon, limit=10)
    assert [candle.open_time.hour for candle in before] == [0, 4]
    assert [candle.open_time.hour for candle in at] == [0, 4, 8]


async def test_a_coarser_candle_over_a_gap_is_left_out(rows, write, starts):
    good = rows(count=36)
    market = RecordedMarket.open(write("BTCUSDT-5m.csv", [*good[:14], *good[15:]]))
    hourly = await market.candles("BTCUSDT", Timeframe.H1, until=market.ends_at, limit=10)
    assert [candle.open_time.hour for candle in hourly] == [0, 2]


async def test_candles_between_start_at_since(market, starts):
    found = await market.candles_between(
        "BTCUSDT",
        Timeframe.M5,
        since=starts + timedelta(minutes=7),
        until=starts + timedelta(minutes=21),
    )
    assert [candle.open_time - starts for candle in found] == [2 * FIVE, 3 * FIVE]


@pytest.mark.parametrize("timeframe", [Timeframe.M1, Timeframe.M3])
async def test_a_timeframe_that_the_record_cannot_make_is_refused(market, starts, timeframe):
    with pytest.raises(BadMarketData, match=f"{timeframe} candles cannot be made from .* 5m"):
        await market.candles("BTCUSDT", timeframe, until=starts, limit=5)


async def test_the_quote_inside_a_candle_is_its_open(market, starts):
    (candle,) = await market.candles("BTCUSDT", Timeframe.M5, until=starts + 2 * FIVE, limit=1)
    for seconds in (0, 1, 299):
        quote = await market.quote("BTCUSDT", starts + FIVE + timedelta(seconds=seconds))
        assert quote.last == quote.bid == quote.ask == candle.open


async def test_the_quote_at_the_end_of_the_data_is_the_last_close(market):
    (last,) = await market.candles("BTCUSDT", Timeframe.M5, until=market.ends_at, limit=1)
    assert (await market.quote("BTCUSDT", market.ends_at)).last == last.close


@pytest.mark.parametrize("minutes", [-1, 20 * 60 + 1])
async def test_there_is_no_quote_outside_the_data(market, starts, minutes):
    with pytest.raises(BadMarketData, match="no 5m candle is recorded for"):
        await market.quote("BTCUSDT", starts + timedelta(minutes=minutes))


async def test_there_is_no_quote_inside_a_gap(rows, write, starts):
    good = rows()
    market = RecordedMarket.open(write("BTCUSDT-5m.csv", [*good[:10], *good[12:]]))
    for minutes in (50, 59):
        with pytest.raises(BadMarketData, match="no 5m candle is recorded for"):
            await market.quote("BTCUSDT", starts + timedelta(minutes=minutes))
    assert await market.quote("BTCUSDT", starts + timedelta(minutes=60))


async def test_the_mark_is_the_mark_candles_open_at_its_instant_and_the_last_price_else(
    market, starts
):
    at = starts + timedelta(hours=8)
    marked = await market.quote("BTCUSDT", at)
    assert marked.mark == Decimal("61000.5") != marked.last
    later = await market.quote("BTCUSDT", at + timedelta(seconds=1))
    assert later.mark == later.last


async def test_the_quote_shows_the_rate_last_paid_and_never_the_next_one(market, starts):
    eight = starts + timedelta(hours=8)
    before = await market.quote("BTCUSDT", eight - timedelta(seconds=1))
    at = await market.quote("BTCUSDT", eight)
    assert (before.funding_rate, before.next_funding_at) == (Decimal("0.0001"), eight)
    assert (at.funding_rate, at.next_funding_at) == (
        Decimal("-0.0002"),
        eight + timedelta(hours=8),
    )


async def test_a_rate_that_is_not_recorded_is_unknown_and_never_zero(rows, write, starts):
    write("ETHUSDT-5m.csv", rows("ETHUSDT", count=240))
    write("BTCUSDT-5m.csv", rows(count=240))
    market = RecordedMarket.open(write("BTCUSDT-8h-funding.csv", ["1709251200000,0.0001"]))
    stale = await market.quote("BTCUSDT", starts + timedelta(hours=8))
    assert stale.funding_rate is None
    without = await market.quote("ETHUSDT", starts + timedelta(hours=1))
    assert (without.funding_rate, without.next_funding_at) == (None, None)
    assert await market.funding_between("ETHUSDT", after=starts, until=market.ends_at) == ()


async def test_funding_times_are_floored_to_the_minute_and_each_is_paid_once(market, starts):
    eight, sixteen = starts + timedelta(hours=8), starts + timedelta(hours=16)
    first = await market.funding_between("BTCUSDT", after=starts, until=eight)
    second = await market.funding_between("BTCUSDT", after=eight, until=sixteen)
    assert [(paid.at, paid.rate) for paid in first + second] == [
        (eight, Decimal("-0.0002")),
        (sixteen, Decimal("0.0003")),
    ]
    assert first[0].mark == Decimal("61000.5")
    assert second[0].mark == (await market.quote("BTCUSDT", sixteen)).last


async def test_funding_inside_a_gap_is_paid_at_the_last_known_price(rows, write, starts):
    good = rows(count=240)
    write("BTCUSDT-5m.csv", [*good[:90], *good[100:]])
    market = RecordedMarket.open(write("BTCUSDT-8h-funding.csv", ["1709280000000,0.0001"]))
    (paid,) = await market.funding_between("BTCUSDT", after=starts, until=market.ends_at)
    (known,) = await market.candles("BTCUSDT", Timeframe.M5, until=paid.at, limit=1)
    assert paid.mark == known.close


async def test_funding_before_the_first_and_after_the_last_candle_is_left_out(rows, write, starts):
    write("BTCUSDT-5m.csv", rows(count=60))
    market = RecordedMarket.open(
        write(
            "BTCUSDT-8h-funding.csv",
            ["1709222400000,0.0003", "1709251200000,0.0001", "1709280000000,0.0002"],
        )
    )
    day = timedelta(days=1)
    paid = await market.funding_between("BTCUSDT", after=starts - day, until=starts + day)
    assert [one.at for one in paid] == [starts]


async def test_a_mark_file_with_traded_volume_holds_no_mark_prices(rows, write, starts):
    write("BTCUSDT-5m.csv", rows())
    folder = write("BTCUSDT-8h-mark.csv", ["1709251200000,61000.5,61001,60000,60500,12.0"])
    market = RecordedMarket.open(folder)
    quote = await market.quote("BTCUSDT", starts)
    assert quote.mark == quote.last
    assert market.unused_files == (
        "BTCUSDT-8h-mark.csv: carries traded volume, so it holds no mark prices",
    )


async def test_an_unknown_symbol_is_refused_with_the_known_ones(market, starts):
    with pytest.raises(UnknownName, match="'ETHUSDT'; known: BTCUSDT"):
        await market.quote("ETHUSDT", starts)


async def test_known_instruments_keep_their_filters_and_get_the_period_of_their_funding_file(
    rows, write
):
    write("BTCUSDT-5m.csv", rows())
    market = RecordedMarket.open(write("BTCUSDT-4h-funding.csv", ["1709251200000,0.0001"]))
    (instrument,) = await market.instruments()
    assert (instrument.tick_size, instrument.step_size) == (Decimal("0.1"), Decimal("0.001"))
    assert instrument.funding_interval == timedelta(hours=4)


async def test_a_finer_tick_in_the_file_goes_before_the_known_one(rows, write):
    folder = write("BTCUSDT-5m.csv", ["1709251200000,61000.25,61001,60000,60500,1", *rows()[1:]])
    (instrument,) = await RecordedMarket.open(folder).instruments()
    assert instrument.tick_size == Decimal("0.01")


async def test_the_print_of_binary_floats_does_not_become_a_tick(write):
    folder = write(
        "TRXBTC-5m.csv",
        [
            "1709251200000,0.00010701000000000001,0.0001086,0.00010501,0.00010823,79.1",
            "1709251500000,0.00010823,0.00010823,8.848000000000002e-05,8.848000000000002e-05,1",
        ],
    )
    market = RecordedMarket.open(folder)
    (instrument,) = await market.instruments()
    assert (instrument.base, instrument.quote) == ("TRX", "BTC")
    assert instrument.tick_size == Decimal("0.00000001")
    assert (await market.quote("TRXBTC", market.ends_at)).last == Decimal("0.00008848")


async def test_the_base_timeframe_is_the_coarsest_of_the_finest_files(rows, write):
    write("BTCUSDT-1m.csv", rows(timeframe="1m", count=240))
    market = RecordedMarket.open(write("ETHUSDT-5m.csv", rows("ETHUSDT", count=48)))
    assert market.base_timeframe is Timeframe.M5
    fine = await market.candles("BTCUSDT", Timeframe.M5, until=market.ends_at, limit=100)
    assert len(fine) == 48


def test_the_span_is_common_to_all_symbols(rows, write, starts):
    write("BTCUSDT-5m.csv", rows(count=40)[4:])
    market = RecordedMarket.open(write("ETHUSDT-5m.csv", rows("ETHUSDT", count=30)))
    assert (market.starts_at, market.ends_at) == (starts + 4 * FIVE, starts + 30 * FIVE)


def test_trading_is_suggested_to_start_on_a_full_hour_after_60_per_cent_of_a_short_record(
    market, starts
):
    assert market.suggested_start == starts + timedelta(hours=12)


def test_trading_is_suggested_to_start_after_ten_days_of_a_long_record(rows, write, starts):
    market = RecordedMarket.open(write("BTCUSDT-1h.csv", rows(timeframe="1h", count=24 * 30)))
    assert market.suggested_start == starts + timedelta(days=10)


def test_the_name_changes_with_the_contents_and_not_with_the_place(rows, write, tmp_path):
    folder = write("BTCUSDT-5m.csv", rows())
    name = RecordedMarket.open(folder).name
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (moved / "BTCUSDT-5m.csv").write_bytes((folder / "BTCUSDT-5m.csv").read_bytes())
    assert RecordedMarket.open(moved).name == name
    write("BTCUSDT-5m.csv", rows(count=61))
    assert RecordedMarket.open(folder).name != name


async def test_an_edited_file_is_read_again_by_the_same_process(rows, write, starts):
    folder = write("BTCUSDT-5m.csv", rows())
    before = await RecordedMarket.open(folder).quote("BTCUSDT", starts)
    edited = ["1709251200000,61000.2,61001,60000,60500,1", *rows()[1:]]
    after = await RecordedMarket.open(write("BTCUSDT-5m.csv", edited)).quote("BTCUSDT", starts)
    assert before.last != after.last == Decimal("61000.2")


def test_other_files_in_the_folder_do_not_matter(rows, write, tmp_path):
    (tmp_path / "README.md").write_text("notes")
    assert RecordedMarket.open(write("BTCUSDT-5m.csv", rows())).symbols == ("BTCUSDT",)
