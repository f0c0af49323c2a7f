"""The JSON Schema (2020-12) of an accounts file, made from the models that read it.

For editors. It may be milder than the reader (it knows no market and compares no two keys), but
what it refuses the reader refuses too: so it has to know of variables in any place, of numbers
written as text, and of aliases.
"""

from __future__ import annotations

from typing import Any

from adapters.config.account_config import AccountsFile
from adapters.config.aliases import ALIASES, Alias
from adapters.config.problems import key_text
from adapters.config.twin_config import TWIN
from adapters.config.value_types import ASSET, NUMBER_TEXT
from trading.blend_plan import KNOWN_REGIMES
from trading.strategies.catalogue import STRATEGIES, Strategy, StrategyKind
from trading.strategies.parameters import ParameterRange, parameter_ranges

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_Schema = dict[str, Any]
_VARIABLE: _Schema = {"type": "string", "pattern": r"\$\{[^{}]*\}"}
_NUMBER: _Schema = {"type": "string", "pattern": rf"^\s*{NUMBER_TEXT.pattern}\s*$"}
_SWITCH: _Schema = {
    "type": "string",
    "pattern": "^\\s*([Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee])\\s*$",
}
_TEXT: _Schema = {"type": "string", "minLength": 1}
SCAN: _Schema = {"$ref": "#/$defs/ScanConfig"}
NULL: _Schema = {"type": "null"}
_ABOUT = ("description", "default", "examples", "deprecated")
_EXAMPLE = {
    "accounts": [
        {
            "id": "btc-trend",
            "strategy": "momentum",
            "parameters": {"adx_entry": 30},
            "assets": ["BTC"],
            "interval": "1h",
            "limits": {"leverage": 2, "max_position_ratio": 0.1},
        }
    ]
}


def accounts_schema() -> _Schema:
    """The schema, as a document of plain data."""
    schema = AccountsFile.model_json_schema(mode="validation")
    definitions: dict[str, _Schema] = schema["$defs"]
    intervals = definitions.pop("Timeframe")
    for part in definitions.values():
        part["properties"] = {
            name: _field(value, intervals) for name, value in part["properties"].items()
        }
    _complete_account(definitions)
    return {"$schema": DIALECT, **schema, "title": "perpflow accounts", "examples": [_EXAMPLE]}


def _field(value: _Schema, intervals: _Schema) -> _Schema:
    """One key: sections and lists as they are, a plain value with its other forms."""
    about = {name: value[name] for name in _ABOUT if name in value}
    if about.get("default", ...) is None:
        del about["default"]
    rest = {name: item for name, item in value.items() if name not in (*_ABOUT, "title")}
    choices = _choices(rest)
    if any(choice.get("$ref") == "#/$defs/Timeframe" for choice in choices):
        return {**about, **_leaf([{"type": "string", "enum": intervals["enum"]}])}
    if any("$ref" in choice or choice.get("type") in ("array", "object") for choice in choices):
        return {**about, **rest}
    return {**about, **_leaf(choices)}


def _choices(value: _Schema) -> list[_Schema]:
    """The forms of a value; what may be left out nests those of its type."""
    if "anyOf" not in value:
        return [{name: item for name, item in value.items() if name not in _ABOUT}]
    return [form for choice in value["anyOf"] for form in _choices(choice)]


def _leaf(choices: list[_Schema]) -> _Schema:
    """A value, or a variable in its place; numbers and switches also as text."""
    kinds = {choice.get("type") for choice in choices}
    if kinds & {"number", "integer"}:
        choices = [choice for choice in choices if choice.get("type") != "string"] + [_NUMBER]
    if "boolean" in kinds:
        choices = [*choices, _SWITCH]
    return {"anyOf": [*choices, _VARIABLE]}


