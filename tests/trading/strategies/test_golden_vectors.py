"""Every strategy says of a fixed market what it has always said of it."""

import json

import pytest

from tests.trading.strategies.golden_vectors import FOLDER, golden_vector
from trading.strategies.catalogue import STRATEGIES


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_strategy_says_what_its_golden_vector_says(name):
    golden = json.loads((FOLDER / f"{name}.json").read_text())
    now = golden_vector(name)
    for key in ("market", "symbol", "timeframe", "closed_at", "candles", "side", "leave"):
        assert now[key] == golden[key], key
    assert len(now["entries"]) == len(golden["entries"])
    for ours, theirs in zip(now["entries"], golden["entries"], strict=True):
        assert ours == pytest.approx(theirs, rel=1e-9), ours["row"]


@pytest.mark.parametrize("name", STRATEGIES)
def test_a_golden_vector_holds_entries(name):
    golden = json.loads((FOLDER / f"{name}.json").read_text())
    assert golden["entries"]
    assert set(golden["side"]) & {"+", "-"}


def test_there_is_no_golden_vector_without_its_strategy():
    assert {path.stem for path in FOLDER.glob("*.json")} == set(STRATEGIES)
