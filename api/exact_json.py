"""JSON with exact numbers: Decimal digits as stored, no exponent, no NaN, times in UTC with `Z`.

The standard encoder would send money through float; this writer never does. What is not finite is
null, because a figure that does not exist must not look like one.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from trading.units import plain

_quote = json.JSONEncoder(ensure_ascii=False).encode


def number_text(amount: Decimal) -> str:
    """All digits, no exponent, no trailing zeros; `null` when not finite."""
    return plain(amount) if amount.is_finite() else "null"


def time_text(at: datetime) -> str:
    """RFC 3339 in UTC, `2026-11-20T09:00:00Z`, with microseconds only when there are any."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def render(value: Any) -> bytes:
    """A document of dicts, lists, text, numbers, Decimals, instants and UUIDs as UTF-8 JSON."""
    return _write(value).encode("utf-8", "replace")


def _write(value: Any) -> str:
    writer = _WRITERS.get(type(value))
    if writer is not None:
        return writer(value)
    for kind, fallback in _FALLBACKS:
        if isinstance(value, kind):
            return fallback(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _write_float(value: float) -> str:
    return number_text(Decimal(repr(value))) if math.isfinite(value) else "null"


def _write_mapping(value: Mapping[Any, Any]) -> str:
    return "{" + ",".join(f"{_quote(str(k))}:{_write(v)}" for k, v in value.items()) + "}"


def _write_list(value: Iterable[Any]) -> str:
    return "[" + ",".join(map(_write, value)) + "]"


_WRITERS: dict[type, Callable[[Any], str]] = {
    type(None): lambda _: "null",
    bool: lambda value: "true" if value else "false",
    int: str,
    str: _quote,
    float: _write_float,
    Decimal: number_text,
    datetime: lambda value: f'"{time_text(value)}"',
    date: lambda value: f'"{value.isoformat()}"',
    UUID: lambda value: f'"{value}"',
    dict: _write_mapping,
    list: _write_list,
    tuple: _write_list,
}

_FALLBACKS: tuple[tuple[type, Callable[[Any], str]], ...] = (
    (Enum, lambda value: _write(value.value)),
    (str, lambda value: _quote(str(value))),
    (float, _write_float),
    (int, lambda value: str(int(value))),
    (Mapping, _write_mapping),
)
