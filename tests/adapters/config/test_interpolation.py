"""Variables in configuration files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.interpolation import Interpolated, interpolate
from adapters.config.yaml_document import parse_document

TEXT = st.text(st.characters(exclude_categories=["C"]), max_size=40)


def fill(text: str, **environ: str) -> Interpolated:
    return interpolate(parse_document(text, "accounts.yaml"), environ)


@pytest.mark.parametrize(
    ("written", "environ", "expected"),
    [
        ("${A}", {"A": "x"}, "x"),
        ("a${A}b${B}", {"A": "1", "B": "2"}, "a1b2"),
        ("${A:-d}", {}, "d"),
        ("${A:-d}", {"A": ""}, "d"),
        ("${A:-d}", {"A": "x"}, "x"),
        ("${A:-}", {}, ""),
        ("${A:-x:y}", {}, "x:y"),
        ("${A:?needed}", {"A": "x"}, "x"),
        ("${A}", {"A": ""}, ""),
        ("$$", {}, "$"),
        ("$${A}", {"A": "x"}, "${A}"),
        ("cost $5", {}, "cost $5"),
        ("$A", {"A": "x"}, "$A"),
    ],
)
def test_forms_of_a_variable(written: str, environ: dict[str, str], expected: str) -> None:
    filled = fill(f"key: '{written}'", **environ)

    assert filled.data == {"key": expected}
    assert filled.problems == []


def test_all_missing_variables_are_reported_at_once_by_key_and_name() -> None:
    filled = fill("a: ${ONE}\nb:\n  - c: x${TWO}\n    d: ${THREE:?ask the desk}\n")

    assert [str(problem) for problem in filled.problems] == [
        "accounts.yaml:1: a needs the variable ONE, which is not set"
        " -> put ONE=... into .env or the environment",
        "accounts.yaml:3: b[0].c needs the variable TWO, which is not set"
        " -> put TWO=... into .env or the environment",
        "accounts.yaml:4: b[0].d needs the variable THREE, which is not set (ask the desk)"
        " -> put THREE=... into .env or the environment",
    ]


@pytest.mark.parametrize("written", ["${}", "${1A}", "${A B}", "${A", "${A:+x}"])
def test_a_form_that_is_not_known_is_a_problem_and_not_text(written: str) -> None:
    [problem] = fill(f"key: '{written}'").problems

    assert "is not of the form" in problem.text


@given(value=TEXT)
def test_a_value_never_becomes_structure_or_another_variable(value: str) -> None:
    filled = fill("accounts: ['${VALUE}', plain]", VALUE=value, plain="no")

    assert filled.data == {"accounts": [value, "plain"]}


def test_only_text_is_filled_in() -> None:
    assert fill("a: 5\nb: true\nc: null\nd: 1.5").data == {
        "a": 5,
        "b": True,
        "c": None,
        "d": 1.5,
    }


def test_a_secret_becomes_a_reference_and_its_value_stays_outside() -> None:
    filled = fill("asterdex:\n  api_key: ${KEY}\n", KEY="canary-5f1e")

    assert filled.data == {"asterdex": {"api_key": "env:KEY"}}
    assert "canary" not in repr(filled)


def test_a_missing_secret_is_reported_like_any_other_variable() -> None:
    [problem] = fill("openrouter: {api_key: '${ROUTER_KEY}'}").problems

    assert problem.key == "openrouter.api_key"
    assert "ROUTER_KEY" in problem.text
