"""A track extended reading by reading equals one made of all of them; exposure and gaps."""

from __future__ import annotations

import itertools
import math
from dataclasses import fields
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.performance.figure_builders import DAY, HOUR, START, daily, readings
from trading.errors import InvalidRecord
from trading.performance.equity_figures import EquityFigures, summarise_equity
from trading.performance.exposure import ExposureState, mean_equity
from trading.performance.growth import compute_gains
from trading.performance.path import EquityPath, path_of, to_instant, to_microseconds
from trading.performance.records import EquityReading
from trading.performance.track import begin_track, extend_track

ROWS = st.lists(
    st.tuples(
        st.integers(1, 60 * 40),  # minutes to the reading before
        st.decimals("0.01", "30000", places=2),
        st.one_of(st.just(Decimal(0)), st.decimals("-50", "5000", places=2)),  # flow
        st.one_of(st.none(), st.decimals("0", "60000", places=2)),
    ),
    min_size=1,
    max_size=40,
)


def as_readings(rows) -> list[EquityReading]:
    at, transfers, found = START, Decimal(0), []
    for minutes, equity, flow, gross in rows:
        at, transfers = at + timedelta(minutes=minutes), transfers + flow
        found.append(EquityReading(at=at, equity=equity, transfers=transfers, gross_exposure=gross))
    return found


def same(one: EquityFigures, other: EquityFigures) -> bool:
    """Equal, sums of floats up to their order."""
    for field in fields(EquityFigures):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, float) and isinstance(b, float):
            if not math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12):
                return False
        elif a != b:
            return False
    return True


@given(ROWS, st.lists(st.integers(0, 40), max_size=4))
def test_a_path_in_any_parts_gives_the_figures_of_the_whole(rows, cuts):
    found = as_readings(rows)
    path = path_of(found)
    whole = begin_track(path, expected=HOUR)
    bounds = [0, *sorted(min(cut, len(path)) for cut in cuts), len(path)]
    track = None
    for start, stop in itertools.pairwise(bounds):
        part = path.part(start, stop)
        track = begin_track(part, expected=HOUR) if track is None else extend_track(track, part)
    assert same(
        summarise_equity(track, found[0], found[-1]), summarise_equity(whole, found[0], found[-1])
    )


def test_a_fall_may_begin_reach_its_bottom_and_end_in_parts_that_come_one_by_one():
    found = daily(100, 120, 90, 110, 119, 120, 60, 130)
    path = path_of(found)
    track = begin_track(path.part(0, 1))
    seen = []
    for number in range(1, len(path)):
        track = extend_track(track, path.part(number, number + 1))
        drawdown = summarise_equity(track, found[0], found[number]).drawdown
        seen.append(
            tuple(
                None if at is None else (at - START) / DAY
                for at in (drawdown.peak_at, drawdown.bottom_at, drawdown.recovered_at)
            )
        )
    assert seen[1:] == [(1, 2, None)] * 3 + [(1, 2, 5), (5, 6, None), (5, 6, 7)]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_day_that_comes_in_two_parts_is_one_day(cut):
    found = readings(*((number / 3, str(100 + number)) for number in range(12)))
    path = path_of(found)
    track = extend_track(begin_track(path.part(0, cut)), path.part(cut, 12))
    whole = summarise_equity(begin_track(path), found[0], found[-1])
    assert summarise_equity(track, found[0], found[-1]).daily_returns == whole.daily_returns
    assert [item.day.day for item in whole.daily_returns] == [3, 4, 5]


def test_what_was_paid_in_before_the_first_reading_is_no_part_of_its_growth():
    path = EquityPath(
        at=np.array([1, 2]),
        equity=np.array([100.0, 110.0]),
        before_flow=np.array([40.0, 110.0]),
        gross_exposure=np.zeros(2),
    )
    assert compute_gains(path) == pytest.approx([0.0, 0.1])
    assert begin_track(path).growth.state.gain == pytest.approx(0.1)


