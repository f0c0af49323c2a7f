"""`perpflow accounts`: what it shows, does and refuses, on a real database without an arena running."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text

from adapters.config.settings import load_settings
from adapters.store.arena import load_arena, save_arena
from cli.accounts.changing import Wish, carry_out, preview
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from tests.arena import START, TestArena, build_account, start_arena
from tests.cli.conftest import Ended

pytestmark = pytest.mark.db

FILE = """\
accounts:
  - id: momentum
    name: momentum
    strategy: momentum
    assets: [BTC]
    limits: {leverage: 2}
  - id: grid
    name: grid
    strategy: grid
    assets: [BTC, ETH]
  - id: newcomer
    strategy: mean_reversion
    assets: SOL
"""


@pytest.fixture
def arena(engine: Engine) -> TestArena:
    """An arena with three accounts; nothing keeps its time going."""
    arena = start_arena(engine)
    arena.add(*(build_account(each) for each in ("momentum", "grid", "buy_and_hold")))
    with engine.begin() as conn:
        stored = load_arena(conn)
        assert stored is not None
        long_ago = datetime(2020, 1, 1, tzinfo=UTC)
        save_arena(
            conn, replace(stored, clock=replace(stored.clock, real_anchor=long_ago, speed=1))
        )
    return arena


@pytest.fixture
def accounts(
    perpflow: Callable[..., Ended], database_url: str, arena: TestArena
) -> Callable[..., Ended]:
    """`accounts("list")` is `perpflow accounts list` on this arena."""

    def call(*arguments: str, **environ: str) -> Ended:
        return perpflow("accounts", *arguments, DATABASE_URL=database_url, **environ)

    return call


Accounts = Callable[..., Ended]


def ids(accounts: Accounts, *more: str) -> list[str]:
    found = json.loads(accounts("list", "--json", *more).stdout)
    return [account["id"] for account in found["accounts"]]


def say(monkeypatch: pytest.MonkeyPatch, words: str, *, terminal: bool = False) -> None:
    stream = io.TextIOWrapper(io.BytesIO(words.encode()))
    monkeypatch.setattr(stream, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stdin", stream)


def hold_position(arena: TestArena, account_id: str) -> None:
    with arena.engine.begin() as conn:
        conn.execute(
            text(
                "insert into app.paper_positions (account_id, symbol, quantity, entry_price,"
                " leverage, isolated_margin, opened_at)"
                " values (:id, 'BTCUSDT', 1, 100, 1, 100, now())"
            ),
            {"id": account_id},
        )


def test_the_list_names_every_account_with_its_agent_and_state(accounts: Accounts) -> None:
    ended = accounts("list")

    assert ended.code == ExitCode.DONE
    lines = ended.stdout.splitlines()
    assert any("momentum" in line and "BTC ETH" in line and "active" in line for line in lines)
    assert ids(accounts) == ["buy-and-hold", "grid", "momentum"]


def test_an_account_is_added_with_its_wallet_and_trades_at_once(
    accounts: Accounts, arena: TestArena
) -> None:
    ended = accounts(
        *("add", "--id", "btc-trend", "--strategy", "momentum", "--assets", "BTC,ETH"),
        *("--interval", "4h", "--equity", "2500.50", "--parameter", "adx_entry=30"),
        *("--limit", "leverage=2", "--limit", "max_position_ratio=0.1"),
    )

    assert (ended.code, ended.stdout) == (
        0,
        "account btc-trend was added: momentum on BTC ETH, every 4h, 2500.5 USDT paper\n",
    )
    assert "the next perpflow up" in ended.stderr
    shown = json.loads(accounts("show", "btc-trend", "--json").stdout)
    assert shown["configuration"]["parameters"] == {"adx_entry": 30.0}
    assert shown["configuration"]["limits"]["max_position_ratio"] == "0.1"
    assert shown["status"] == "active"
    wallet = "select wallet, matched_until from app.paper_wallets where account_id = 'btc-trend'"
    amount, until = arena.one(wallet)
    assert (str(amount).rstrip("0"), until) == ("2500.5", START)


def test_an_account_of_a_language_model_is_added_and_its_key_is_where_env_has_it(
    accounts: Accounts,
) -> None:
    ended = accounts(
        *("add", "--id", "grok", "--model", "x-ai/grok-4", "--prompt", "momentum"),
        *("--assets", "BTC", "--llm", "budget.usd=2", "--llm", "tools=true"),
    )

    assert ended.code == 0, ended.stderr
    shown = json.loads(accounts("show", "grok", "--json").stdout)["configuration"]
    assert (shown["model"], shown["prompt"]) == ("x-ai/grok-4", "momentum")
    assert shown["provider"]["api_key"] == "env:OPENROUTER_API_KEY"
    assert shown["model_agent"]["budget"]["money"] == "2"
    assert shown["model_agent"]["uses_tools"] is True


def test_a_model_on_a_server_of_ones_own_is_not_sent_openrouters_key(accounts: Accounts) -> None:
    ended = accounts(
        *("add", "--id", "local", "--model", "qwen3:8b", "--assets", "BTC"),
        *("--base-url", "http://localhost:11434/v1", "--llm", "price.input_usd_per_million=0"),
        *("--llm", "price.output_usd_per_million=0"),
    )

    assert ended.code == 0, ended.stderr
    provider = json.loads(accounts("show", "local", "--json").stdout)["configuration"]["provider"]
    assert provider["base_url"] == "http://localhost:11434/v1"
    assert provider.get("api_key") is None


def test_a_key_itself_is_refused_and_not_repeated(accounts: Accounts) -> None:
    key = "sk-or-v1-" + "0123456789abcdef" * 4
    ended = accounts(
        *("add", "--id", "grok", "--model", "x-ai/grok-4", "--assets", "BTC", "--api-key", key)
    )

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "command line: --api-key " in ended.stderr
    assert key[9:] not in ended.stderr


def test_while_the_arena_runs_the_schedule_is_said_to_follow(
    accounts: Accounts, arena: TestArena
) -> None:
    arena.stand_at(START)

    ended = accounts("add", "--id", "x", "--strategy", "grid", "--assets", "BTC")

    assert "a new account begins at its next slot" in ended.stderr


def test_an_interval_that_the_running_clock_cannot_bear_is_refused(
    accounts: Accounts, arena: TestArena
) -> None:
    with arena.engine.begin() as conn:
        stored = load_arena(conn)
        assert stored is not None
        clock = replace(stored.clock, real_anchor=datetime.now(UTC), speed=60.0)
        save_arena(conn, replace(stored, clock=clock, seen_at=clock.market_anchor))

    ended = accounts(
        "add", "--id", "x", "--strategy", "grid", "--assets", "BTC", "--interval", "1m"
    )

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "account x: speed 60 makes a cycle" in ended.stderr
    assert "x" not in ids(accounts)


def test_every_fault_of_the_options_is_named_by_its_option(accounts: Accounts) -> None:
    ended = accounts(
        *("add", "--strategy", "grd", "--assets", "FOO", "--interval", "7m", "--equity", "x"),
        *("--limit", "leverage=500", "--mode", "real"),
    )

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    for option in ("id", "strategy", "assets", "interval", "equity", "limit leverage", "mode"):
        assert f"command line: --{option} " in ended.stderr
    assert "it has BNB, BTC" in ended.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--limit", "leverage"), "--limit 'leverage' is not of the form name=value"),
        (("--llm", ".usd=2"), "--llm '.usd=2' is not of the form name=value"),
        (
            ("--llm", "budget=5", "--llm", "budget.usd=2"),
            "--llm budget has no value of its own beside --llm budget.usd",
        ),
        (("--file", "x.yaml", "--id", "a"), "--file describes the whole account; leave out --id"),
        (("--file", "x.yaml", "--model", "a/b"), "leave out --model\n"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(
    accounts: Accounts, arguments: tuple[str, ...], words: str
) -> None:
    ended = accounts("add", *arguments)

    assert ended.code == ExitCode.WRONG_USAGE
    assert words in ended.stderr


def test_an_id_that_is_taken_is_not_added_again(accounts: Accounts) -> None:
    ended = accounts("add", "--id", "grid", "--strategy", "grid", "--assets", "BTC,ETH")

    assert ended.code == ExitCode.REFUSED
    assert "account grid is there already; change it with: perpflow accounts apply" in ended.stderr


@pytest.mark.parametrize("words", ["id: x\nstrategy: grid\nassets: [BTC]\n", FILE[:91]])
def test_a_file_or_a_pipe_may_hold_the_one_account(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    words = words.replace("momentum", "x", 1)
    Path("one.yaml").write_text(words)
    say(monkeypatch, words.replace("id: x", "id: y"))

    assert accounts("add", "--file", "one.yaml", "--json").code == ExitCode.DONE
    assert accounts("add", "--file", "-").code == ExitCode.DONE
    assert {"x", "y"} <= set(ids(accounts))


def test_a_fault_in_a_file_with_one_account_has_its_line_and_own_key(accounts: Accounts) -> None:
    Path("one.yaml").write_text("id: x\nstrategy: grid\nassets: [BTC]\ninterval: 7m\n")

    ended = accounts("add", "--file", "one.yaml")

    assert "one.yaml:4: interval is 7m; allowed is" in ended.stderr


def test_several_accounts_are_not_added_as_one(accounts: Accounts) -> None:
    Path("many.yaml").write_text(FILE)

    ended = accounts("add", "--file", "many.yaml")

    assert "has 3 accounts where one is added -> perpflow accounts apply many.yaml" in ended.stderr


def test_a_secret_from_a_pipe_is_refused_and_not_repeated(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(monkeypatch, "{id: x, strategy: grid, assets: BTC, asterdex: {api_key: canary-5f1e}}")

    ended = accounts("add", "--file", "-")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "standard input:1: asterdex.api_key is no reference to a secret" in ended.stderr
    assert "canary" not in ended.stderr + ended.stdout


def test_apply_shows_the_difference_and_does_it(accounts: Accounts) -> None:
    Path("accounts.yaml").write_text(FILE)

    ended = accounts("apply", "--yes")

    assert ended.code == ExitCode.DONE
    assert ended.stdout.splitlines() == [
        "accounts.yaml against the accounts of the arena:",
        "  + newcomer  mean_reversion on SOL, every 1h, 10000 USDT paper",
        "  ~ momentum",
        "      assets: BTC ETH -> BTC",
        "      limits.leverage: 3 -> 2",
        "  = buy-and-hold  not in the file, stays",
        "  = grid  unchanged",
    ]
    assert ids(accounts) == ["buy-and-hold", "grid", "momentum", "newcomer"]


def test_applied_twice_the_second_time_changes_nothing(accounts: Accounts) -> None:
    Path("accounts.yaml").write_text(FILE)
    accounts("apply", "--yes")

    ended = accounts("apply", "--yes")

    assert ended.stderr == "nothing had to be changed\n"
    versions = json.loads(accounts("show", "momentum", "--versions", "--json").stdout)["versions"]
    assert [each["version"] for each in versions] == [1, 2]
    assert versions[1]["changes"] == [
        {"field": "assets", "before": ["BTC", "ETH"], "after": ["BTC"]},
        {"field": "limits.leverage", "before": 3, "after": 2},
    ]


def test_a_dry_run_changes_nothing(accounts: Accounts) -> None:
    Path("mine.yaml").write_text(FILE)

    ended = accounts("apply", "mine.yaml", "--dry-run", "--json")

    found = json.loads(ended.stdout)
    assert [account["id"] for account in found["added"]] == ["newcomer"]
    assert [change["id"] for change in found["changed"]] == ["momentum"]
    assert found["applied"] is False
    assert ids(accounts) == ["buy-and-hold", "grid", "momentum"]


def test_without_a_terminal_and_without_yes_nothing_is_done(accounts: Accounts) -> None:
    Path("accounts.yaml").write_text(FILE)

    for arguments in (("apply",), ("remove", "grid")):
        ended = accounts(*arguments)
        assert ended.code == ExitCode.REFUSED
        assert "add --yes to go ahead" in ended.stderr
    assert ids(accounts) == ["buy-and-hold", "grid", "momentum"]


@pytest.mark.parametrize(("answer", "left"), [("n", 3), ("", 3), ("y", 2)])
def test_a_person_is_asked_before_an_account_is_removed(
    accounts: Accounts, monkeypatch: pytest.MonkeyPatch, answer: str, left: int
) -> None:
    say(monkeypatch, f"{answer}\n", terminal=True)

    ended = accounts("remove", "grid")

    assert "Remove grid (grid on BTC ETH, every 1h, 10000 USDT paper)?" in ended.stderr
    assert ended.code == (ExitCode.DONE if left == 2 else ExitCode.REFUSED)
    assert len(ids(accounts)) == left


def test_a_removed_account_is_still_shown_and_can_come_back(accounts: Accounts) -> None:
    assert accounts("remove", "grid", "--yes").stdout == (
        "account grid was removed; its records stay\n"
    )
    assert ids(accounts, "--removed") == ["buy-and-hold", "grid", "momentum"]
    assert "removed" in accounts("show", "grid").stdout

    ended = accounts("add", "--id", "grid", "--strategy", "grid", "--assets", "BTC")

    assert "account grid is back, with its history" in ended.stdout
    assert ids(accounts) == ["buy-and-hold", "grid", "momentum"]


def test_an_account_that_was_stopped_comes_back_stopped_and_says_so(
    accounts: Accounts, arena: TestArena
) -> None:
    accounts("stop", "grid")
    accounts("remove", "grid", "--yes")

    ended = accounts("add", "--id", "grid", "--strategy", "grid", "--assets", "BTC")

    assert "grid is stopped, wake it with: perpflow accounts resume grid" in ended.stderr


def test_an_account_with_positions_stays_until_somebody_insists(
    accounts: Accounts, arena: TestArena
) -> None:
    hold_position(arena, "grid")

    refused = accounts("remove", "grid", "--yes")
    assert refused.code == ExitCode.REFUSED
    assert "account grid has open positions in BTCUSDT; nothing was removed." in refused.stderr
    assert "--keep-positions" in refused.stderr

    done = accounts("remove", "grid", "--yes", "--keep-positions", "--json")
    assert json.loads(done.stdout)["removed"]["positions_left_open"] == ["BTCUSDT"]


def test_pruning_removes_what_the_file_does_not_name_or_nothing_at_all(
    accounts: Accounts, arena: TestArena
) -> None:
    Path("accounts.yaml").write_text(FILE)
    hold_position(arena, "buy-and-hold")

    refused = accounts("apply", "--prune", "--yes")
    assert refused.code == ExitCode.REFUSED
    assert "account buy-and-hold has open positions in BTCUSDT" in refused.stderr
    assert ids(accounts) == ["buy-and-hold", "grid", "momentum"]

    done = accounts("apply", "--prune", "--yes", "--keep-positions")
    assert "  - buy-and-hold" in done.stdout
    assert "its positions in BTCUSDT stay open" in done.stdout
    assert ids(accounts) == ["grid", "momentum", "newcomer"]


def test_a_changed_baseline_is_refused_for_every_account_and_nothing_is_applied(
    accounts: Accounts,
) -> None:
    changed = FILE.replace("assets: [BTC]\n", "assets: [BTC]\n    initial_equity: 7\n").replace(
        "assets: [BTC, ETH]\n", "assets: [BTC, ETH]\n    initial_equity: 8\n"
    )
    Path("accounts.yaml").write_text(changed)

    ended = accounts("apply", "--yes")

    assert ended.code == ExitCode.REFUSED
    assert "initial_equity: 10000 -> 7" in ended.stdout
    for account_id, equity in (("momentum", 7), ("grid", 8)):
        assert f"account {account_id} started with 10000 and cannot be changed to {equity}" in (
            ended.stderr
        )
    assert "add another account instead; nothing was changed" in ended.stderr
    assert ids(accounts) == ["buy-and-hold", "grid", "momentum"]


def test_variables_are_applied_like_a_file(accounts: Accounts) -> None:
    ended = accounts(
        "apply", "--yes", ACCOUNT_IDS="a,b", STRATEGY="grid", ASSETS_b="ETH", ASSETS="BTC"
    )

    assert "the environment (ACCOUNT_IDS) against the accounts of the arena:" in ended.stdout
    assert {"a", "b"} <= set(ids(accounts))


def test_nothing_to_apply_is_said_with_the_ways_to_name_it(accounts: Accounts) -> None:
    ended = accounts("apply")

    assert ended.code == ExitCode.WRONG_USAGE
    assert "name a file, or - for standard input" in ended.stderr


def test_what_somebody_else_changed_meanwhile_is_not_overwritten(arena: TestArena) -> None:
    settings = load_settings({}, {})
    mine = Wish(accounts=(build_account("grid", assets=("SOL",)),))
    theirs = Wish(accounts=(build_account("grid", assets=("BTC",)),))
    shown = preview(arena.engine, mine)
    carry_out(arena.engine, theirs, settings, preview(arena.engine, theirs))

    with pytest.raises(CommandFailed, match="changed by somebody else meanwhile"):
        carry_out(arena.engine, mine, settings, shown)

    query = "select config -> 'assets' from app.account_versions where account_id = 'grid'"
    assert arena.rows(query + " order by version") == [(["BTC", "ETH"],), (["BTC"],)]


def test_every_change_is_told_to_those_who_listen(accounts: Accounts, arena: TestArena) -> None:
    Path("accounts.yaml").write_text(FILE)
    accounts("apply", "--yes")
    accounts("remove", "grid", "--yes")

    told = arena.rows("select kind, account_id, channel from app.events order by id")
    assert sorted(told) == [
        ("account.added", "newcomer", "system"),
        ("account.changed", "momentum", "system"),
        ("account.removed", "grid", "system"),
    ]


def test_an_unknown_account_is_answered_with_the_known_ones(accounts: Accounts) -> None:
    for command in (("show", "nobody"), ("show", "nobody", "--versions"), ("remove", "nobody")):
        ended = accounts(*command)
        assert ended.code == ExitCode.WRONG_USAGE
        assert "no account 'nobody'; known accounts: buy-and-hold, grid, momentum" in ended.stderr


def test_a_database_without_an_arena_says_how_to_start_one(
    perpflow: Callable[..., Ended], database_url: str, engine: Engine
) -> None:
    ended = perpflow(
        *("accounts", "add", "--id", "a", "--strategy", "grid", "--assets", "BTC"),
        DATABASE_URL=database_url,
    )

    assert ended.code == ExitCode.REFUSED
    assert "start one with: perpflow up" in ended.stderr


def test_of_a_secret_only_its_place_and_whether_it_is_set_is_shown(accounts: Accounts) -> None:
    Path("one.yaml").write_text(
        "{id: x, strategy: grid, assets: BTC, asterdex: {api_key: '${KEY}', api_secret: 'env:NO'}}"
    )
    accounts("add", "--file", "one.yaml", KEY="canary-5f1e")

    ended = accounts("show", "x")
    found: dict[str, Any] = json.loads(accounts("show", "x", "--json").stdout)

    assert "env:KEY (set)" in ended.stdout
    assert found["secrets"] == {
        "asterdex.api_key": {"reference": "env:KEY", "is_set": True},
        "asterdex.api_secret": {"reference": "env:NO", "is_set": False},
    }
    assert "canary" not in ended.stdout + json.dumps(found)
