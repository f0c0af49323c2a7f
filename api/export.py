"""Rows as CSV or JSON lines, streamed.

Model text may start with `=`, `+`, `-` or `@`, which spreadsheets take for formulas: such text gets
a quote in front. Numbers are ours and stay numbers.
"""

from __future__ import annotations

import csv
import io
from collections.abc import AsyncIterator, Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

from api.exact_json import number_text, render, time_text

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n")


async def json_lines(
    rows: AsyncIterator[dict[str, Any]], as_line: Callable[[dict[str, Any]], dict[str, Any]]
) -> AsyncIterator[bytes]:
    """One JSON document per line."""
    async for row in rows:
        yield render(as_line(row)) + b"\n"


async def csv_lines(
    rows: AsyncIterator[dict[str, Any]], names: Sequence[str]
) -> AsyncIterator[bytes]:
    """A header and one line per row (RFC 4180)."""
    yield _csv_line(names)
    async for row in rows:
        yield _csv_line([_cell(row.get(name)) for name in names])


def _csv_line(cells: Sequence[str]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue().encode("utf-8", "replace")


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return number_text(value) if value.is_finite() else ""
    if isinstance(value, datetime):
        return time_text(value)
    if isinstance(value, (int, float)):
        return render(value).decode().replace("null", "")
    text = value if isinstance(value, str) else render(value).decode()
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
