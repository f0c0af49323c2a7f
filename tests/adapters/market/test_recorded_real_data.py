"""The recorded market over real candles, where they are on this machine."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from adapters.market.candle_files import read_candles
from adapters.market.recorded import RecordedMarket
from adapters.market.recorded_files import list_recorded_files
from trading.candles import CandleWindow
from trading.timeframes import Timeframe

DATA = Path(__file__).parents[4] / "shared" / "data"

pytestmark = pytest.mark.skipif(
    not DATA.is_dir(), reason=f"the real candles are not in {DATA}; they are not shipped"
)


@pytest.mark.parametrize(
    "folder",
    ["binance_usdm_2024", "freqtrade_usdm_2021", "freqtrade_spot_2018", "nautilus_perp_2022"],
)
async def test_every_folder_of_real_candles_opens_and_gives_quotes_over_its_whole_span(folder):
    market = RecordedMarket.open(DATA / folder)
    for instrument in await market.instruments():
        for at in (market.starts_at, market.suggested_start, market.ends_at):
            assert (await market.quote(instrument.symbol, at)).last % instrument.tick_size == 0


@pytest.mark.parametrize("symbol", ["BTCUSDT", "ETHUSDT", "ALGOUSDT", "1INCHUSDT"])
async def test_candles_resampled_here_equal_the_ones_that_the_venue_published(symbol):
    folder = DATA / "binance_usdm_2024"
    market = RecordedMarket.open(folder, validate=False)
    published = next(
        read_candles(file)
        for file in list_recorded_files(folder)
        if file.path.name == f"{symbol}-1h.csv.gz"
    )
    resampled = await market.candles(symbol, Timeframe.H1, until=market.ends_at, limit=10_000)
    ours = {candle.open_time: candle for candle in resampled}
    common = [candle for candle in published if candle.open_time in ours]
    assert len(common) >= 419
    for candle in common:
        own = ours[candle.open_time]
        assert (own.open, own.high, own.low, own.close) == (
            candle.open,
            candle.high,
            candle.low,
            candle.close,
        )


async def test_funding_of_2021_is_found_though_its_times_are_up_to_19_ms_late():
    market = RecordedMarket.open(DATA / "freqtrade_usdm_2021")
    paid = await market.funding_between("XRPUSDT", after=market.starts_at, until=market.ends_at)
    assert [one.at.hour % 8 for one in paid] == [0] * 12
    early = await market.quote("XRPUSDT", datetime(2021, 11, 16, 12, tzinfo=UTC))
    assert early.funding_rate is None


async def test_the_mark_of_a_real_funding_instant_differs_a_little_from_the_last_price():
    market = RecordedMarket.open(DATA / "binance_usdm_2024")
    paid = await market.funding_between("BTCUSDT", after=market.starts_at, until=market.ends_at)
    assert len(paid) == 51
    gaps = [abs(one.mark / (await market.quote("BTCUSDT", one.at)).last - 1) for one in paid]
    assert Decimal(0) < max(gaps) < Decimal("0.0005")


async def test_the_warm_up_before_the_suggested_start_fills_an_ema_of_50_four_hour_candles():
    market = RecordedMarket.open(DATA / "binance_usdm_2024")
    found = await market.candles("BTCUSDT", Timeframe.H4, until=market.suggested_start, limit=50)
    assert len(CandleWindow("BTCUSDT", Timeframe.H4, found)) == 50


def test_real_gaps_are_counted_as_the_manifest_of_the_data_counts_them():
    market = RecordedMarket.open(DATA / "freqtrade_spot_2018")
    counted = {gaps.file_name: (gaps.count, gaps.missing, gaps.longest) for gaps in market.gaps}
    assert counted == {
        "ADABTC-5m.csv.gz": (5, 40, 33),
        "DASHBTC-5m.csv.gz": (2, 2, 1),
        "TRXBTC-5m.csv.gz": (6, 6, 1),
        "XMRBTC-5m.csv.gz": (2, 2, 1),
        "ZECBTC-5m.csv.gz": (2, 2, 1),
    }


async def test_four_symbols_of_five_thousand_rows_are_ready_in_half_a_second():
    taken = []
    for _ in range(3):
        read_candles.cache_clear()
        began = time.perf_counter()
        market = RecordedMarket.open(DATA / "binance_usdm_2024", validate=False)
        await market.instruments()
        for symbol in market.symbols:
            await market.quote(symbol, market.suggested_start + timedelta(minutes=5))
        taken.append(time.perf_counter() - began)
    assert min(taken) < 0.5
