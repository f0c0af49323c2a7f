"""Hostile and broken files."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.config.problems import ConfigurationError
from adapters.config.yaml_document import MAX_BYTES, Document, read_document

BOMB = "a0: &a0 [x, x]\n" + "".join(
    f"a{level}: &a{level} [*a{level - 1}, *a{level - 1}, *a{level - 1}]\n" for level in range(1, 40)
)
MERGE_BOMB = "a0: &a0 {k0: 1}\n" + "".join(
    f"a{level}: &a{level} {{<<: [*a{level - 1}, *a{level - 1}], k{level}: 1}}\n"
    for level in range(1, 40)
)


def read(tmp_path: Path, text: str | bytes, name: str = "accounts.yaml") -> Document:
    path = tmp_path / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_document(path)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("accounts:\n\t- id: a\n", 2, "is not YAML"),
        ("accounts: [1, 2\n", 2, "is not YAML"),
        ("a: 1\nb: 2\na: 3\n", 3, "a is there twice"),
        ("a: !!python/object/apply:os.system ['true']\n", 1, "only plain values are allowed"),
        ("a:\n  b: !secret x\n", 2, "only plain values are allowed"),
        ("a: !!binary aGk=\n", 1, "only plain values are allowed"),
        ("a: &a [*a]\n", 1, "aliases may not multiply or contain themselves"),
        (BOMB, None, "aliases may not multiply or contain themselves"),
        (MERGE_BOMB, None, "aliases may not multiply or contain themselves"),
        ("[" * 30 + "]" * 30, 1, "expands to too much"),
        ("[" * 5000 + "]" * 5000, None, "nested too deeply"),
        ("1: x\n", 1, "has a key that is not text"),
        ("? [a, b]\n: x\n", 1, "has a key that is not text"),
        ("<<: 5\n", 1, "what is not a mapping"),
        ("a: 1\n---\nb: 2\n", 2, "is not YAML"),
        (b"a: \xff\xfe\n", 1, "is not UTF-8"),
        (b"a: b\x00c\n", None, "is not YAML"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_with_its_line(
    tmp_path: Path, text: str | bytes, line: int | None, words: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        read(tmp_path, text)

    [problem] = refused.value.problems
    assert words in str(problem)
    assert problem.source == str(tmp_path / "accounts.yaml")
    if line is not None:
        assert problem.line == line


@given(text=st.text(alphabet=st.sampled_from(list("ab:- \n\t{}[]&*!|>'\"#%@,?<0.")), max_size=60))
def test_any_text_is_either_data_or_a_named_problem(text: str) -> None:
    path = Path(tempfile.gettempdir()) / f"perpflow-fuzz-{os.getpid()}.yaml"
    path.write_text(text)
    outcome = _read_or_problems(path)
    path.unlink()

    assert isinstance(outcome, Document) or all(str(path) in each for each in outcome)


def _read_or_problems(path: Path) -> Document | list[str]:
    try:
        return read_document(path)
    except ConfigurationError as refused:
        return [str(problem) for problem in refused.problems]


def test_a_file_over_a_megabyte_is_not_even_parsed(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="larger than"):
        read(tmp_path, "a: " + "x" * MAX_BYTES)


def test_a_missing_file_is_named_with_the_option_that_names_another(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"absent\.yaml: cannot be read.*--config"):
        read_document(tmp_path / "absent.yaml")


def test_honest_anchors_and_merges_work(tmp_path: Path) -> None:
    document = read(
        tmp_path,
        "base: &base {interval: 1h, assets: [BTC]}\n"
        "accounts:\n  - {<<: *base, id: a}\n  - {<<: *base, id: b, interval: 4h}\n",
    )

    assert document.data["accounts"] == [
        {"interval": "1h", "assets": ["BTC"], "id": "a"},
        {"interval": "4h", "assets": ["BTC"], "id": "b"},
    ]


def test_every_key_has_its_line(tmp_path: Path) -> None:
    document = read(tmp_path, "accounts:\n  - id: a\n    limits:\n      leverage: 2\n")

    assert document.lines["accounts", 0, "limits", "leverage"] == 4
    assert document.problem(("accounts", 0, "assets"), "is missing").line == 2


def test_json_is_read_with_its_lines_too(tmp_path: Path) -> None:
    document = read(tmp_path, '{\n\t"accounts": [\n\t\t{"id": "a"}\n\t]\n}\n', "accounts.json")

    assert document.data == {"accounts": [{"id": "a"}]}
    assert document.lines["accounts", 0, "id"] == 3
