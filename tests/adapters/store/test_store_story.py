"""Snapshots, diary, events, partitions, tokens and the arena."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from threading import Event

import psycopg
import pytest
from sqlalchemy import NullPool, create_engine, select, text
from sqlalchemy.exc import DBAPIError

from adapters.store.arena import Arena, load_arena, save_arena, touch_arena
from adapters.store.diary import write_diary
from adapters.store.errors import StoreError
from adapters.store.events import emit_event
from adapters.store.partitions import ensure_partition
from adapters.store.snapshots import (
    day_start_equity,
    equity_at_or_before,
    lowest_equity_since,
    save_snapshot,
)
from adapters.store.tables import api_tokens, diary, equity_snapshots, events
from adapters.store.tokens import TokenScope, create_token, find_token, revoke
from trading.arena_clock import ArenaClock
from trading.ports import Balance

pytestmark = pytest.mark.db
DAY = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def snapshot(conn, at: datetime, equity: str) -> None:
    balance = Balance(
        wallet=Decimal(equity) - 5, unrealized=Decimal(5), margin_used=Decimal(1),
        available=Decimal(2),
    )  # fmt: skip
    save_snapshot(conn, "acc1", at, balance, Decimal(100), None)


def test_a_day_begins_with_the_last_equity_before_it(engine):
    with engine.begin() as conn:
        assert day_start_equity(conn, "acc1", DAY) is None
        snapshot(conn, DAY + HOUR, "101")
        snapshot(conn, DAY + 2 * HOUR, "99")
        assert day_start_equity(conn, "acc1", DAY) == 101
        snapshot(conn, DAY - HOUR, "98")
        assert day_start_equity(conn, "acc1", DAY) == 98
        snapshot(conn, DAY, "97")
        assert day_start_equity(conn, "acc1", DAY) == 97
        assert equity_at_or_before(conn, "acc1", DAY - 2 * HOUR) is None
        assert equity_at_or_before(conn, "acc1", DAY + 90 * HOUR) == 99
        assert lowest_equity_since(conn, "acc1", DAY + HOUR) == 99
        assert lowest_equity_since(conn, "acc2", DAY) is None


def test_a_second_snapshot_of_an_instant_replaces_the_first(engine):
    with engine.begin() as conn:
        snapshot(conn, DAY, "100")
        snapshot(conn, DAY, "100.000000000000000001")
        row = conn.execute(select(equity_snapshots)).one()
        assert (row.equity, row.wallet) == (
            Decimal("100.000000000000000001"), Decimal("95.000000000000000001"),
        )  # fmt: skip


def test_diary_lines_of_any_month_find_their_partition(engine):
    with engine.begin() as conn:
        for month in (1, 6, 12):
            write_diary(
                conn, at=DAY.replace(month=month), account_id="acc1", kind="order", asset="BTC",
                entry={"price": Decimal("64000.50"), "note": "a\x00b"},
            )  # fmt: skip
        rows = conn.execute(select(diary).order_by(diary.c.at)).all()
    assert [row.at.month for row in rows] == [1, 6, 12]
    assert [row.id for row in rows] == [1, 2, 3]
    assert rows[0].entry == {"price": "64000.5", "note": "ab"}


def test_a_rolled_back_writer_does_not_take_the_partition_with_it(engine):
    with engine.connect() as conn:
        write_diary(conn, at=DAY, account_id="a", kind="order", asset=None, entry={})
        conn.rollback()
        write_diary(conn, at=DAY, account_id="a", kind="order", asset=None, entry={})
        conn.commit()


def test_writers_that_need_the_same_new_month_do_not_collide(database_url: str):
    engine = create_engine(database_url, poolclass=NullPool)

    def ensure(number: int) -> bool:
        with engine.begin() as conn:
            return conn.scalar(
                text("select app.ensure_partition('candles', :at)"),
                {"at": DAY + timedelta(days=number)},
            )

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(ensure, range(16))) == 1


def test_a_partition_can_be_made_while_the_table_is_read_and_written(engine, database_url: str):
    with engine.begin() as conn:
        write_diary(conn, at=DAY, account_id="a", kind="order", asset=None, entry={})
    with engine.connect() as busy:
        busy.execute(select(diary)).all()
        write_diary(busy, at=DAY, account_id="a", kind="order", asset=None, entry={})
        hasty = create_engine(
            database_url, poolclass=NullPool, connect_args={"options": "-c lock_timeout=500"}
        )
        with hasty.begin() as other:
            ensure_partition(other, diary, DAY + timedelta(days=40))


def test_only_partitioned_tables_have_partitions(engine):
    with (
        engine.begin() as conn,
        pytest.raises(DBAPIError, match=r"app\.fills is not a partitioned"),
    ):
        conn.execute(text("select app.ensure_partition('fills', now())"))


def test_an_event_exists_exactly_when_its_change_was_committed(engine):
    def emit(conn, number: int) -> int:
        return emit_event(
            conn, at=DAY, account_id=None, channel="system", kind="test",
            payload={"n": number, "price": Decimal("1.50")},
        )  # fmt: skip

    with engine.connect() as conn:
        emit(conn, 1)
        conn.rollback()
        kept = emit(conn, 2)
        conn.commit()
        row = conn.execute(select(events)).one()
    assert (row.id, row.payload) == (kept, {"n": 2, "price": "1.5"})


def test_listeners_are_woken_with_the_number_of_the_event_only(engine, database_url: str):
    with psycopg.connect(database_url.replace("+psycopg", ""), autocommit=True) as listener:
        listener.execute("listen app_events")
        with engine.begin() as conn:
            number = emit_event(
                conn, at=DAY, account_id="a", channel="c", kind="k", payload={"x": "y" * 9000}
            )
        notice = next(listener.notifies(timeout=5))
    assert notice.payload == str(number)


def test_a_reader_that_remembers_the_last_id_misses_no_event_of_eight_racing_writers(
    database_url: str,
):
    engine = create_engine(database_url, poolclass=NullPool)
    done = Event()
    seen: list[int] = []

    def write(writer: int) -> None:
        with engine.connect() as conn:
            for number in range(25):
                write_diary(conn, at=DAY, account_id="a", kind="x", asset=None, entry={})
                emit_event(
                    conn, at=DAY, account_id=str(writer), channel="c", kind="k",
                    payload={"n": number},
                )  # fmt: skip
                conn.commit()

    def read() -> None:
        with engine.connect() as conn:
            while True:
                finished = done.is_set()
                last = seen[-1] if seen else 0
                fresh = conn.scalars(
                    select(events.c.id).where(events.c.id > last).order_by(events.c.id)
                ).all()
                conn.rollback()
                seen.extend(fresh)
                if finished and not fresh:
                    return

    with ThreadPoolExecutor(9) as pool:
        reader = pool.submit(read)
        try:
            list(pool.map(write, range(8)))
        finally:
            done.set()
        reader.result()
    assert len(seen) == 200
    assert len(set(seen)) == 200


def test_an_event_may_be_deleted_by_age_but_never_rewritten(engine):
    with engine.connect() as conn:
        emit_event(conn, at=DAY, account_id=None, channel="c", kind="k", payload={})
        conn.commit()
        with pytest.raises(DBAPIError, match="append-only"):
            conn.execute(text("update app.events set kind = 'other'"))
        conn.rollback()
        assert conn.execute(text("delete from app.events")).rowcount == 1


def test_a_token_is_stored_as_a_hash_and_found_by_its_text(engine):
    with engine.begin() as conn:
        token = create_token(conn, TokenScope.OPERATE, "first start")
        assert re.fullmatch(r"pf_[A-Za-z0-9_-]{43}", token)
        assert find_token(conn, token) is TokenScope.OPERATE
        assert token not in str(conn.execute(select(api_tokens)).one())


@pytest.mark.parametrize("guess", ["", "pf_", "pf_guess", "x" * 10_000, "pf_\ud800\x00", "pf_é"])
def test_a_text_that_is_no_token_is_simply_unknown(engine, guess: str):
    with engine.begin() as conn:
        create_token(conn, TokenScope.ADMIN, "")
        assert find_token(conn, guess) is None


def test_a_revoked_token_opens_nothing(engine):
    with engine.begin() as conn:
        token = create_token(conn, TokenScope.VIEW, "x")
        token_id = conn.execute(select(api_tokens.c.id)).scalar_one()
        assert revoke(conn, token_id)
        assert find_token(conn, token) is None
        assert not revoke(conn, token_id)


def test_there_is_one_arena_and_its_time_never_goes_back(engine):
    arena = Arena(
        market="simulated-7", source="simulated", settings={"seed": 7},
        clock=ArenaClock(real_anchor=DAY, market_anchor=DAY - 90 * HOUR, speed=60.0),
        started_at=DAY, seen_at=DAY,
    )  # fmt: skip
    with engine.begin() as conn:
        assert load_arena(conn) is None
        with pytest.raises(StoreError, match="perpflow up"):
            touch_arena(conn, DAY)
        save_arena(conn, arena)
        assert load_arena(conn) == arena
        touch_arena(conn, DAY + HOUR)
        touch_arena(conn, DAY)
        assert load_arena(conn) == replace(arena, seen_at=DAY + HOUR)
        faster = replace(arena, clock=replace(arena.clock, speed=120.0, ends_at=DAY))
        save_arena(conn, faster)
        assert load_arena(conn) == faster
