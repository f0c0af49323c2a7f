"""The sandbox and our client of it, for the tests of the streams."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TypeVar

from adapters.venues.aster.streams.connection import Gap
from adapters.venues.aster.streams.settings import StreamSettings
from tests.aster_sandbox.conftest import client, either_client  # noqa: F401 - fixtures of this folder as well

Kind = TypeVar("Kind")
QUICK = StreamSettings(first_pause_seconds=0.02, longest_pause_seconds=0.2, overlap_seconds=0.2)
"""Tries again soon; everything else as in earnest."""


async def next_of(news: AsyncIterator[object], kind: type[Kind], seconds: float = 10.0) -> Kind:
    """The next record of that kind; others are passed over."""
    async with asyncio.timeout(seconds):
        async for record in news:
            if isinstance(record, kind):
                return record
    raise AssertionError("the stream has ended")


async def next_gap(news: AsyncIterator[object]) -> Gap:
    return await next_of(news, Gap)
