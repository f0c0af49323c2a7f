"""The arithmetic of the bench: percentiles, CPU per cycle, medians, ratios, the table."""

from __future__ import annotations

from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.cycles import build_specs, parse
from bench.runtime.figures import RunFigures, Usage, cpu_per_run, percentile, summarise
from bench.runtime.spec import CellSpec
from bench.runtime.table import render

lags = st.lists(st.floats(-10, 1000), min_size=1)

USAGE = Usage(
    busy_seconds=40.0,
    busy_cpu={"worker": 30.0, "server": 14.0},
    idle_seconds=20.0,
    idle_cpu={"worker": 1.0, "server": 2.0},
    peak_mb={"worker": 100.0, "all": 300.0},
)


def run(lag: float | None, outcome: str = "done") -> RunFigures:
    return RunFigures(
        account_id="a", prefect_state="completed", outcome=outcome, start_lag=lag, decision_lag=lag
    )


def cell(arm: str, runs: list[RunFigures], number: int = 1, **more: object) -> dict[str, object]:
    spec = CellSpec(arm=arm, accounts=20, round=number)
    return {"spec": asdict(spec), "summary": summarise(runs, USAGE), **more}


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50.0), (0.95, 95.0), (1.0, 100.0), (0.0, 1.0)]
)
def test_a_percentile_is_the_value_of_the_nearest_rank(share: float, expected: float) -> None:
    assert percentile([float(n) for n in range(100, 0, -1)], share) == expected


@given(lags, st.floats(0, 1))
def test_at_least_the_share_of_the_values_is_not_above_the_percentile(
    values: list[float], share: float
) -> None:
    found = percentile(values, share)
    assert found in values
    assert sum(value <= found for value in values) >= share * len(values) - 1e-9


def test_a_run_that_never_started_has_no_lag_and_is_not_counted_as_zero() -> None:
    summary = summarise([run(4.0), run(None, "none")], USAGE)
    assert summary["start_lag"] == {"p50": 4.0, "p95": 4.0, "max": 4.0, "count": 1}
    assert summary["done_share"] == 0.5
    assert summary["outcomes"] == {"done": 1, "none": 1}


def test_the_cost_of_a_run_leaves_out_what_the_parts_use_when_nothing_is_due() -> None:
    assert cpu_per_run(USAGE, 10) == {"worker": 2.8, "server": 1.0, "all": 3.8}


def test_there_is_no_cost_without_runs_or_without_an_idle_span() -> None:
    assert cpu_per_run(USAGE, 0) == {}
    assert cpu_per_run(replace(USAGE, idle_seconds=0.0), 10) == {}


def test_the_table_gives_medians_over_rounds_and_how_often_a_stock_arm_exceeds_the_warm_one() -> (
    None
):
    cells = [cell("warm", [run(lag)], number) for number, lag in enumerate((1.0, 2.0, 30.0), 1)]
    told = render([*cells, cell("process", [run(50.0)])])
    assert "20 accounts due at once" in told
    assert "process / warm: start p50 25.0x, start p95 25.0x" in told
    assert "not the same work" not in told


def test_arms_that_did_not_do_the_same_work_are_not_silently_compared() -> None:
    told = render([cell("warm", [run(1.0)]), cell("serve", [run(2.0), run(9.0, "skipped")])])
    assert "not the same work: see `done share`" in told


def test_an_arm_without_a_result_is_named_with_its_error_and_the_others_stay() -> None:
    spec = asdict(CellSpec(arm="process", accounts=20))
    told = render([cell("warm", [run(1.0)]), {"spec": spec, "error": "the server did not answer"}])
    assert "process, round 1: the server did not answer" in told
    assert "1.00" in told


def test_stock_arms_get_the_accounts_they_can_bear_and_no_cell_is_measured_twice() -> None:
    words = "--accounts 20 100 --arms process warm --rounds 2 --runs-at-once warm=12 --single 5"
    options = parse(words.split())
    found = [(s.round, s.arm, s.accounts, s.single_slots) for s in build_specs(options)]
    once = [
        ("process", 1, 5),
        ("warm", 1, 5),
        ("process", 20, 0),
        ("warm", 20, 0),
        ("warm", 100, 0),
    ]
    assert found == [(number, *each) for number in (1, 2) for each in once]
    assert {s.runs_at_once for s in build_specs(options) if s.arm == "warm"} == {12}
    assert {s.runs_at_once for s in build_specs(options) if s.arm == "process"} == {None}


def test_a_cell_survives_the_way_to_its_process() -> None:
    spec = CellSpec(arm="warm", accounts=3, server_env={"A": "b"}, lead=5.0)
    assert CellSpec.from_json(spec.to_json()) == spec
