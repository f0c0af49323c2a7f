"""The budget of request weight: never above the limit in any window, the way out always open."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import InvalidRecord, VenueUnavailable, WeightRefused
from trading.weights import (
    Priority,
    WeightScope,
    WeightWindow,
    heard_status,
    heard_used,
    spend,
)

NOON = datetime(2026, 11, 20, 12, 0, 0, 250_000, tzinfo=UTC)
SCOPE = WeightScope(name="aster test", limit=100, window_seconds=60)
PRIORITIES = st.sampled_from(Priority)
REQUESTS = st.lists(
    st.tuples(st.floats(0, 40), st.integers(1, 30), PRIORITIES), min_size=1, max_size=60
)
"""Seconds after the request before, weight, priority."""


def spend_all(
    requests: Iterable[tuple[float, int, Priority]],
) -> list[tuple[datetime, int, Priority]]:
    """What was let through, and when."""
    window, now, passed = WeightWindow(), NOON, []
    for pause, weight, priority in requests:
        now += timedelta(seconds=pause)
        try:
            window = spend(window, SCOPE, weight, priority, now)
        except WeightRefused:
            continue
        passed.append((now, weight, priority))
    return passed


@given(REQUESTS)
def test_no_window_of_its_length_ever_holds_more_than_the_limit(requests):
    passed = spend_all(requests)
    for since, *_ in passed:
        until = since + timedelta(seconds=SCOPE.window_seconds)
        assert sum(weight for at, weight, _ in passed if since <= at <= until) <= SCOPE.limit


@given(REQUESTS, PRIORITIES)
def test_no_priority_fills_a_window_beyond_its_share(requests, lowest):
    passed = spend_all((pause, weight, lowest) for pause, weight, _ in requests)
    for since, *_ in passed:
        until = since + timedelta(seconds=SCOPE.window_seconds)
        held = sum(weight for at, weight, _ in passed if since <= at <= until)
        assert held <= SCOPE.most(lowest)


@given(REQUESTS)
def test_whatever_others_spent_an_exit_still_finds_a_tenth_of_the_limit(requests):
    others = [(0.0, weight, max(each, Priority.RECONCILE)) for _, weight, each in requests]
    window = WeightWindow()
    for _, weight, priority in others:
        try:
            window = spend(window, SCOPE, weight, priority, NOON)
        except WeightRefused:
            continue
    assert spend(window, SCOPE, 10, Priority.EXIT, NOON).used(SCOPE, NOON) <= SCOPE.limit


@given(REQUESTS, st.integers(1, 60), PRIORITIES)
def test_a_refusal_names_the_first_moment_at_which_it_would_be_granted(requests, weight, priority):
    window, now = WeightWindow(), NOON
    for pause, spent, each in requests:
        now += timedelta(seconds=pause)
        try:
            window = spend(window, SCOPE, spent, each, now)
        except WeightRefused:
            continue
    try:
        spend(window, SCOPE, weight, priority, now)
    except WeightRefused as refusal:
        early = refusal.retry_at - timedelta(microseconds=1)
        with pytest.raises(WeightRefused):
            spend(window, SCOPE, weight, priority, max(now, early))
        spend(window, SCOPE, weight, priority, refusal.retry_at)


def test_a_refusal_is_known_to_have_sent_nothing_and_says_the_numbers():
    window = spend(WeightWindow(), SCOPE, 60, Priority.MARKET, NOON)
    with pytest.raises(WeightRefused, match=r"aster test: 60 of 100 .* market request of 20 .* 70"):
        spend(window, SCOPE, 20, Priority.MARKET, NOON)
    assert issubclass(WeightRefused, VenueUnavailable)


def test_a_weight_that_could_never_be_spent_is_the_callers_mistake():
    for weight in (0, 71):
        with pytest.raises(InvalidRecord, match="allowed is 1 to 70"):
            spend(WeightWindow(), SCOPE, weight, Priority.MARKET, NOON)


def test_what_others_behind_our_address_spent_is_taken_from_the_venues_own_count():
    window = spend(WeightWindow(), SCOPE, 10, Priority.EXIT, NOON)
    window = heard_used(window, SCOPE, 75, NOON)
    assert window.used(SCOPE, NOON) == 75
    assert heard_used(window, SCOPE, 40, NOON).used(SCOPE, NOON) == 75
    with pytest.raises(WeightRefused):
        spend(window, SCOPE, 1, Priority.MARKET, NOON)


@pytest.mark.parametrize(
    ("status", "retry_after", "until"),
    [
        (429, None, datetime(2026, 11, 20, 12, 1, tzinfo=UTC)),
        (429, 7.0, NOON + timedelta(seconds=7)),
        (418, None, NOON + timedelta(minutes=2)),
        (418, 3600.0, NOON + timedelta(hours=1)),
        (403, None, NOON + timedelta(minutes=5)),
    ],
)
def test_a_warning_or_a_ban_stops_everybody_until_it_is_over(status, retry_after, until):
    window = heard_status(WeightWindow(), status, NOON, retry_after)
    for priority in Priority:
        with pytest.raises(WeightRefused, match=f"blocked until .*HTTP {status}") as refused:
            spend(window, SCOPE, 1, priority, until - timedelta(microseconds=1))
        assert refused.value.retry_at == until
        assert spend(window, SCOPE, 1, priority, until).used(SCOPE, until) == 1


@given(st.lists(st.tuples(st.sampled_from((200, 403, 418, 429, 500)), st.floats(0, 600))))
def test_a_block_never_becomes_shorter(answers):
    window = WeightWindow()
    for status, retry_after in answers:
        after = heard_status(window, status, NOON, retry_after)
        if window.blocked_until is not None:
            assert after.blocked_until is not None
            assert after.blocked_until >= window.blocked_until
        window = after


def test_a_scope_refuses_a_limit_that_is_none():
    with pytest.raises(InvalidRecord, match="at least 1"):
        WeightScope(name="x", limit=0)
