"""Nonces that all processes share: eight of them race for one signer on a real Postgres."""

from __future__ import annotations

import asyncio
import multiprocessing
from concurrent.futures import ProcessPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, delete, select

from adapters.store.nonces import PostgresNonces
from adapters.store.tables import signer_nonces
from adapters.venues.aster.nonces import UNREACHABLE_MICROSECONDS, following
from tests.adapters.store.nonce_racer import race

pytestmark = pytest.mark.db

NOW = 1_800_000_000_000_000
PROCESSES, EACH = 8, 50


def draw(nonces: PostgresNonces, now: int, signer: str = "714:0xabc") -> int:
    return asyncio.run(nonces.next_nonce(signer, now))


def test_eight_racing_processes_never_draw_the_same_and_each_draws_growing_numbers(
    database_url: str, engine: Engine
) -> None:
    starter = multiprocessing.get_context("forkserver")
    starter.set_forkserver_preload(["tests.adapters.store.nonce_racer"])
    with ProcessPoolExecutor(PROCESSES, mp_context=starter) as pool:
        # Their clocks differ by up to 35 ms.
        racing = [pool.submit(race, database_url, EACH, 5000 * n) for n in range(PROCESSES)]
        drawn = [each.result(timeout=120) for each in racing]
    for one in drawn:
        assert one == sorted(set(one))
    everything = [nonce for one in drawn for nonce in one]
    assert len(set(everything)) == len(everything) == PROCESSES * EACH
    with engine.connect() as conn:
        assert conn.execute(select(signer_nonces.c.last_nonce)).scalar_one() == max(everything)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.integers(-3 * UNREACHABLE_MICROSECONDS, 3 * UNREACHABLE_MICROSECONDS), max_size=6)
)
def test_the_shared_source_follows_the_rule_of_the_one_in_memory(
    engine: Engine, jumps: list[int]
) -> None:
    nonces = PostgresNonces(engine=engine)
    with engine.begin() as conn:
        conn.execute(delete(signer_nonces))
    last = None
    for jump in jumps:
        last = following(last, NOW + jump)
        assert draw(nonces, NOW + jump) == last


def test_signers_and_networks_have_numbers_of_their_own(engine: Engine) -> None:
    nonces = PostgresNonces(engine=engine)
    assert draw(nonces, NOW, "714:0xabc") == NOW
    assert draw(nonces, NOW, "1666:0xabc") == NOW
    assert draw(nonces, NOW - 1000, "714:0xabc") == NOW + 1
