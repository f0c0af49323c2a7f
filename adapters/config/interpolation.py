"""Variables in configuration files: `${NAME}`, `${NAME:-default}`, `${NAME:?message}`, `$$`.

Expanded after parsing and in text only, so that a value with `:` or `{` cannot break the file.
Every missing variable is reported, by key and name, never a value. Under a key for a secret
`${NAME}` is not expanded: it becomes the reference `env:NAME`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.config.problems import KeyPath, Problem
from adapters.config.yaml_document import Data, Document

SECRET_KEYS = frozenset({"api_key", "api_secret", "private_key", "mnemonic"})
"""Keys whose value is a secret wherever they stand."""

_PLACED = ("file:", "block:")
"""References whose own text may depend on a variable, such as `file:${SECRETS}/aster`."""

_PLACE = re.compile(r"\$\$|\$\{(?P<inside>[^{}]*)\}|\$\{")
_INSIDE = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:(?P<how>:-|:\?)(?P<rest>.*))?", re.DOTALL)


@dataclass(slots=True)
class Interpolated:
    """A document's data with its variables filled in."""

    data: Data
    problems: list[Problem] = field(default_factory=list)
    from_environment: dict[KeyPath, str] = field(default_factory=dict)
    """What the file says at places that hold a variable; shown in place of the value."""
    used: set[str] = field(default_factory=set)
    """Names of all variables that the document asks for."""


def interpolate(document: Document, environ: Mapping[str, str]) -> Interpolated:
    """Fill in the variables of a whole document."""
    result = Interpolated(data=None)
    result.data = _fill(document, document.data, (), environ, result)
    return result


def _fill(
    document: Document,
    value: Data,
    path: KeyPath,
    environ: Mapping[str, str],
    result: Interpolated,
) -> Data:
    if isinstance(value, dict):
        return {
            key: _fill(document, item, (*path, key), environ, result) for key, item in value.items()
        }
    if isinstance(value, list):
        return [
            _fill(document, item, (*path, index), environ, result)
            for index, item in enumerate(value)
        ]
    if not isinstance(value, str) or "$" not in value:
        return value
    result.from_environment[path] = value
    if path and path[-1] in SECRET_KEYS:
        return _reference(document, value, path, environ, result)
    return _expand(document, value, path, environ, result)


def _expand(
    document: Document,
    text: str,
    path: KeyPath,
    environ: Mapping[str, str],
    result: Interpolated,
) -> str:
    def replaced(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        inside = _INSIDE.fullmatch(match["inside"] or "")
        if inside is None:
            text = f"holds {match[0]}, which is not of the form ${{NAME}} or ${{NAME:-default}}"
            result.problems.append(document.problem(path, text, "write $$ for a dollar sign"))
            return ""
        name, how, rest = inside["name"], inside["how"], inside["rest"]
        result.used.add(name)
        value = environ.get(name)
        if value or (value is not None and how is None):
            return value
        if how == ":-":
            return rest
        result.problems.append(_missing(document, path, name, rest or ""))
        return match[0]

    return _PLACE.sub(replaced, text)


def _reference(
    document: Document,
    text: str,
    path: KeyPath,
    environ: Mapping[str, str],
    result: Interpolated,
) -> str:
    if text.startswith(_PLACED):
        return _expand(document, text, path, environ, result)
    place = _PLACE.fullmatch(text)
    inside = _INSIDE.fullmatch((place and place["inside"]) or "")
    if inside is None or inside["how"] == ":-":
        return text  # refused by the model, which knows what a reference looks like
    result.used.add(inside["name"])
    if not environ.get(inside["name"]):
        result.problems.append(_missing(document, path, inside["name"], inside["rest"] or ""))
    return f"env:{inside['name']}"


def _missing(document: Document, path: KeyPath, name: str, message: str) -> Problem:
    text = f"needs the variable {name}, which is not set"
    if message:
        text += f" ({message})"
    return document.problem(path, text, f"put {name}=... into .env or the environment")
