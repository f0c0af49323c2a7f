"""Of two stops the one nearer to the price: whatever happens, a stop does not loosen."""

from decimal import Decimal

import pytest

from trading.exits.plan import tighter_stop
from trading.orders import Side


@pytest.mark.parametrize(
    ("side", "first", "second", "tighter"),
    [
        (Side.BUY, 95, 97, 97),
        (Side.BUY, 97, 95, 97),
        (Side.SELL, 105, 103, 103),
        (Side.BUY, None, 95, 95),
        (Side.SELL, 105, None, 105),
        (Side.BUY, None, None, None),
    ],
)
def test_the_tighter_of_two_stops_counts(side, first, second, tighter):
    known = [None if stop is None else Decimal(stop) for stop in (first, second)]
    assert tighter_stop(side, *known) == tighter
