"""The simulated market as a market source."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.market.simulated import SimulatedMarket
from trading.candles import CandleWindow
from trading.errors import InvalidRecord, UnknownName
from trading.ports import MarketSource
from trading.simulation.candles import candles_until
from trading.simulation.instruments import ASSETS
from trading.timeframes import Timeframe

AT = datetime(2025, 3, 1, 12, 34, 56, tzinfo=UTC)


async def test_it_shows_the_market_of_its_seed():
    market: MarketSource = SimulatedMarket(9)
    assert market.name == "simulated-9"
    assert await market.candles("BTCUSDT", Timeframe.M5, until=AT, limit=20) == candles_until(
        9, ASSETS["BTCUSDT"], Timeframe.M5, until=AT, limit=20
    )


async def test_two_objects_of_one_seed_agree_and_of_two_seeds_differ():
    one, same, other = [
        await SimulatedMarket(seed).candles("ETHUSDT", Timeframe.H1, until=AT, limit=5)
        for seed in (1, 1, 2)
    ]
    assert one == same
    assert one != other


async def test_every_instrument_has_candles_a_quote_and_funding():
    market = SimulatedMarket(7)
    day_before = AT - timedelta(days=1)
    for instrument in await market.instruments():
        found = await market.candles_between(
            instrument.symbol, market.base_timeframe, since=day_before, until=AT
        )
        assert len(CandleWindow(instrument.symbol, Timeframe.M1, found)) == 1_439
        quote = await market.quote(instrument.symbol, AT)
        assert quote.bid < quote.last < quote.ask
        paid = await market.funding_between(instrument.symbol, after=day_before, until=AT)
        assert len(paid) == timedelta(days=1) // instrument.funding_interval


@pytest.mark.parametrize("seed", [-1, 2**63])
def test_a_seed_outside_its_range_is_refused(seed):
    with pytest.raises(InvalidRecord, match="allowed is 0 up to"):
        SimulatedMarket(seed)


async def test_an_unknown_symbol_is_refused_with_the_known_ones():
    with pytest.raises(UnknownName, match="'PEPEUSDT'; known: BTCUSDT"):
        await SimulatedMarket(7).quote("PEPEUSDT", AT)
