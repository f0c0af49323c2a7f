"""Tracks that the process keeps: the same figures as fresh ones, and never those of another."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, update
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.tables import equity_snapshots
from adapters.store.views.accounts import load_accounts
from adapters.store.views.equity_paths import load_path_ends
from api.equity_tracks import EquityTracks
from api.figures import load_figures
from tests.api.seeding import START

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


async def test_a_kept_track_gives_what_a_fresh_one_gives_while_days_go_by(
    engine: Engine, async_engine: AsyncEngine, solo: Callable[..., None]
) -> None:
    kept, values, step = (
        EquityTracks(),
        [10_000 + (n * 7_919) % 1_013 for n in range(120)],
        2 * HOUR,
    )
    for start in range(0, 120, 10):
        solo(*values[start : start + 10], first=start, step=step)
        if start >= 60:
            pay_in(engine, START + 65 * step, Decimal(500))
        async with async_engine.connect() as conn:
            (again,) = await load_figures(conn, kept, market=None)
            (fresh,) = await load_figures(conn, EquityTracks(), market=None)
        # Sums of floats differ in their last digit; everything else is equal to it.
        assert rounded(again) == rounded(fresh)
        assert again.summary.equity.daily_returns == fresh.summary.equity.daily_returns
    assert fresh.summary.equity.transfers == 500
    assert len(fresh.summary.equity.daily_returns) == 9


async def test_what_is_settled_is_not_read_again(
    engine: Engine, async_engine: AsyncEngine, solo: Callable[..., None]
) -> None:
    solo(*[10_000] * 40, step=3 * HOUR)
    kept = EquityTracks()
    drawdowns = []
    for _ in range(2):
        async with async_engine.connect() as conn:
            (found,) = await load_figures(conn, kept, market=None)
        drawdowns.append(found.summary.equity.max_drawdown)
        with engine.begin() as conn:  # nobody does this to a snapshot that is four days old
            old = equity_snapshots.c.at == START + DAY
            conn.execute(update(equity_snapshots).where(old).values(equity=1))
    assert drawdowns == [0.0, 0.0]


async def test_a_snapshot_that_a_retried_cycle_replaces_is_read_again(
    engine: Engine, async_engine: AsyncEngine, solo: Callable[..., None]
) -> None:
    solo(*[10_000] * 40, step=3 * HOUR)
    kept = EquityTracks()
    async with async_engine.connect() as conn:
        await load_figures(conn, kept, market=None)
    with engine.begin() as conn:
        conn.execute(
            update(equity_snapshots)
            .where(equity_snapshots.c.at == START + 39 * 3 * HOUR)
            .values(equity=9_000)
        )
    async with async_engine.connect() as conn:
        (again,) = await load_figures(conn, kept, market=None)
    assert again.summary.equity.total_return == pytest.approx(-0.1)
    assert again.summary.equity.max_drawdown == pytest.approx(0.1)


async def test_an_account_that_begins_again_is_not_taken_for_the_one_before(
    async_engine: AsyncEngine, solo: Callable[..., None]
) -> None:
    solo(*[10_000] * 40, step=3 * HOUR)
    kept = EquityTracks()
    async with async_engine.connect() as conn:
        accounts, ends = await load_accounts(conn), await load_path_ends(conn)
        await kept.load(conn, accounts, ends)
        richer = [replace(account, initial_equity=Decimal(20_000)) for account in accounts]
        track = (await kept.load(conn, richer, ends))["solo"]
    assert track.growth is not None
    assert track.growth.state.gain == pytest.approx(-0.5)


def pay_in(engine: Engine, since: Any, amount: Decimal) -> None:
    with engine.begin() as conn:
        conn.execute(
            update(equity_snapshots).where(equity_snapshots.c.at >= since).values(transfers=amount)
        )


def rounded(item: Any) -> dict[str, Any]:
    equity = item.summary.equity
    numbers = {
        name: round(getattr(equity, name), 9)
        for name in (
            "total_return",
            "money_weighted_return",
            "time_in_market",
            "mean_exposure",
            "mean_equity",
        )
        if getattr(equity, name) is not None
    }
    return {**numbers, "drawdown": equity.drawdown, "gaps": equity.gaps, "risk": item.summary.risk}
