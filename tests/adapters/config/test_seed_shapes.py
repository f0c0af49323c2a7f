"""Every example of a configuration in the seed documents, word by word, and the accounts it means.

`golden/<example>` is the example, `golden/<example>.golden.json` what it loads as. After a wanted
change: `PERPFLOW_WRITE_GOLDEN=1 pytest tests/adapters/config/test_seed_shapes.py`, then read the diff.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from dotenv import dotenv_values

from adapters.config.accounts_file import Loaded
from adapters.config.sources import find_source, load_source
from adapters.store.account_json import account_from_json, account_to_json

GOLDEN = Path(__file__).parent / "golden"
EXAMPLES = sorted(path for path in GOLDEN.iterdir() if not path.name.endswith(".golden.json"))
KEYS = {
    f"{kind}_{number}": f"canary-{kind}-{number}"
    for kind in ("ASTERDEX_KEY", "ASTERDEX_SECRET", "OPENROUTER_KEY")
    for number in (1, 2, 3)
}


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(example: Path) -> Loaded:
    is_file = example.suffix != ".env"
    written = {} if is_file else dotenv_values(example, interpolate=False)
    environ = KEYS if is_file else {name: text for name, text in written.items() if text}
    source = find_source(example if is_file else None, environ)
    assert source is not None
    return load_source(source, environ, is_named=is_file, known_assets=None)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_an_example_of_the_seeds_loads_as_the_accounts_it_means(example: Path) -> None:
    loaded = load(example)
    found = {"accounts": [account_to_json(account) for account in loaded.accounts]}

    golden = GOLDEN / f"{example.name}.golden.json"
    if os.environ.get("PERPFLOW_WRITE_GOLDEN"):
        golden.write_text(json.dumps(found, indent=1) + "\n")
    assert found == json.loads(golden.read_text())


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_records_hold_references_and_no_value_of_a_secret(example: Path) -> None:
    text = repr(load(example))

    for value in (
        *KEYS.values(),
        "your_asterdex",
        "your_openrouter",
        "secret1",
        "router_key",
        "0x",
    ):
        assert value not in text


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.name)
def test_the_records_survive_the_store(example: Path) -> None:
    for account in load(example).accounts:
        assert account_from_json(account_to_json(account)) == account


def test_yaml_and_json_of_the_same_accounts_are_the_same_accounts() -> None:
    in_yaml, in_json = (
        load(GOLDEN / f"seed_002_7_2_2_accounts.{ending}") for ending in ("yaml", "json")
    )

    assert in_yaml.accounts == in_json.accounts
