"""Writers of Prefect's SQLite database take turns, however many there are, as Prefect opens them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from prefect.server.database.configurations import AioSqliteConfiguration
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncEngine

from deployments.prefect_sqlite import PLUGIN

WRITERS = 60


@pytest.fixture
async def configuration(tmp_path: Path) -> AioSqliteConfiguration:
    return AioSqliteConfiguration(
        connection_url=f"sqlite+aiosqlite:///{tmp_path / 'prefect.db'}?plugin={PLUGIN}", timeout=10
    )


@pytest.fixture
async def engine(configuration: AioSqliteConfiguration) -> AsyncIterator[AsyncEngine]:
    engine = await configuration.engine()
    async with engine.begin() as connection:
        await connection.execute(text("create table notes (writer integer)"))
    yield engine
    await engine.dispose()


async def notes(engine: AsyncEngine) -> list[int]:
    async with engine.connect() as connection:
        return list((await connection.execute(text("select writer from notes"))).scalars())


async def write(configuration: AioSqliteConfiguration, engine: AsyncEngine, writer: int) -> None:
    """Read, look something up through a second connection, then write: as Prefect does."""
    async with (
        await configuration.session(engine) as session,
        configuration.begin_transaction(session),
    ):
        await session.execute(text("select count(*) from notes"))
        await notes(engine)
        await session.execute(text("insert into notes values (:writer)"), {"writer": writer})


async def test_sixty_writers_at_once_all_write_although_each_needs_a_second_connection(
    configuration: AioSqliteConfiguration, engine: AsyncEngine
) -> None:
    async with asyncio.timeout(20):
        await asyncio.gather(*(write(configuration, engine, n) for n in range(WRITERS)))
    assert sorted(await notes(engine)) == list(range(WRITERS))


async def test_writers_get_their_turn_in_the_order_in_which_they_came(
    configuration: AioSqliteConfiguration, engine: AsyncEngine
) -> None:
    writing = []
    for number in range(10):
        writing.append(asyncio.create_task(write(configuration, engine, number)))
        await asyncio.sleep(0.05)
    await asyncio.gather(*writing)
    assert await notes(engine) == list(range(10))


async def test_a_writer_that_fails_or_is_called_off_hands_its_turn_on(
    configuration: AioSqliteConfiguration, engine: AsyncEngine
) -> None:
    async def fail() -> None:
        async with (
            await configuration.session(engine) as session,
            configuration.begin_transaction(session),
        ):
            await session.execute(text("insert into notes values (1)"))
            await asyncio.sleep(0.05)
            raise RuntimeError("changed its mind")

    failing = [asyncio.create_task(fail()) for _ in range(3)]
    called_off = asyncio.create_task(write(configuration, engine, 2))
    await asyncio.sleep(0.02)
    called_off.cancel()
    async with asyncio.timeout(10):
        await asyncio.gather(*failing, called_off, return_exceptions=True)
        await write(configuration, engine, 3)
    assert await notes(engine) == [3]
