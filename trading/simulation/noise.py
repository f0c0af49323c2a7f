"""Deterministic noise by hashing: the only source of chance of the simulated market.

Every number is a function of (key, index), so that any instant can be asked for without the ones
before it. Only integer operations and the IEEE basic ones (+ - * / sqrt, rounding) are used, which
give the same bits on every platform; numpy's own exp, log or sin must not be used here, because
their last digit differs between processors. Times are whole minutes since the Unix epoch.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_FIELD = np.uint64(0xFFFF)

_FIELDS_MEAN = 2.0 * 65535.0
_FIELDS_DEVIATION = float(np.sqrt(4.0 * (65536.0**2 - 1.0) / 12.0))

# A sum of four uniforms has the moments m4 = 27/10 and m6 = 153/14; stretched by z (1 + 0.15 z^2)
# its variance is 1 + 0.3 m4 + 0.0225 m6, and its tails become fat (excess kurtosis about 2).
_STRETCH = 0.15
_STRETCHED_DEVIATION = float(
    np.sqrt(1.0 + 2.0 * _STRETCH * 2.7 + _STRETCH * _STRETCH * (153.0 / 14.0))
)

VALUE_NOISE_VARIANCE = 26.0 / 35.0
"""Mean variance of `value_noise` over time: 1 at the knots, 1/2 half-way."""

_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_INVERSE_FACTORIALS = (
    1.0,
    1.0,
    1.0 / 2.0,
    1.0 / 6.0,
    1.0 / 24.0,
    1.0 / 120.0,
    1.0 / 720.0,
    1.0 / 5040.0,
    1.0 / 40320.0,
    1.0 / 362880.0,
    1.0 / 3628800.0,
    1.0 / 39916800.0,
    1.0 / 479001600.0,
)


@lru_cache(maxsize=4096)
def stream_key(seed: int, *names: str) -> int:
    """64-bit key of a named stream of draws; different seeds or names give unrelated streams."""
    text = "/".join((str(seed), *names))
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


def _hashed(key: int, index: IntArray) -> npt.NDArray[np.uint64]:
    """splitmix64 started at `key`, its draw number `index` (any sign)."""
    mixed = index.astype(np.uint64) * _GOLDEN + np.uint64(key)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * _MIX_1
    mixed = (mixed ^ (mixed >> np.uint64(27))) * _MIX_2
    return mixed ^ (mixed >> np.uint64(31))


def uniforms(key: int, index: IntArray) -> FloatArray:
    """Independent draws in [0, 1), one per index."""
    return (_hashed(key, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def normals(key: int, index: IntArray) -> FloatArray:
    """Independent, nearly normal draws (mean 0, deviation 1), never beyond 3.47 in magnitude."""
    bits = _hashed(key, index)
    total = (
        (bits & _FIELD)
        + ((bits >> np.uint64(16)) & _FIELD)
        + ((bits >> np.uint64(32)) & _FIELD)
        + (bits >> np.uint64(48))
    )
    return (total.astype(np.float64) - _FIELDS_MEAN) / _FIELDS_DEVIATION


def fat_normals(key: int, index: IntArray) -> FloatArray:
    """Independent draws (mean 0, deviation 1) with fat tails, never beyond 6.8 in magnitude."""
    draws = normals(key, index)
    return draws * (1.0 + _STRETCH * draws * draws) / _STRETCHED_DEVIATION


def smooth_step(ratio: FloatArray) -> FloatArray:
    """0 below 0, 1 above 1, and a smooth rise between them."""
    held = np.minimum(np.maximum(ratio, 0.0), 1.0)
    return held * held * (3.0 - 2.0 * held)


def value_noise(key: int, minutes: IntArray, period: int) -> FloatArray:
    """A smooth curve through one nearly normal draw every `period` minutes."""
    knot = minutes // period
    first = int(knot.min())
    draws = normals(key, np.arange(first, int(knot.max()) + 2, dtype=np.int64))
    position = knot - first
    left, right = draws[position], draws[position + 1]
    share = smooth_step((minutes - knot * period).astype(np.float64) / float(period))
    return left + (right - left) * share


def exponential(power: FloatArray) -> FloatArray:
    """e to the `power` (magnitude up to 700), to about 1e-15, the same bits on every platform."""
    doublings = np.rint(power * 1.4426950408889634)
    rest = (power - doublings * _LN2_HIGH) - doublings * _LN2_LOW
    result = np.full_like(rest, _INVERSE_FACTORIALS[-1])
    for coefficient in reversed(_INVERSE_FACTORIALS[:-1]):
        result = result * rest + coefficient
    return np.ldexp(result, doublings.astype(np.int32))
