"""A model call as a JSON document, for whoever stores it; this adapter knows no database.

Decimals and instants are texts, unknown is null. The document holds no key and no character that
PostgreSQL refuses. A raw answer may hold the *escape* of one (`\\u0000` in six letters), which `jsonb`
refuses when the text is parsed as JSON: raw answers are texts and stay texts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from enum import Enum

from adapters.llm.records import ModelCall
from adapters.llm.redaction import storable
from trading.units import plain


def call_document(call: ModelCall) -> dict[str, object]:
    """Every field of the call, and what follows from them, by the names of the record."""
    return {
        **{each.name: _json(getattr(call, each.name)) for each in fields(call)},
        "model_used": call.model_used,
        "model_match": call.model_match.value,
        "output": None if call.output is None else call.output.value,
        "cost": None if call.cost is None else plain(call.cost),
        "known_cost": plain(call.known_cost),
        "unknown_costs": call.unknown_costs,
        "known_tokens": call.known_tokens,
        "unknown_usages": call.unknown_usages,
        "billed_attempts": call.billed_attempts,
    }


def _json(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: _json(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, Decimal):
        return plain(value)
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {storable(str(name)): _json(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_json(each) for each in value]
    return value
