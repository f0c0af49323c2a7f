"""Numbers and instants as the context writes them, and JSON with its keys in our order.

Amounts have at most 10 significant digits, measures 8, never an exponent; what is not a finite
number is null. The same records give the same text, to the byte.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Context, Decimal
from typing import TypeAlias

from trading.units import plain

Scalar: TypeAlias = Decimal | float | int | bool | datetime | None
Json: TypeAlias = "Mapping[str, Json] | Sequence[Json] | str | Scalar"
_AMOUNT = Context(prec=10)
_MEASURE_DIGITS = 8
_MOST_EXPONENT = 30
"""Beyond it a number would be written as a wall of zeros; nothing real is there."""


def render_json(value: Json) -> str:
    """Compact JSON text."""
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, Mapping):
        members = (f"{json.dumps(key)}: {render_json(each)}" for key, each in value.items())
        return "{" + ", ".join(members) + "}"
    if isinstance(value, Sequence):
        return "[" + ", ".join(render_json(each) for each in value) + "]"
    return _scalar(value)


def render_instant(at: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _scalar(value: Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return f'"{render_instant(value)}"'
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            return "null"
        return _number(Decimal(f"{value:.{_MEASURE_DIGITS}g}"))
    return _number(_AMOUNT.plus(value)) if value.is_finite() else "null"


def _number(amount: Decimal) -> str:
    return plain(amount) if abs(amount.adjusted()) <= _MOST_EXPONENT else "null"
