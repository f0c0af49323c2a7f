"""A random walk with random access: a Brownian bridge refined level by level.

Anchors half a year apart hold a bounded long-term level; between two known points the middle is
the mean plus a hashed displacement with the variance of a bridge, down to one minute. A point
depends on its parents only, never on the range that was asked for, so every range gives the same
bits. Values are log-price; times are whole minutes since the Unix epoch.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from trading.simulation.noise import FloatArray, IntArray, fat_normals, normals, stream_key

ANCHOR_MINUTES = 2**18
"""Distance of the anchors, about 182 days."""

Scale = Callable[[IntArray, int], FloatArray]
"""(minutes, span) to the deviation per square root of a minute, for displacements of that span."""


def bridge(
    seed: int, name: str, *, first: int, count: int, anchor_deviation: float, scale: Scale
) -> FloatArray:
    """The walk `name` at `count` consecutive minutes from `first` on, shape (count,)."""
    last = first + count - 1
    span = ANCHOR_MINUTES
    left = first // span
    knots = np.arange(left, -(-last // span) + 1, dtype=np.int64)
    values = normals(stream_key(seed, name, "anchor"), knots) * anchor_deviation
    while span > 1:
        values = _refined(stream_key(seed, name, f"span-{span}"), values, left, span, scale)
        half = span // 2
        wanted = first // half
        offset = wanted - 2 * left
        values = values[offset : offset + (-(-last // half) - wanted) + 1]
        left, span = wanted, half
    return values


def _refined(key: int, values: FloatArray, left: int, span: int, scale: Scale) -> FloatArray:
    """Points `span` minutes apart (the first at `left * span`) with the middles put in between."""
    if values.size == 1:
        return values
    index = np.arange(left, left + values.size - 1, dtype=np.int64)
    middles = index * span + span // 2
    deviation = scale(middles, span) * (0.5 * float(np.sqrt(float(span))))
    finer = np.empty(2 * values.size - 1, dtype=np.float64)
    finer[::2] = values
    finer[1::2] = (values[:-1] + values[1:]) * 0.5 + deviation * fat_normals(key, index)
    return finer
