"""`perpflow panic`, `release` and `accounts pause | resume | stop`, with nothing running beside them."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from prefect.logging import disable_run_logger
from sqlalchemy import Engine

from adapters.store.accounts import save_account
from adapters.store.control_lock import take_control
from adapters.store.embedded import EmbeddedServer
from adapters.store.engine import open_engine
from adapters.store.schema import upgrade
from tasks import resources
from tasks.account_state import reconcile
from tasks.cycle import Cycle, claim_slot, holding_lease
from tasks.orders import submit
from tests.arena import TestArena, build_account, start_arena
from tests.cli.conftest import Ended
from tests.tasks.wishes import ENTRY
from trading.orders import Leg, OrderType, Side

pytestmark = [pytest.mark.db, pytest.mark.timeout(180)]

Run = Callable[..., Ended]


@pytest.fixture
def arena(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestArena]:
    """Two accounts in a database that the commands find in DATABASE_URL."""
    resources.forget()
    made = start_arena(engine)
    made.add(build_account("momentum"), build_account("grid"))
    yield made
    resources.forget()


@pytest.fixture
def run(arena: TestArena, perpflow: Run) -> Run:
    url = arena.engine.url.render_as_string(hide_password=False)

    def call(*arguments: str) -> Ended:
        return perpflow(*arguments, DATABASE_URL=url)

    return call


def states(arena: TestArena, column: str) -> list[tuple[object, ...]]:
    return arena.rows(f"select id, {column} from app.accounts order by id")


def test_panic_halts_every_account_and_says_that_nothing_else_runs(
    arena: TestArena, run: Run
) -> None:
    ended = run("panic", "--reason", "fire")
    assert ended.code == 0
    assert "HALTED (command 1): grid, momentum" in ended.stderr
    assert "No control loop runs here" in ended.stderr
    assert states(arena, "operator_state") == [("grid", "halted"), ("momentum", "halted")]
    assert arena.one(
        "select kind, requested_by, state, arguments ->> 'reason' from app.commands"
    ) == (
        "panic",
        "cli",
        "done",
        "fire",
    )


def test_panic_of_one_account_leaves_the_others(arena: TestArena, run: Run) -> None:
    assert run("panic", "--account", "grid").code == 0
    assert states(arena, "operator_state") == [("grid", "halted"), ("momentum", "active")]


def test_an_unknown_account_is_named_with_the_known_ones_and_nothing_changes(
    arena: TestArena, run: Run
) -> None:
    ended = run("panic", "--account", "grif")
    assert (ended.code, "known accounts: grid, momentum" in ended.stderr) == (2, True)
    ended = run("accounts", "pause", "grid", "grif")
    assert (ended.code, "known accounts: grid, momentum" in ended.stderr) == (2, True)
    assert states(arena, "status") == [("grid", "active"), ("momentum", "active")]
    assert arena.rows("select 1 from app.commands") == []


def test_panic_with_flatten_closes_the_positions_itself_where_no_loop_runs(
    arena: TestArena, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = arena.engine.url.render_as_string(hide_password=False)
    monkeypatch.setenv("DATABASE_URL", url)
    with disable_run_logger():
        asyncio.run(_hold_a_position())
    ended = run("panic", "--flatten", "--reason", "fire")
    assert ended.code == 0, ended.stderr
    assert "momentum: closed BTC" in ended.stderr
    assert "grid: there was no open position" in ended.stderr
    assert arena.rows("select 1 from app.paper_positions") == []
    assert arena.rows("select 1 from app.paper_orders where status = 'new'") == []
    assert arena.rows("select distinct kind, state from app.commands order by kind") == [
        ("flatten", "done"),
        ("panic", "done"),
    ]


async def _hold_a_position() -> None:
    cycle = await claim_slot.fn("momentum")
    assert isinstance(cycle, Cycle)
    async with holding_lease(cycle):
        await submit(cycle, ENTRY)
        stop = replace(ENTRY, leg=Leg.STOP, side=Side.SELL, order_type=OrderType.STOP_MARKET)
        await submit(cycle, replace(stop, stop_price=Decimal(10_000)))
        await reconcile(cycle)


def test_panic_with_flatten_leaves_the_work_to_a_loop_that_runs(
    arena: TestArena, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cli.operate.halting.FLATTEN_SECONDS", 0.1)
    with arena.engine.connect() as conn:
        lock = conn.execution_options(isolation_level="AUTOCOMMIT")
        assert take_control(lock)
        ended = run("panic", "--flatten")
    assert ended.code == 7
    assert "the commands stay pending for the control loop" in ended.stderr
    assert arena.rows("select state from app.commands where kind = 'flatten'") == [("pending",)] * 2


def test_release_asks_for_a_word_where_somebody_can_be_asked_and_for_yes_elsewhere(
    arena: TestArena, run: Run
) -> None:
    run("panic")
    ended = run("release")
    assert (ended.code, "--yes" in ended.stderr) == (6, True)
    assert states(arena, "operator_state") == [("grid", "halted"), ("momentum", "halted")]
    ended = run("release", "--yes", "--account", "grid")
    assert (ended.code, "released: grid" in ended.stderr) == (0, True)
    assert states(arena, "operator_state") == [("grid", "active"), ("momentum", "halted")]
    assert run("release", "--yes").code == 0
    assert "nothing changed" in run("release", "--yes").stderr


def test_pause_resume_and_stop_are_true_at_once_and_recorded(arena: TestArena, run: Run) -> None:
    ended = run("accounts", "pause", "grid", "--reason", "holiday")
    assert (ended.code, ended.stdout.startswith("grid: active -> paused")) == (0, True)
    assert "Prefect's switch follows when one does" in ended.stdout
    assert states(arena, "status") == [("grid", "paused"), ("momentum", "active")]
    run("accounts", "stop", "--all")
    assert states(arena, "status") == [("grid", "stopped"), ("momentum", "stopped")]
    assert "stays stopped" in run("accounts", "pause", "grid").stdout
    run("accounts", "resume", "--all")
    assert states(arena, "status") == [("grid", "active"), ("momentum", "active")]
    assert "is active already" in run("accounts", "resume", "grid").stdout
    assert arena.rows(
        "select kind, account_id, state, arguments ->> 'market_at' is not null"
        " from app.commands order by id"
    ) == [
        ("pause", "grid", "done", True),
        ("stop", "grid", "done", True),
        ("stop", "momentum", "done", True),
        ("resume", "grid", "done", True),
        ("resume", "momentum", "done", True),
    ]


@pytest.mark.parametrize("arguments", [(), ("grid", "--all")])
def test_accounts_or_all_of_them_have_to_be_named(
    arena: TestArena, run: Run, arguments: tuple[str, ...]
) -> None:
    ended = run("accounts", "stop", *arguments)
    assert (ended.code, "--all" in ended.stderr) == (2, True)


def test_where_no_arena_was_ever_started_the_folder_is_named(perpflow: Run, home: Path) -> None:
    ended = perpflow("panic")
    assert ended.code == 5
    assert str(home) in ended.stderr


@pytest.fixture
def stopped_home(scratch_root: Path) -> Iterator[Path]:
    """A data folder with an arena of one account and its embedded server, which does not run."""
    folder = Path(tempfile.mkdtemp(prefix="perpflow-operate-", dir=scratch_root))
    folder.chmod(0o711)  # as root the server runs as nobody, which must be able to pass
    server = EmbeddedServer(folder, fsync=False)
    upgrade(server.up())
    engine = open_engine(server.url, application="perpflow-tests")
    with engine.begin() as conn:
        save_account(conn, build_account("grid"))
    engine.dispose()
    server.down()
    yield folder
    EmbeddedServer(folder).down()
    shutil.rmtree(folder, ignore_errors=True)


def test_a_stopped_arenas_database_is_started_for_the_command_and_stopped_after_it(
    stopped_home: Path, perpflow: Run
) -> None:
    ended = perpflow("panic", "--data-dir", str(stopped_home))
    assert (ended.code, "HALTED (command 1): grid" in ended.stderr) == (0, True)
    assert not EmbeddedServer(stopped_home).is_running()
    ended = perpflow("accounts", "stop", "grid", "--data-dir", str(stopped_home))
    assert "active -> stopped" in ended.stdout
