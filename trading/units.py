"""The border between money and measures.

Money, prices and quantities are `Decimal`; indicator arrays are `float64` (rules: section 1).
`to_float` is the only way out of money, `to_price` the only way back: a level that comes from an
indicator is rounded to the instrument's tick before it is a price. Rounding never raises a size.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_DOWN, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal

from trading.errors import InvalidRecord

ZERO = Decimal(0)
ONE = Decimal(1)


def to_float(amount: Decimal) -> float:
    """Money to measure, for indicator arrays and ratios only."""
    return float(amount)


def to_price(level: float, tick: Decimal) -> Decimal:
    """Measure to money: `level` rounded to the nearest multiple of `tick` (quote per base).

    Raises
    ------
    InvalidRecord
        `level` is not finite or not positive after rounding.
    """
    candidate = Decimal(repr(float(level)))  # a numpy scalar has another repr
    if not candidate.is_finite():
        raise InvalidRecord(f"price level {level!r} is not a finite number")
    price = (candidate / tick).quantize(ONE, rounding=ROUND_HALF_EVEN) * tick
    if price <= ZERO:
        raise InvalidRecord(f"price level {level!r} rounds to {price} at tick {tick}")
    return price


def round_down(amount: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` not above `amount` in magnitude (quantities)."""
    return (amount / step).quantize(ONE, rounding=ROUND_DOWN) * step


def floor_to(price: Decimal, tick: Decimal) -> Decimal:
    """The largest multiple of `tick` at or below `price`."""
    return (price / tick).quantize(ONE, rounding=ROUND_FLOOR) * tick


def ceil_to(price: Decimal, tick: Decimal) -> Decimal:
    """The smallest multiple of `tick` at or above `price`."""
    return (price / tick).quantize(ONE, rounding=ROUND_CEILING) * tick


def plain(amount: Decimal) -> str:
    """Every digit of a Decimal, without exponent and trailing zeros; equal values, equal text.

    What is not finite reads `NaN`, `Infinity` or `-Infinity`.
    """
    text = format(amount, "f")  # `normalize` would round to the 28 digits of the context
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text
