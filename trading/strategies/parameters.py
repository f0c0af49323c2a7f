"""Parameters of strategies: numbers that carry their own range, checked when the record is built.

A parameter record is a frozen dataclass whose fields are declared with `ranged(...)` and whose
`__post_init__` calls `require_ranges(self)`. Its ranges can be read back for a form or a page.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, TypeVar

from trading.errors import InvalidRecord

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Number = TypeVar("Number", int, float)


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterRange:
    """What one parameter may be. A whole default means that only whole numbers are allowed."""

    name: str
    default: float
    low: float
    """Smallest allowed value."""
    high: float
    """Largest allowed value."""

    @property
    def is_whole(self) -> bool:
        return isinstance(self.default, int)


def ranged(default: Number, *, low: Number, high: Number) -> Number:
    """A dataclass field with its allowed range, both ends included."""
    return field(default=default, metadata={"default": default, "low": low, "high": high})


def parameter_ranges(
    parameters: type[DataclassInstance] | DataclassInstance,
) -> tuple[ParameterRange, ...]:
    """The ranges of a parameter record, in the order of its fields."""
    return tuple(
        ParameterRange(
            name=each.name,
            default=each.metadata["default"],
            low=each.metadata["low"],
            high=each.metadata["high"],
        )
        for each in fields(parameters)
    )


def require_ranges(parameters: DataclassInstance) -> None:
    """Raise `InvalidRecord` on the first parameter outside its range or of the wrong kind."""
    for each in parameter_ranges(parameters):
        require_parameter(each, getattr(parameters, each.name))


def require_below(parameters: DataclassInstance, name: str, other: str) -> None:
    """Raise `InvalidRecord` unless one parameter is below another."""
    value, limit = getattr(parameters, name), getattr(parameters, other)
    if value >= limit:
        raise InvalidRecord(f"parameter {name} is {value}, allowed is below {other} ({limit})")


def require_parameter(allowed: ParameterRange, value: float) -> None:
    """Raise `InvalidRecord` unless `value` is a number of the right kind inside its range."""
    kind = "a whole number" if allowed.is_whole else "a number"
    is_right_kind = isinstance(value, int) if allowed.is_whole else math.isfinite(value)
    if isinstance(value, bool) or not is_right_kind or not allowed.low <= value <= allowed.high:
        raise InvalidRecord(
            f"parameter {allowed.name} is {value!r}, "
            f"allowed is {kind} from {allowed.low:g} to {allowed.high:g}"
        )
