"""Turns the refusals of the configuration model into problems an operator can act on."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from adapters.config.interpolation import SECRET_KEYS, Interpolated
from adapters.config.problems import KeyPath, Problem, closest
from adapters.config.secret_shapes import is_secret_like, may_be_secret
from adapters.config.yaml_document import Document
from trading.units import plain

_SHOWN_CHARACTERS = 60


def explain(
    refusal: ValidationError, model: type[BaseModel], document: Document, filled: Interpolated
) -> list[Problem]:
    """One problem for each error, in the order of the file."""
    known_missing = {problem.path for problem in filled.problems}
    problems = [
        _problem(error, model, document, filled)
        for error in refusal.errors(include_url=False, include_context=False)
        if _in_file(error["loc"]) not in known_missing
    ]
    return sorted(problems, key=lambda problem: problem.line or 0)


def _problem(
    error: Any, model: type[BaseModel], document: Document, filled: Interpolated
) -> Problem:
    path = _in_file(error["loc"])
    owner, field = _field_at(model, path)
    if error["type"] == "extra_forbidden":
        known = tuple(owner.model_fields) if owner else ()
        hint = closest(str(path[-1]), known) or f"known keys: {', '.join(known)}"
        return document.problem(path, "is not a known key", hint)
    allowed = (field.description or "") if field else ""
    if error["type"] == "missing":
        return document.problem(path, f"is missing; it is {allowed}")
    text = f"is {shown(document, path, error['input'], filled)}; allowed is {allowed}"
    return document.problem(path, text, _hint(path, error["input"], allowed))


def _in_file(location: tuple[str | int, ...]) -> KeyPath:
    """Pydantic appends names of its own for unions and mapping keys; the file has none."""
    return tuple(part for part in location if not (isinstance(part, str) and part.startswith("[")))


def shown(document: Document, path: KeyPath, value: Any, filled: Interpolated) -> str:
    """A value in a message: what the file says, never what a variable held or a secret."""
    if path and path[-1] in SECRET_KEYS:
        return "no reference to a secret"
    for end in range(len(path), 0, -1):
        if path[:end] in filled.from_environment:
            written = filled.from_environment[path[:end]]
            if written == f"${{{document.key_text(path)}}}":
                return "something else"
            return _as_text(written)
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list" if value else "an empty list"
    return "empty" if value is None else _as_text(value)


def _as_text(value: Any) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    if may_be_secret(text):
        return "something that looks like a secret"
    return text if len(text) <= _SHOWN_CHARACTERS else text[:_SHOWN_CHARACTERS] + "…"


def _hint(path: KeyPath, value: Any, allowed: str) -> str:
    if path and path[-1] in SECRET_KEYS:
        return "put the secret into .env and write ${NAME} here"
    if isinstance(value, str) and is_secret_like(value):
        return "put secrets into .env and refer to them under their own keys, as ${NAME}"
    if allowed.startswith("a ratio"):
        return _as_ratio(value)
    return ""


def _as_ratio(value: Any) -> str:
    """What a percentage would be as a ratio: the commonest slip with the dearest outcome."""
    if isinstance(value, bool):
        return ""
    try:
        number = Decimal(str(value).strip().removesuffix("%").strip())
    except InvalidOperation:
        return ""
    if not (number.is_finite() and 0 < number <= 100):
        return ""
    return f"for {number} per cent write {plain(number / 100)}"


def _field_at(
    model: type[BaseModel], path: KeyPath
) -> tuple[type[BaseModel] | None, FieldInfo | None]:
    """The model that holds the last key of a path, and that key's definition if it has one."""
    owner: type[BaseModel] | None = model
    field: FieldInfo | None = None
    for part in path:
        if isinstance(part, int):
            continue
        if field is not None:
            inner = next(_models_in(field.annotation), None)
            if inner is None:
                return owner, field
            owner = inner
        field = owner.model_fields.get(part) if owner else None
        if field is None:
            return owner, None
    return owner, field


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif get_origin(annotation) in (list, Union, UnionType, Annotated):
        for part in get_args(annotation):
            yield from _models_in(part)
