"""The structure of the code, held by tests instead of by review."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
BIN = Path(sys.executable).parent


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_imports_run_one_way_and_every_contract_is_kept() -> None:
    done = run(str(BIN / "lint-imports"), "--no-cache")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.skipif(
    sys.version_info >= (3, 12),
    reason="checked with the numpy that Python 3.11 gets; a newer one tells other types",
)
def test_the_rules_of_trading_pass_strict_type_checking() -> None:
    done = run(str(BIN / "basedpyright"), "trading")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_whole_tree_is_formatted_and_lint_free() -> None:
    formatted = run(str(BIN / "ruff"), "format", "--check", ".")
    assert formatted.returncode == 0, formatted.stdout
    checked = run(str(BIN / "ruff"), "check", ".")
    assert checked.returncode == 0, checked.stdout


def test_every_strategy_of_the_catalogue_is_under_the_independence_contract() -> None:
    from trading.strategies.catalogue import STRATEGIES

    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    listed = next(
        set(contract["modules"])
        for contract in contracts["contracts"]
        if contract["name"] == "strategies do not know each other"
    )
    assert {f"trading.strategies.{name}" for name in STRATEGIES} == listed


def test_every_python_file_stays_small_enough_to_read_in_one_sitting() -> None:
    tracked = run("git", "ls-files", "*.py").stdout.split()
    records = "adapters/store/migrations/versions/"  # written once, read in order, never edited
    too_long = {
        name: lines
        for name in tracked
        if not name.startswith((records, "tests/"))
        and (lines := len((ROOT / name).read_text().splitlines())) > 300
    }
    assert not too_long


def test_no_file_in_flows_is_named_like_a_top_level_package() -> None:
    roots = {path.name for path in ROOT.iterdir() if path.is_dir()}
    assert not roots & {path.stem for path in (ROOT / "flows").glob("*.py")}


def test_no_promise_for_later_is_left_in_the_code() -> None:
    words = ("TO" + "DO", "FIX" + "ME", "XX" + "X:")
    found = [
        f"{name}: {word}"
        for name in run("git", "ls-files", "*.py", "*.js", "*.html").stdout.split()
        for word in words
        if word in (ROOT / name).read_text()
    ]
    assert not found
