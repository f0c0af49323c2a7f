"""What is remembered in blocks has the bits of what is computed as a whole."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from trading.simulation import blocks, minutes
from trading.simulation.instruments import ASSETS

EDGE = 14_600 * blocks.BLOCK
SYMBOLS = st.sampled_from(sorted(ASSETS))
COLUMNS = ("opens", "highs", "lows", "closes", "volumes")


@settings(max_examples=30)
@given(
    symbol=SYMBOLS,
    first=st.integers(EDGE - 2 * blocks.BLOCK, EDGE + blocks.BLOCK),
    count=st.integers(1, 3 * blocks.BLOCK),
)
def test_bars_and_paths_of_any_range_have_the_same_bits(symbol, first, count):
    asset = ASSETS[symbol]
    found = blocks.minute_bars(7, asset, first, count)
    wanted = minutes.minute_bars(7, asset, first, count)
    assert (found.first, found.length) == (wanted.first, wanted.length)
    for name in COLUMNS:
        assert np.array_equal(getattr(found, name), getattr(wanted, name))
    path = blocks.log_path(7, asset, first, count)
    assert path.tobytes() == minutes.log_path(7, asset, first, count).tobytes()


def test_a_range_longer_than_the_memory_does_not_go_through_it():
    before = blocks._bars_block.cache_info().currsize
    blocks.minute_bars(987_654, ASSETS["BTCUSDT"], EDGE, blocks.LONGEST + 1)
    assert blocks._bars_block.cache_info().currsize == before


def test_what_is_remembered_cannot_be_changed():
    bars = blocks.minute_bars(7, ASSETS["BTCUSDT"], EDGE + 10, 5)
    with pytest.raises(ValueError, match="read-only"):
        bars.closes[0] = 1
