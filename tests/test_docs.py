"""The documents say what the code does."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)")


def generator():
    spec = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_generated_tables_are_those_of_the_code(path: Path) -> None:
    text = path.read_text()
    assert generator().rendered(text) == text, "run: uv run python docs/generate.py"


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda p: p.name)
def test_every_link_to_a_file_leads_somewhere(path: Path) -> None:
    missing = [
        target for target in LINK.findall(path.read_text()) if not (path.parent / target).exists()
    ]
    assert not missing


def test_the_readme_names_the_two_commands_that_ci_and_users_run() -> None:
    readme = (ROOT / "README.md").read_text()
    assert "pip install uv && uv run perpflow up" in readme
    assert "pip install uv && uv run pytest" in readme
    assert "pip install uv && uv run pytest" in (ROOT / ".ci" / "run").read_text()
