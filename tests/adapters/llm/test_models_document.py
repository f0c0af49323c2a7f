"""docs/models.md says what the code does."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import adapters.llm
from adapters.llm.errors import ModelError
from adapters.llm.settings import Patience

DOCUMENT = (Path(__file__).parents[3] / "docs" / "models.md").read_text()
FOLDER = Path(adapters.llm.__file__).parent


def leaves(kind: type[ModelError]) -> Iterator[type[ModelError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from leaves(each)


def test_every_error_that_is_raised_stands_there_with_what_the_caller_does() -> None:
    # The three bases above leaves are never raised themselves.
    bases = {"model_error", "model_needs_person", "model_unavailable"}
    for each in leaves(ModelError):
        if each.code not in bases:
            doing = (each.__doc__ or "").splitlines()[0].rstrip(".")
            assert f"| `{each.code}` | {doing} | {each.action.value} |" in DOCUMENT


def test_every_family_of_the_capability_table_stands_there() -> None:
    for family in tomllib.loads((FOLDER / "capabilities.toml").read_text())["family"]:
        cells = (
            ", ".join(f"`{name}`" for name in family["names"]),
            family["output"],
            "yes" if family["tools"] else "no",
            "yes" if family["reasoning"] else "no",
            ", ".join(f"`{name}`" for name in family.get("refused", ())) or "-",
        )
        assert "| " + " | ".join(cells) + " |" in DOCUMENT


def test_every_price_stands_there() -> None:
    for row in tomllib.loads((FOLDER / "prices.toml").read_text())["price"]:
        cells = (row["host"], row["model"], row["input"], row["cached_input"], row["output"])
        assert "| " + " | ".join((*cells, row["read_on"])) + " |" in DOCUMENT


def test_every_setting_of_patience_stands_there_with_its_default() -> None:
    for each in fields(Patience):
        assert f"| `{each.name}` | {each.default:g} |" in DOCUMENT