def _complete_account(definitions: dict[str, _Schema]) -> None:
    account = definitions["AccountConfig"]
    properties: _Schema = account["properties"]
    strategy = {"type": "string", "enum": list(STRATEGIES)}
    properties["strategy"] |= _leaf([strategy, {"type": "null"}])
    properties["parameters"]["additionalProperties"] = _leaf([{"type": "number"}])
    about = {name: properties["assets"][name] for name in ("description", "examples")}
    properties["assets"] = {**about, **_assets(SCAN)}
    candidates = definitions["ScanConfig"]["properties"]["of"]
    definitions["ScanConfig"]["properties"]["of"] = {**_about(candidates), **_assets(NULL)}
    _complete_member(definitions["MemberConfig"])
    _complete_model(definitions["LlmConfig"])
    for alias in ALIASES:
        holder = definitions["LimitsConfig" if alias.inside else "AccountConfig"]
        holder["properties"][alias.name] = _alias(alias, definitions)
    account["required"] = ["id"]
    account["anyOf"] = [
        *({"required": ["assets", who]} for who in ("strategy", "blend", "llm_model")),
        {"required": [TWIN]},
    ]
    account["allOf"] = [_parameters_of(strategy) for strategy in STRATEGIES.values()]


def _complete_member(member: _Schema) -> None:
    """A member of a blend, with the parameters that its strategy has."""
    rules = [each for each in STRATEGIES.values() if each.kind is StrategyKind.RULE]
    properties: _Schema = member["properties"]
    properties["strategy"] |= _leaf([{"type": "string", "enum": [each.name for each in rules]}])
    properties["parameters"]["additionalProperties"] = _leaf([{"type": "number"}])
    regimes = _leaf([{"type": "string", "enum": list(KNOWN_REGIMES)}])
    properties["regimes"] = {
        **_about(properties["regimes"]),
        "anyOf": [{"type": "array", "minItems": 1, "items": regimes}, _TEXT, NULL],
    }
    member["allOf"] = [_parameters_of(strategy) for strategy in rules]


def _complete_model(section: _Schema) -> None:
    """How a model is asked: the strategies it may fall back to, providers also as one text."""
    rules = [each.name for each in STRATEGIES.values() if each.kind is StrategyKind.RULE]
    properties: _Schema = section["properties"]
    fallback = _leaf([{"type": "string", "enum": rules}, NULL])
    properties["fallback"] = {**_about(properties["fallback"]), **fallback}
    providers = {"type": "array", "maxItems": 20, "items": _leaf([{"type": "string"}])}
    properties["providers"] = {
        **_about(properties["providers"]),
        "anyOf": [providers, {"type": "string"}],
    }


def _about(field: _Schema) -> _Schema:
    return {name: field[name] for name in _ABOUT if name in field}


def _assets(another: _Schema) -> _Schema:
    asset = {"type": "string", "pattern": f"^({ASSET.pattern})$"}
    return {
        "anyOf": [
            {"type": "array", "minItems": 1, "uniqueItems": True, "items": _leaf([asset])},
            _TEXT,
            another,
        ]
    }


def _alias(alias: Alias, definitions: dict[str, _Schema]) -> _Schema:
    about = {"description": f"another name of {key_text(alias.target)}", "deprecated": True}
    if alias.values:
        return {**about, **_leaf([{"type": "boolean"}])}
    if alias.is_percent:
        return {**about, **_leaf([{"type": "number", "minimum": 1, "maximum": 100}])}
    holder = "AccountConfig" if len(alias.target) == 1 else "AsterdexConfig"
    target = definitions[holder]["properties"][alias.target[-1]]
    return {**{key: item for key, item in target.items() if key not in _ABOUT}, **about}


def _parameters_of(strategy: Strategy[Any]) -> _Schema:
    """The parameters that one strategy has, with their ranges."""
    ranges = parameter_ranges(strategy.parameters)
    return {
        "if": {"properties": {"strategy": {"const": strategy.name}}, "required": ["strategy"]},
        "then": {
            "properties": {
                "parameters": {
                    "properties": {each.name: _parameter(each) for each in ranges},
                    "additionalProperties": False,
                }
            }
        },
    }


def _parameter(allowed: ParameterRange) -> _Schema:
    kind = "integer" if allowed.is_whole else "number"
    limits = {"minimum": allowed.low, "maximum": allowed.high}
    words = "a whole number" if allowed.is_whole else "a number"
    return {
        "description": f"{words} from {allowed.low:g} to {allowed.high:g}",
        "default": allowed.default,
        **_leaf([{"type": kind, **limits}]),
    }