def test_a_track_takes_later_readings_only():
    path = path_of(daily(1, 2, 3))
    track = begin_track(path)
    with pytest.raises(InvalidRecord, match=r"2025-03-04.*does not follow 2025-03-05"):
        extend_track(track, path.part(1, 3))
    assert begin_track(path.part(0, 0)) is None
    assert extend_track(track, path.part(0, 0)) is track


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"equity": np.array([1.0])}, "different lengths"),
        ({"equity": np.array([1.0, np.nan])}, "leave a failed reading out"),
        ({"before_flow": np.array([1.0, np.inf])}, "leave a failed reading out"),
        ({"at": np.array([2, 2])}, "not in order"),
    ],
)
def test_a_path_that_is_none_is_refused(change, complaint):
    good = {
        "at": np.array([1, 2]),
        "equity": np.ones(2),
        "before_flow": np.ones(2),
        "gross_exposure": np.full(2, np.nan),
    }
    assert len(EquityPath(**good)) == 2
    with pytest.raises(InvalidRecord, match=complaint):
        EquityPath(**{**good, **change})


def test_instants_cross_to_microseconds_and_back_exactly():
    at = START + timedelta(microseconds=123_457)
    assert to_instant(to_microseconds(at)) == at


def figures(rows, **options) -> EquityFigures:
    found = readings(*rows)
    return summarise_equity(begin_track(path_of(found), **options), found[0], found[-1])


def test_time_in_market_and_mean_exposure_hold_from_a_reading_to_the_next():
    # a day at half the equity, a day flat, two days at twice the equity; the last holds for no time
    found = figures(
        [(0, "100", "0", "50"), (1, "100", "0", "0"), (2, "50", "0", "100"), (4, "50", "0", "999")]
    )
    assert found.time_in_market == pytest.approx(3 / 4)
    assert found.mean_exposure == pytest.approx((0.5 + 0 + 2 + 2) / 4)
    assert found.mean_equity == pytest.approx((100 + 100 + 50 + 50) / 4)


def test_unknown_exposure_is_left_out_and_not_taken_for_flat():
    found = figures([(0, "100", "0", "50"), (1, "100"), (3, "100", "0", "0"), (4, "100", "0", "0")])
    assert found.time_in_market == pytest.approx(1 / 2)
    assert found.mean_exposure == pytest.approx(0.5 / 2)


def test_a_gap_is_left_out_of_the_means_and_shown():
    found = figures(
        [(0, "100", "0", "50"), (1, "100", "0", "0"), (4, "100", "0", "0"), (5, "100", "0", "0")],
        expected=DAY,
    )
    assert (found.gaps.count, found.gaps.seconds) == (1, 3 * 86_400)
    assert [(gap.since, gap.until) for gap in found.gaps.newest] == [(START + DAY, START + 4 * DAY)]
    assert found.time_in_market == pytest.approx(1 / 2)


def test_one_missing_reading_is_a_gap_and_a_late_one_is_not():
    late = figures([(0, "1"), (1, "1"), (2.5, "1")], expected=DAY)
    missing = figures([(0, "1"), (1, "1"), (3, "1")], expected=DAY)
    assert (late.gaps.count, missing.gaps.count) == (0, 1)
    assert figures([(0, "1"), (99, "1")]).gaps.count == 0


@pytest.mark.parametrize("size", [1, 7, 29])
def test_of_many_gaps_the_newest_are_shown_and_all_are_counted(size):
    path = path_of(readings(*((day * 3, "1") for day in range(30))))
    track = begin_track(path.part(0, 1), expected=DAY)
    for start in range(1, 30, size):
        track = extend_track(track, path.part(start, min(start + size, 30)))
    assert track.gaps.count == 29
    assert [gap.until for gap in track.gaps.newest] == [START + n * 3 * DAY for n in range(20, 30)]


def test_with_one_reading_no_time_has_passed_to_take_a_mean_of():
    found = figures([(0, "100", "0", "50")])
    assert (found.time_in_market, found.mean_exposure, found.mean_equity) == (None, None, None)


def test_equity_that_is_gone_has_no_exposure_ratio_and_gives_no_mean():
    found = figures([(0, "100", "0", "100"), (1, "-50", "0", "100"), (2, "-50", "0", "0")])
    assert found.mean_exposure == pytest.approx(1.0)  # the solvent day only
    assert found.time_in_market == 1.0
    assert mean_equity(ExposureState(watched=10.0, equity=-5.0)) is None
