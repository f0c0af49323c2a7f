"""Response models as tables of docs/api.md: field, type, whether it may be null, meaning."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

_WORDS = {"date-time": "time", "uuid": "id", "date": "date"}


def render_fields(model: type[BaseModel]) -> str:
    """One line per field, in the order of the answer."""
    lines = ["| field | type | null | meaning |", "|---|---|---|---|"]
    for name, schema in model.model_json_schema(mode="serialization")["properties"].items():
        variants = schema.get("anyOf", [schema])
        types = [_word(each) for each in variants if each.get("type") != "null"]
        null = "yes" if len(types) < len(variants) else "no"
        meaning = schema.get("description", "")
        lines.append(f"| `{name}` | {' or '.join(types)} | {null} | {meaning} |")
    return "\n".join(lines)


def _word(schema: dict[str, Any]) -> str:
    if "$ref" in schema:
        return "object"
    if schema.get("type") == "array":
        return f"list of {_word(schema['items'])}s"
    kind: str = schema.get("type", "any")
    return _WORDS.get(schema.get("format", ""), kind)
