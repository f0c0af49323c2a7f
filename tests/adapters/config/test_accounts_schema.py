"""The JSON Schema for editors: it takes what the reader takes, and refuses nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from adapters.config.accounts_file import read_accounts
from adapters.config.problems import ConfigurationError
from adapters.config.schema import accounts_schema
from adapters.config.yaml_document import parse_document

ROOT = Path(__file__).parents[3]
SAMPLES = [
    *sorted((ROOT / "deployments" / "accounts").glob("*.yaml")),
    *sorted((Path(__file__).parent / "golden").glob("*accounts.yaml")),
    *sorted((Path(__file__).parent / "golden").glob("*accounts.json")),
]
VALIDATOR = Draft202012Validator(accounts_schema())
FULL: dict[str, Any] = {
    "accounts": [
        {
            "id": "a",
            "name": "A",
            "strategy": "momentum",
            "parameters": {"adx_entry": 30, "fast_period": 5},
            "assets": ["BTC", "${ASSET}"],
            "interval": "${INTERVAL}",
            "mode": "paper",
            "initial_equity": "2500.50",
            "limits": {"leverage": 2, "max_position_ratio": 0.1, "requires_stop": True},
            "asterdex": {"api_key": "${KEY}", "api_secret": "file:/x", "network": "testnet"},
            "openrouter": {"api_key": "env:KEY", "base_url": "https://openrouter.ai/api/v1"},
        },
        {
            "id": "b",
            "llm_model": "m",
            "prompt": "neutral",
            "assets": "BTC ETH",
            "risk": {"leverage": "${TWO}"},
            "openrouter": {"api_key": "${KEY}"},
            "llm": {
                "form": "single",
                "tools": True,
                "context_tokens": 8000,
                "temperature": "0.2",
                "top_p": 1,
                "seed": 5,
                "max_tokens": "${THOUSAND}",
                "effort": "low",
                "output": "json_object",
                "takes_tools": False,
                "providers": ["one", "${ASSET}"],
                "only_these_providers": True,
                "budget": {
                    "calls": 100,
                    "tokens": None,
                    "usd": 1.5,
                    "unknown_cost": "stop",
                    "assumed_usd": "0.1",
                    "assumed_tokens": 5000,
                },
                "fallback": "momentum",
                "holds_on_other_model": True,
                "price": {"input_usd_per_million": 0, "output_usd_per_million": "${TWO}"},
            },
        },
        {"id": "c", "strategy": "grid", "assets": ["BTC"], "isPaperTrading": True},
        {
            "id": "d",
            "assets": {"scan": 1, "of": ["BTC", "${ASSET}"]},
            "blend": {
                "allocation": "performance",
                "max_share": 0.5,
                "regime": {"timeframe": "${INTERVAL}", "trend_adx": 30, "volatile_ratio": "2"},
                "members": [
                    {
                        "strategy": "momentum",
                        "weight": "${TWO}",
                        "regimes": ["trending"],
                        "parameters": {"adx_entry": 30},
                    },
                    {"strategy": "grid", "name": "wide", "weight": 0.5, "regimes": "sideways"},
                ],
            },
        },
        {"id": "e", "strategy": "grid", "assets": "scan(3)"},
    ]
}
ENVIRON = {"ASSET": "ETH", "INTERVAL": "4h", "KEY": "canary", "TWO": "2", "THOUSAND": "1000"}
VALUES = [
    None, True, False, -1, 0, 1, 0.5, 4.0, 4.5, 1e12, "", " ", "x", "5", "0.5", "5%", "true", "1h",
    "paper", "BTC", "env:X", "https://a.b", "http://a.b", "a" * 300, [], ["BTC"], [1], {}, {"x": 1},
    {"leverage": 2}, "${KEY}", "0x" + "a" * 40,
]  # fmt: skip


def schema_takes(document: Any) -> bool:
    return VALIDATOR.is_valid(document)


def reader_takes(document: Any) -> bool:
    try:
        read_accounts(parse_document(json.dumps(document), "x", json=True), ENVIRON)
    except ConfigurationError:
        return False
    return True


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield path
    for key, inner in (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    ):
        yield from places(inner, (*path, key))


PLACES = [path for path in places(FULL) if path]


def around(path: tuple[Any, ...]) -> tuple[Any, Any, Any]:
    """A document with the account that a path leads into, alone; what holds its last part, and that."""
    document = deepcopy(FULL)
    if len(path) > 2:
        document["accounts"] = [document["accounts"][path[1]]]
        path = (path[0], 0, *path[2:])
    holder = document
    for part in path[:-1]:
        holder = holder[part]
    return document, holder, path[-1]


def changed(path: tuple[Any, ...], value: Any) -> Any:
    document, holder, last = around(path)
    holder[last] = value
    return document


def without(path: tuple[Any, ...]) -> Any:
    document, holder, last = around(path)
    del holder[last]
    return document


def test_the_schema_is_a_schema_of_draft_2020_12() -> None:
    schema = accounts_schema()

    Draft202012Validator.check_schema(schema)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert all(schema_takes(example) for example in schema["examples"])


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.name)
def test_every_sample_is_valid(sample: Path) -> None:
    assert [
        error.message for error in VALIDATOR.iter_errors(yaml.safe_load(sample.read_text()))
    ] == []


def test_a_document_with_every_key_is_taken_by_both() -> None:
    assert schema_takes(FULL)
    assert reader_takes(FULL)


@pytest.mark.parametrize("path", PLACES, ids=str)
def test_what_the_schema_refuses_the_reader_refuses_too(path: tuple[Any, ...]) -> None:
    documents = [changed(path, value) for value in VALUES]
    documents += [without(path)]
    documents += [changed((*path[:-1], "surplus"), 1)] if isinstance(path[-1], str) else []
    milder = [
        document
        for document in documents
        if isinstance(document, dict) and not schema_takes(document) and reader_takes(document)
    ]
    assert milder == []


@given(st.sampled_from(PLACES), st.text(max_size=8) | st.integers() | st.floats() | st.none())
def test_no_value_at_all_is_refused_by_the_schema_alone(path: tuple[Any, ...], value: Any) -> None:
    document = changed(path, value)

    assert schema_takes(document) or not reader_takes(document)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("accounts",), []),
        (("accounts", 0, "id"), "A b"),
        (("accounts", 0, "strategy"), "momentumm"),
        (("accounts", 0, "stratgy"), "momentum"),
        (("accounts", 0, "interval"), "7m"),
        (("accounts", 0, "mode"), "demo"),
        (("accounts", 0, "assets"), []),
        (("accounts", 0, "assets"), ["btc"]),
        (("accounts", 0, "assets"), ["BTC", "BTC"]),
        (("accounts", 0, "initial_equity"), 0),
        (("accounts", 0, "limits", "max_position_ratio"), 20),
        (("accounts", 0, "limits", "max_position_ratio"), "5%"),
        (("accounts", 0, "limits", "leverage"), 500),
        (("accounts", 0, "limits", "leverage"), 2.5),
        (("accounts", 0, "limits", "requires_stop"), "maybe"),
        (("accounts", 0, "parameters", "adx_entry"), 1000),
        (("accounts", 0, "parameters", "speed"), 1),
        (("accounts", 0, "asterdex", "api_key"), "a-literal-secret"),
        (("accounts", 3, "assets", "scan"), 0),
        (("accounts", 3, "assets", "top"), 3),
        (("accounts", 3, "blend", "members"), []),
        (("accounts", 3, "blend", "members", 0, "strategy"), "buy_and_hold"),
        (("accounts", 3, "blend", "members", 0, "weight"), -1),
        (("accounts", 3, "blend", "members", 0, "parameters", "speed"), 1),
        (("accounts", 3, "blend", "members", 0, "regimes"), ["bullish"]),
        (("accounts", 3, "blend", "allocation"), "equal"),
        (("accounts", 3, "blend", "regime", "trend_adx"), 500),
        (("accounts", 0, "asterdex", "base_url"), "http://fapi.asterdex.com"),
    ],
)
def test_an_editor_underlines_the_commonest_faults(path: tuple[Any, ...], value: Any) -> None:
    assert not schema_takes(changed(path, value))


def test_every_key_says_what_is_allowed() -> None:
    for name, part in accounts_schema()["$defs"].items():
        for key, field in part["properties"].items():
            assert field.get("description"), f"{name}.{key}"
