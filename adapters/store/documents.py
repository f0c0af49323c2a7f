"""Values on their way into JSONB and text columns: exact, and without what PostgreSQL cannot hold.

Decimals become plain text, instants ISO 8601, a float that is not a number becomes null (rules:
never NaN), and NUL characters, which a model may well produce, are taken out.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from numbers import Integral
from typing import Any
from uuid import UUID

from trading.units import plain


def to_document(value: Any) -> Any:
    """A JSON value. Raises `TypeError` for a type that has no meaning in a document."""
    if isinstance(value, Mapping):
        return {clean_text(str(key)): to_document(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_document(item) for item in value]
    if isinstance(value, Enum):
        return to_document(value.value)
    return _scalar(value)


def clean_text(text: str) -> str:
    """Text that a column can hold: no NUL, no lone surrogates."""
    return text.replace("\x00", "").encode("utf-8", "replace").decode("utf-8")


def clean_or_none(text: str | None) -> str | None:
    """The same for a column that may be null."""
    return None if text is None else clean_text(text)


def _scalar(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):  # numpy's integers as well
        return int(value)
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, Decimal):
        return plain(value) if value.is_finite() else None
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"a {type(value).__name__} cannot be stored in a document")
