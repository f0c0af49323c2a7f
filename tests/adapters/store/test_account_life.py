"""Accounts come, change and leave; their records and wallets."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from sqlalchemy import Connection, Engine, text

from adapters.store.account_life import StillTied, put_account, remove_account
from adapters.store.account_versions import list_versions, load_dates
from adapters.store.accounts import list_accounts, load_account
from adapters.store.errors import StoreError, UnknownAccount
from adapters.store.paper_books import PostgresPaperBook
from tests.adapters.store.conftest import SLOT, Build
from tests.arena import START, TestArena, build_account, hours, start_arena
from trading.paper_terms import PaperExecution, PaperFees, PaperTerms, SlippagePolicy

pytestmark = pytest.mark.db

NEW = build_account("grid")


@pytest.fixture
def arena(engine: Engine) -> TestArena:
    return start_arena(engine)


def wallets(arena: TestArena) -> list[tuple[object, ...]]:
    return arena.rows("select account_id, wallet, matched_until from app.paper_wallets")


def test_a_new_paper_account_has_its_wallet_at_the_market_time_given(arena: TestArena) -> None:
    with arena.engine.begin() as conn:
        assert put_account(conn, NEW, at=START + hours(3)) == 1

    assert wallets(arena) == [("grid", Decimal(10_000), START + hours(3))]


def test_account_and_wallet_come_together_or_not_at_all(arena: TestArena) -> None:
    with arena.engine.connect() as conn:
        put_account(conn, NEW, at=START)
        conn.rollback()

    assert wallets(arena) == []
    assert arena.rows("select id from app.accounts") == []


def test_a_changed_account_keeps_its_wallet(arena: TestArena) -> None:
    with arena.engine.begin() as conn:
        put_account(conn, NEW, at=START)
        assert put_account(conn, replace(NEW, assets=("BTC",)), at=START + hours(5)) == 2

    assert wallets(arena) == [("grid", Decimal(10_000), START)]


async def test_changed_costs_hold_for_the_book_from_then_on(arena: TestArena) -> None:
    terms = PaperTerms(
        fees=PaperFees(taker=Decimal("0.0004")),
        execution=PaperExecution(slippage=SlippagePolicy.SPREAD),
    )
    with arena.engine.begin() as conn:
        put_account(conn, NEW, at=START)
        put_account(conn, replace(NEW, paper=terms), at=START + hours(5))
    book = await PostgresPaperBook(arena.engine, NEW.id).read()
    assert PaperTerms(fees=book.fees, execution=book.execution) == terms


def test_a_save_that_changes_nothing_makes_no_version(arena: TestArena) -> None:
    same = replace(NEW, limits=replace(NEW.limits, max_position_ratio=Decimal("0.200")))
    with arena.engine.begin() as conn:
        versions = [put_account(conn, each, at=START) for each in (NEW, NEW, same)]
        assert versions == [1, 1, 1]
        assert len(list_versions(conn, "grid")) == 1


def test_the_versions_say_when_and_what_each_of_them_changed(arena: TestArena) -> None:
    for account in (NEW, replace(NEW, assets=("SOL",)), replace(NEW, name="Other")):
        with arena.engine.begin() as conn:
            put_account(conn, account, at=START)

    with arena.engine.connect() as conn:
        versions = list_versions(conn, "grid")
    assert [each.version for each in versions] == [1, 2, 3]
    assert [[(c.name, c.after) for c in each.changes] for each in versions] == [
        [],
        [("assets", ["SOL"])],
        [("assets", ["BTC", "ETH"]), ("name", "Other")],
    ]
    instants = [each.real_created_at for each in versions]
    assert instants == sorted(instants)


def test_a_removed_account_leaves_all_its_records(arena: TestArena) -> None:
    with arena.engine.begin() as conn:
        put_account(conn, NEW, at=START)
    with arena.engine.begin() as conn:
        remove_account(conn, "grid", keep_positions=False, at=START)

    with arena.engine.connect() as conn:
        assert list_accounts(conn) == ()
        assert len(list_versions(conn, "grid")) == 1
        assert load_dates(conn)["grid"].real_removed_at is not None
        with pytest.raises(UnknownAccount):
            remove_account(conn, "grid", keep_positions=True, at=START)
    assert len(wallets(arena)) == 1
    assert arena.one("select kind, account_id from app.events") == ("account.removed", "grid")


def test_a_removed_account_comes_back_only_with_the_equity_it_began_with(arena: TestArena) -> None:
    with arena.engine.begin() as conn:
        put_account(conn, NEW, at=START)
        remove_account(conn, "grid", keep_positions=False, at=START)
        with pytest.raises(StoreError, match="grid started with 10000 and cannot be changed to 5"):
            put_account(conn, replace(NEW, initial_equity=Decimal(5)), at=START)
        assert put_account(conn, NEW, at=START + hours(9)) == 1
        assert [each.account.id for each in list_accounts(conn)] == ["grid"]


def open_paper_position(conn: Connection, account_id: str) -> None:
    conn.execute(
        text(
            "insert into app.paper_positions (account_id, symbol, quantity, entry_price, leverage,"
            " isolated_margin, opened_at) values (:id, 'BTCUSDT', 1, 100, 1, 100, now())"
        ),
        {"id": account_id},
    )


def test_an_account_with_a_position_stays_unless_somebody_insists(arena: TestArena) -> None:
    with arena.engine.begin() as conn:
        put_account(conn, NEW, at=START)
        open_paper_position(conn, "grid")

    with arena.engine.connect() as conn, pytest.raises(StillTied, match="positions in BTCUSDT"):
        remove_account(conn, "grid", keep_positions=False, at=START)
    with arena.engine.begin() as conn:
        assert remove_account(conn, "grid", keep_positions=True, at=START).positions == ("BTCUSDT",)
        assert list_accounts(conn) == ()
    assert arena.rows("select symbol from app.paper_positions") == [("BTCUSDT",)]


def test_an_order_without_an_end_binds_its_account(conn: Connection, build: Build) -> None:
    build.planned(build.intent())
    conn.execute(text("update app.leases set holder = null"))

    with pytest.raises(StillTied, match="1 order that rests or is on the way"):
        remove_account(conn, "acc1", keep_positions=False, at=SLOT)


def test_an_account_is_never_removed_under_a_running_cycle(conn: Connection, build: Build) -> None:
    conn.execute(text("update app.leases set real_expires_at = now() + interval '50 s'"))
    with pytest.raises(StillTied, match="account acc1 has a cycle at work; nothing was removed"):
        remove_account(conn, "acc1", keep_positions=True, at=SLOT)
    assert load_account(conn, "acc1").version == 1

    conn.execute(text("update app.leases set real_expires_at = now() - interval '1 s'"))
    remove_account(conn, "acc1", keep_positions=True, at=SLOT + timedelta(hours=1))
