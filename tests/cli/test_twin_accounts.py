"""Twins and the commands about accounts: they follow their original, and are never left without it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import Engine

from adapters.store.accounts import list_accounts, save_account
from adapters.store.errors import StoreError
from cli.accounts.changing import Wish, preview
from cli.accounts.twin import pair_lines, show_twin
from cli.exit_codes import ExitCode
from tests.arena import TestArena, build_account, start_arena
from tests.cli.conftest import Ended
from trading.account import Mode, Network, VenueKeys
from trading.decision.twin_account import TwinWish, build_twin
from trading.limits import RiskLimits
from trading.paper_terms import PaperTerms

pytestmark = pytest.mark.db

Accounts = Callable[..., Ended]
LIVE = build_account(
    "momentum",
    id="live",
    mode=Mode.LIVE,
    venue="aster",
    venue_keys=VenueKeys(
        private_key="env:KEY", user_address="0x" + "a" * 40, network=Network.TESTNET
    ),
)
TWIN = build_twin(
    TwinWish(id="twin", name=None, initial_equity=Decimal(5_000), paper=PaperTerms()), LIVE
)


@pytest.fixture
def arena(engine: Engine) -> TestArena:
    """An arena with a live account, which cannot trade on its simulated market."""
    arena = start_arena(engine)
    arena.add(LIVE, build_account("grid"))
    return arena


@pytest.fixture
def accounts(
    perpflow: Callable[..., Ended], database_url: str, arena: TestArena
) -> Callable[..., Ended]:
    return lambda *arguments: perpflow("accounts", *arguments, DATABASE_URL=database_url)


def ids(engine: Engine) -> list[str]:
    with engine.connect() as conn:
        return [each.account.id for each in list_accounts(conn)]


def file_of(tmp_path: Path, *entries: str) -> str:
    path = tmp_path / "wanted.yaml"
    path.write_text("accounts:\n" + "\n".join(f"  - {entry}" for entry in entries))
    return str(path)


def test_a_twin_of_an_account_in_the_arena_is_added_from_a_file_with_its_wallet(
    accounts: Accounts, arena: TestArena, tmp_path: Path
) -> None:
    file = tmp_path / "twin.yaml"
    file.write_text("id: twin\ntwin_of: live\ninitial_equity: 5000\n")
    ended = accounts("add", "--file", str(file))
    assert ended.code == ExitCode.DONE, ended.stderr
    with arena.engine.connect() as conn:
        stored = {each.account.id: each.account for each in list_accounts(conn)}
    assert stored["twin"] == TWIN
    assert arena.one("select wallet from app.paper_wallets where account_id = 'twin'") == (
        Decimal(5_000),
    )


def test_a_change_of_the_original_is_a_change_of_its_twin_also_when_the_file_is_silent_about_it(
    arena: TestArena,
) -> None:
    arena.add(TWIN)
    changed = replace(LIVE, limits=RiskLimits(leverage=2))
    shown = preview(arena.engine, Wish(accounts=(changed,))).accounts
    assert [(each.account_id, each.fields[0].name) for each in shown.changed] == [
        ("live", "limits.leverage"), ("twin", "limits.leverage"),
    ]  # fmt: skip
    assert "grid" in shown.unchanged


def test_an_original_is_not_removed_before_its_twin(accounts: Accounts, arena: TestArena) -> None:
    arena.add(TWIN)
    refused = accounts("remove", "live", "--yes")
    assert refused.code == ExitCode.REFUSED
    assert "account live has the paper twin twin" in refused.stderr
    assert "perpflow accounts remove twin" in refused.stderr
    assert accounts("remove", "twin", "--yes").code == ExitCode.DONE
    assert accounts("remove", "live", "--yes").code == ExitCode.DONE
    assert ids(arena.engine) == ["grid"]


def test_a_file_that_would_leave_a_twin_alone_changes_nothing(
    accounts: Accounts, arena: TestArena, tmp_path: Path
) -> None:
    file = file_of(tmp_path, "{id: twin, twin_of: live, initial_equity: 5000}")
    refused = accounts("apply", file, "--prune", "--yes")
    assert refused.code == ExitCode.REFUSED
    assert "account twin is the twin of live, which is not in the arena" in refused.stderr
    assert ids(arena.engine) == ["grid", "live"]


def test_an_account_neither_becomes_a_twin_nor_ceases_to_be_one(arena: TestArena) -> None:
    arena.add(TWIN)
    grid = build_account("grid")
    for account, words in (
        (replace(grid, twin_of="live"), "is no twin and cannot be changed to the twin of live"),
        (replace(TWIN, twin_of=None), "is the twin of live and cannot be changed to no twin"),
    ):
        with arena.engine.begin() as conn, pytest.raises(StoreError, match=words):
            save_account(conn, account)


FOUND = {
    "live": {"account_id": "live", "state": "active", "equity": 9_950.5, "total_return": -0.00495},
    "paper": {"account_id": "twin", "state": "active", "equity": None, "total_return": None},
    "divergence": None,
    "slippage_bps": 15.98,
    "paper_slippage_bps": None,
    "tracking_bps": 10.994,
    "tracking_cost": 1.32,
    "only_live": 0,
    "only_paper": 1,
    "wanted_sent": 4,
    "wanted_filled": 3,
    "execution_success": 0.75,
    "orders_sent": 10,
    "orders_refused": 1,
    "orders_unknown": 0,
    "orders_unreached": 0,
    "error_rate": 0.1,
    "differences_24h": None,
    "frozen": ["BTC"],
    "newest_entries": [
        {
            "decided_at": "2026-11-29T10:00:00Z",
            "side": "buy",
            "asset": "BTC",
            "live_price": 60_096,
            "paper_price": 60_030,
            "tracking_bps": 10.994,
        }
    ],
}


def test_the_screen_shows_both_and_a_dash_for_what_is_not_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = {line[0]: line[1:] for line in pair_lines(FOUND)}
    assert lines["equity"] == ("9,950.50", "-")
    assert lines["return"] == ("-0.50 %", "-")
    assert lines["slippage"] == ("+16.0 bps", "-")
    assert lines["orders filled"] == ("75.0 % (3 of 4)", "")
    assert lines["errors of the venue"][0].startswith("10.0 % (1 refused, 0 unknown")
    assert (lines["differences in 24 h"][0], lines["frozen now"][0]) == ("-", "BTC")
    show_twin(FOUND)
    assert "60,096.00" in capsys.readouterr().out


def test_without_a_running_arena_the_command_says_how_to_start_one(accounts: Accounts) -> None:
    refused = accounts("twin", "live", "--json")
    assert refused.code != ExitCode.DONE
    assert "perpflow up" in refused.stderr
    assert json.loads(accounts("list", "--json").stdout)["accounts"]
