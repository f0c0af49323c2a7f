"""Which instruments are chosen: deterministic, without churn, and never without those held."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.simulated_views import simulated_view
from trading.errors import InvalidRecord
from trading.scan_plan import Scan
from trading.scanner.ranking import (
    MARGIN,
    choose,
    scan_document,
    scan_instruments,
    scan_words,
)
from trading.scanner.scores import SCAN_CANDLES, SCAN_TIMEFRAME, ScanScore
from trading.simulation.instruments import ASSETS

START = datetime(2026, 11, 20, tzinfo=UTC)
NOBODY: frozenset[str] = frozenset()


def scored(symbol: str, total: float) -> ScanScore:
    return ScanScore(
        symbol=symbol, asset=symbol, total=total, parts={}, adx=20.0, move=1.0, turnover=1e8,
        spread_bps=1.0, funding_per_8h=None,
    )  # fmt: skip


tables = st.dictionaries(st.sampled_from("ABCDEFGH"), st.floats(0, 1), max_size=8).map(
    lambda totals: [scored(symbol, total) for symbol, total in totals.items()]
)
symbol_sets = st.frozensets(st.sampled_from("ABCDEFGH"))


def test_the_best_are_chosen_the_best_first() -> None:
    table = [scored("A", 0.3), scored("B", 0.9), scored("C", 0.5)]
    assert choose(table, 2, NOBODY) == ("B", "C")
    assert choose(table, 9, NOBODY) == ("B", "C", "A")


def test_equal_scores_go_by_symbol() -> None:
    assert choose([scored("B", 0.5), scored("A", 0.5)], 1, NOBODY) == ("A",)


def test_who_was_chosen_last_time_stays_until_another_is_better_by_the_margin() -> None:
    just_under = [scored("A", 0.5), scored("B", 0.5 + MARGIN - 0.001)]
    just_over = [scored("A", 0.5), scored("B", 0.5 + MARGIN + 0.001)]
    assert choose(just_under, 1, frozenset("A")) == ("A",)
    assert choose(just_over, 1, frozenset("A")) == ("B",)
    assert choose(just_under, 1, NOBODY) == ("B",)


@given(tables, st.integers(1, 8), symbol_sets, st.randoms(use_true_random=False))
def test_the_order_of_the_candidates_changes_nothing(table, count, before, random) -> None:
    mixed = random.sample(table, len(table))
    assert choose(mixed, count, before) == choose(table, count, before)


@given(tables, st.integers(1, 8), symbol_sets)
def test_nobody_is_left_out_for_one_who_is_worse_by_more_than_the_margin(
    table, count, before
) -> None:
    chosen = choose(table, count, before)
    assert len(chosen) == min(count, len(table)) == len(set(chosen))
    out = [each.total for each in table if each.symbol not in chosen]
    worst = [each.total for each in table if each.symbol in chosen]
    if out:
        assert max(out) <= min(worst) + MARGIN + 1e-9


@given(tables, st.integers(1, 8), symbol_sets)
def test_a_list_chosen_again_from_the_same_scores_is_the_same(table, count, before) -> None:
    chosen = choose(table, count, before)
    assert set(choose(table, count, frozenset(chosen))) == set(chosen)


def views(at: datetime, seed: int = 7):
    read = {SCAN_TIMEFRAME: SCAN_CANDLES}
    return [simulated_view(symbol, at, seed=seed, read=read) for symbol in ASSETS]


def scan(at: datetime = START, count: int = 2, before=None, held=NOBODY, unusable=None):
    return scan_instruments(
        views(at), Scan(count=count), before=before, held=held, unusable=unusable or {}
    )


def test_every_candidate_of_the_simulated_market_is_ranked_with_reasons() -> None:
    result = scan()
    assert [each.symbol for each in result.ranked[:2]] == list(result.chosen)
    assert len(result.ranked) == len(ASSETS)
    totals = [each.total for each in result.ranked]
    assert totals == sorted(totals, reverse=True)
    assert len(set(totals)) == len(totals)
    best = result.chosen[0]
    words = scan_words(result, best)
    assert words.startswith(f"Scan: chosen, rank 1 of {len(ASSETS)}, score ")
    document = scan_document(result)
    assert document["chosen"] == list(result.chosen)
    assert document["table"][0]["symbol"] == best
    assert document["table"][0]["parts"].keys() == result.ranked[0].parts.keys()


def test_an_instrument_that_is_held_stays_although_it_is_not_chosen() -> None:
    worst = scan().ranked[-1].symbol
    result = scan(held=frozenset({worst, scan().chosen[0]}))
    assert result.held == (worst,)
    assert result.kept == (*result.chosen, worst)
    assert f"held, not chosen, rank {len(ASSETS)} of {len(ASSETS)}" in scan_words(result, worst)


def test_a_candidate_without_usable_data_is_named_and_not_chosen_but_stays_when_held() -> None:
    usable = [each for each in views(START) if each.symbol != "BTCUSDT"]
    result = scan_instruments(
        usable,
        Scan(count=6),
        before=None,
        held=frozenset({"BTCUSDT"}),
        unusable={"BTCUSDT": "2 5m candle(s) missing"},
    )
    assert "BTCUSDT" not in result.chosen
    assert result.held == ("BTCUSDT",)
    assert result.rank("BTCUSDT") is None
    assert scan_words(result, "BTCUSDT") == "Scan: held, without a score (2 5m candle(s) missing)."
    assert scan_document(result)["unranked"] == {"BTCUSDT": "2 5m candle(s) missing"}


def test_a_candidate_in_its_warm_up_is_named_with_how_far_it_is() -> None:
    young = simulated_view("BTCUSDT", START, read={SCAN_TIMEFRAME: 30})
    result = scan_instruments([young], Scan(count=1), before=None, held=NOBODY, unusable={})
    assert (result.chosen, result.unranked) == (
        (),
        {"BTCUSDT": "30 of 73 closed 1h candles are there"},
    )


def test_the_list_is_new_at_first_and_whenever_another_one_is_chosen() -> None:
    first = scan()
    assert first.is_new
    assert not scan(before=frozenset(first.chosen)).is_new
    assert scan(before=frozenset({"NOTHING"})).is_new


def test_the_list_of_the_simulated_market_moves_but_changes_less_with_its_memory() -> None:
    """Two days, every two hours."""
    hours = [START + timedelta(hours=2 * n) for n in range(24)]
    before, with_memory, without = None, [], []
    for at in hours:
        result = scan(at, before=before)
        before = frozenset(result.chosen)
        with_memory.append(before)
        without.append(frozenset(each.symbol for each in result.ranked[:2]))

    def turns(lists: list[frozenset[str]]) -> int:
        return sum(a != b for a, b in pairwise(lists))

    assert 0 < turns(with_memory) < 0.7 * turns(without)


@pytest.mark.parametrize("count", [0, 51])
def test_a_scan_for_nothing_or_for_everything_is_refused(count: int) -> None:
    with pytest.raises(InvalidRecord, match="allowed is 1 to 50"):
        Scan(count=count)
