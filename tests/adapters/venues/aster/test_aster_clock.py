"""The venue's time: from round trips, whatever the host's clock says, and only when it is needed."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.clock import ClockSample, HostClock, is_stale, read_clock
from adapters.venues.aster.credentials import Credentials
from adapters.venues.aster.errors import ClockRefused, Unreachable
from tests.adapters.venues.aster.local_venue import LocalVenue
from trading.errors import InvalidRecord
from trading.weights import Priority

START_US = 1_800_000_000_000_000
SECOND_NS = 1_000_000_000


@dataclass
class SetClock(HostClock):
    """A host whose clocks stand where they are put; `behind_us` is what its wall clock is wrong by."""

    now_ns: int = 5 * SECOND_NS
    behind_us: int = 0

    def monotonic_ns(self) -> int:
        return self.now_ns

    def wall_us(self) -> int:
        return START_US + self.now_ns // 1000 - self.behind_us


@dataclass
class ShiftedClock(HostClock):
    """The real clocks, with a wall clock that is wrong."""

    behind_us: int = 0
    slept_ns: int = 0

    def monotonic_ns(self) -> int:
        # As if it had been up for a day: the true count may be shorter than the sleep.
        return super().monotonic_ns() + 24 * 3600 * SECOND_NS - self.slept_ns

    def wall_us(self) -> int:
        return super().wall_us() - self.behind_us


trips = st.tuples(
    st.integers(0, 900 * 10**6), st.integers(0, 900 * 10**6), st.integers(0, SECOND_NS)
)


@given(st.lists(trips, min_size=1, max_size=5), st.integers(-(10**9), 10**9))
def test_the_reading_is_within_its_own_error_of_the_truth(trips, venue_ahead_ms: int) -> None:
    clock, samples = SetClock(), []
    for there, back, pause in trips:
        sent = clock.now_ns
        asked_at_us = START_US + (sent + there) // 1000 + venue_ahead_ms * 1000
        clock.now_ns += there + back
        samples.append(
            ClockSample(sent_ns=sent, received_ns=clock.now_ns, server_ms=asked_at_us // 1000)
        )
        clock.now_ns += pause
    reading = read_clock(samples, clock)
    truth = START_US + clock.now_ns // 1000 + venue_ahead_ms * 1000
    assert abs(reading.venue_now_us(clock.now_ns) - truth) <= reading.error_us + 2
    shortest = min(there + back for there, back, _ in trips)
    assert reading.error_us <= shortest // 2000 + 501


@pytest.mark.parametrize("behind_s", [-30, 0, 30, 86_400])
def test_how_far_the_host_is_off_is_part_of_the_reading(behind_s: int) -> None:
    clock = SetClock(behind_us=behind_s * 1_000_000)
    server_ms = (START_US + clock.now_ns // 1000) // 1000
    sample = ClockSample(sent_ns=clock.now_ns, received_ns=clock.now_ns, server_ms=server_ms)
    reading = read_clock([sample], clock)
    assert abs(reading.host_ahead_us + behind_s * 1_000_000) <= 1000


def test_a_round_trip_of_more_than_two_seconds_is_no_time() -> None:
    clock = SetClock()
    slow = ClockSample(sent_ns=0, received_ns=2 * SECOND_NS, server_ms=1)
    with pytest.raises(InvalidRecord, match=r"2\.0 s at best"):
        read_clock([slow], clock)
    with pytest.raises(InvalidRecord, match="no answer"):
        read_clock([], clock)


def test_a_reading_is_stale_when_old_or_when_the_host_slept_or_its_clock_was_set() -> None:
    clock = SetClock()
    reading = read_clock([ClockSample(sent_ns=0, received_ns=10, server_ms=1)], clock)
    assert not is_stale(reading, clock)
    clock.now_ns += 14 * 60 * SECOND_NS
    assert not is_stale(reading, clock)
    clock.now_ns += 2 * 60 * SECOND_NS
    assert is_stale(reading, clock)
    clock = SetClock()
    clock.behind_us = 1_500_000
    assert is_stale(reading, clock)


@pytest.mark.parametrize("ahead_ms", [-3_600_000, -30_000, 30_000, 3_600_000])
async def test_a_venue_with_another_time_accepts_every_request_of_both_kinds(
    client: AsterClient, pair_client: AsterClient, venue: LocalVenue, ahead_ms: int
) -> None:
    venue.ahead_ms = ahead_ms
    assert len(await client.account.balances()) == 1
    assert len(await pair_client.account.balances()) == 1


async def test_a_wrong_host_clock_is_said_aloud_once_and_requests_go_on(
    open_client: Callable[..., AsterClient],
    agent: Credentials,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = open_client(agent, host_clock=ShiftedClock(behind_us=30_000_000))
    with caplog.at_level(logging.WARNING, "perpflow.aster"):
        for _ in range(3):
            await client.account.balances()
    assert [each.getMessage()[:55] for each in caplog.records] == [
        "this machine's clock is 30.0 s behind the venue's; requ"
    ]


async def test_the_clock_is_read_once_for_many_requests_and_again_after_a_refusal(
    client: AsterClient, venue: LocalVenue
) -> None:
    await client.account.balances()
    await client.account.balances()
    assert len(venue.sent_to("time")) == 3
    venue.ahead_ms = 120_000
    with pytest.raises(ClockRefused) as caught:
        await client.account.balances()
    assert caught.value.code == -4225
    assert len(venue.sent_to("balance")) == 3
    await client.account.balances()
    assert len(venue.sent_to("time")) == 6


async def test_a_v1_key_refused_for_its_time_measures_anew(
    pair_client: AsterClient, venue: LocalVenue
) -> None:
    await pair_client.account.balances()
    venue.ahead_ms = -10_000
    with pytest.raises(ClockRefused) as caught:
        await pair_client.account.balances()
    assert caught.value.code == -1021
    await pair_client.account.balances()


async def test_a_host_that_slept_measures_before_it_signs(
    open_client: Callable[..., AsterClient], agent: Credentials, venue: LocalVenue
) -> None:
    host = ShiftedClock()
    client = open_client(agent, host_clock=host)
    await client.account.balances()
    host.slept_ns = 3600 * SECOND_NS
    assert len(await client.account.balances()) == 1
    assert len(venue.sent_to("time")) == 6


async def test_without_any_reading_nothing_is_signed(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.fail("time", status=503)
    with pytest.raises(Unreachable, match="v3/time"):
        await client.account.balances()
    assert venue.sent_to("balance") == []
    assert len(await client.account.balances()) == 1


async def test_a_way_out_carries_this_machines_time_where_the_venues_cannot_be_had(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.fail("time", status=503, times=2)
    with pytest.raises(Unreachable, match="v3/time"):
        await client.orders.open_orders("BTCUSDT")
    await client.orders.open_orders("BTCUSDT", Priority.EXIT)
    assert len(venue.sent_to("openOrders")) == 1


async def test_a_way_out_asks_the_clock_after_the_venue_has_refused_this_machines_time(
    open_client: Callable[..., AsterClient], agent: Credentials, venue: LocalVenue
) -> None:
    client = open_client(agent, host_clock=ShiftedClock(behind_us=120_000_000))
    venue.fail("time", status=503)
    with pytest.raises(ClockRefused):
        await client.orders.open_orders("BTCUSDT", Priority.EXIT)
    await client.orders.open_orders("BTCUSDT", Priority.EXIT)
    assert len(venue.sent_to("time")) == 4


async def test_an_old_reading_serves_while_the_clock_cannot_be_asked(
    open_client: Callable[..., AsterClient], agent: Credentials, venue: LocalVenue
) -> None:
    host = ShiftedClock()
    client = open_client(agent, host_clock=host)
    await client.account.balances()
    host.behind_us = 5_000_000
    venue.fail("time", status=503, times=2)
    assert len(await client.account.balances()) == 1
    assert len(await client.account.balances()) == 1
    assert len(venue.sent_to("time")) == 4


async def test_a_reading_that_the_venue_called_wrong_never_serves_again(
    client: AsterClient, venue: LocalVenue
) -> None:
    await client.account.balances()
    venue.ahead_ms = 120_000
    with pytest.raises(ClockRefused):
        await client.account.balances()
    venue.fail("time", status=503)
    with pytest.raises(Unreachable):
        await client.account.balances()
    assert len(venue.sent_to("balance")) == 2
