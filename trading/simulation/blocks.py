"""Paths and one-minute bars of the simulated market, remembered in blocks of `BLOCK` minutes.

One minute costs nearly as much as two thousand (measured: 6.5 ms against 8 ms), and accounts ask for
the same recent days again and again. A bar depends on (seed, asset, minute) only, never on the
range that was asked for, so what comes out of a block has the same bits. Memory is bounded.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from trading.simulation import minutes
from trading.simulation.instruments import SimulatedAsset
from trading.simulation.minutes import Bars
from trading.simulation.noise import FloatArray

BLOCK = 2_048
"""Minutes, about 34 hours."""
LONGEST = 4 * BLOCK
"""Ranges beyond this are computed as a whole: they would push everything else out."""
_KEPT_BLOCKS = 64
"""Of each kind, 6 MB in all: four blocks of each asset and some to spare."""


def log_path(seed: int, asset: SimulatedAsset, first: int, count: int) -> FloatArray:
    """As `minutes.log_path`; read-only or a copy, shape (count,)."""
    if count > LONGEST:
        return minutes.log_path(seed, asset, first, count)
    parts = [
        _path_block(seed, asset, number)[since:until]
        for number, since, until in _pieces(first, count)
    ]
    return parts[0] if len(parts) == 1 else np.concatenate(parts)


def minute_bars(seed: int, asset: SimulatedAsset, first: int, count: int) -> Bars:
    """As `minutes.minute_bars`."""
    if count > LONGEST:
        return minutes.minute_bars(seed, asset, first, count)
    parts = [
        _cut(_bars_block(seed, asset, number), since, until)
        for number, since, until in _pieces(first, count)
    ]
    return parts[0] if len(parts) == 1 else _joined(first, parts)


def _pieces(first: int, count: int) -> list[tuple[int, int, int]]:
    """(block, since, until) for each block that the range touches; at least one."""
    last = first + max(count, 1) - 1
    return [
        (
            number,
            max(first - number * BLOCK, 0),
            min(first + count - number * BLOCK, BLOCK),
        )
        for number in range(first // BLOCK, last // BLOCK + 1)
    ]


@lru_cache(maxsize=_KEPT_BLOCKS)
def _path_block(seed: int, asset: SimulatedAsset, number: int) -> FloatArray:
    path = minutes.log_path(seed, asset, number * BLOCK, BLOCK)
    path.setflags(write=False)
    return path


@lru_cache(maxsize=_KEPT_BLOCKS)
def _bars_block(seed: int, asset: SimulatedAsset, number: int) -> Bars:
    bars = minutes.minute_bars(seed, asset, number * BLOCK, BLOCK)
    for column in (bars.opens, bars.highs, bars.lows, bars.closes, bars.volumes):
        column.setflags(write=False)
    return bars


def _cut(bars: Bars, since: int, until: int) -> Bars:
    return Bars(
        first=bars.first + since,
        length=1,
        opens=bars.opens[since:until],
        highs=bars.highs[since:until],
        lows=bars.lows[since:until],
        closes=bars.closes[since:until],
        volumes=bars.volumes[since:until],
    )


def _joined(first: int, parts: list[Bars]) -> Bars:
    return Bars(
        first=first,
        length=1,
        opens=np.concatenate([part.opens for part in parts]),
        highs=np.concatenate([part.highs for part in parts]),
        lows=np.concatenate([part.lows for part in parts]),
        closes=np.concatenate([part.closes for part in parts]),
        volumes=np.concatenate([part.volumes for part in parts]),
    )
