"""The benchmark is long whatever happens, from the first closed candle on."""

import pytest

from trading.positions import Direction
from trading.strategies.buy_and_hold import BuyAndHoldParameters, signal
from trading.timeframes import Timeframe


@pytest.mark.parametrize("held", Direction)
@pytest.mark.parametrize("closes", [[100.0], [100.0, 50.0, 1.0]])
def test_it_is_long_with_full_confidence_and_without_levels(candles, view, closes, held):
    market = view(candles(closes, Timeframe.M5), Timeframe.M5)
    answer = signal(market, BuyAndHoldParameters(), held)
    assert (answer.direction, answer.confidence, answer.hold) == (Direction.LONG, 1.0, False)
    assert answer.stop_price is None
    assert answer.take_profit_price is None


def test_it_waits_for_a_market_that_trades(view):
    assert signal(view([], Timeframe.M5), BuyAndHoldParameters(), Direction.FLAT).hold
