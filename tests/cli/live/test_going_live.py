"""`perpflow accounts go-live` and `end-live`: nothing trades without the checks and the words."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import text

from adapters.store.accounts import load_account, set_status
from adapters.store.permits import Permit, load_permit
from adapters.venues.aster.market_calls import MarketCalls
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live.opening import measure_opening
from cli.live.summary import confirmation_phrase
from tests.adapters.venues.aster.demo_keys import SIGNER, USER
from tests.arena import build_account
from tests.aster_sandbox.conftest import AGENT, client_of
from tests.cli.conftest import Ended
from tests.cli.live.conftest import ID, SECRETS, LiveArena
from trading.account import AccountStatus, Mode, Network
from trading.weights import Priority

pytestmark = pytest.mark.db
WORDS = f"trade with {ID}"
Accounts = Callable[..., Ended]


@pytest.fixture
def accounts(
    live: LiveArena, perpflow: Callable[..., Ended], monkeypatch: pytest.MonkeyPatch
) -> Accounts:
    """`accounts("list")` is `perpflow accounts list` on this arena, with the keys set."""
    url = live.engine.url.render_as_string(hide_password=False)

    def call(*arguments: str, **environ: str) -> Ended:
        return perpflow("accounts", *arguments, **{"DATABASE_URL": url, **SECRETS, **environ})

    return call


def permit_of(live: LiveArena, account_id: str = ID) -> Permit | None:
    with live.engine.connect() as conn:
        return load_permit(conn, account_id)


def at_terminal(monkeypatch: pytest.MonkeyPatch, words: str) -> None:
    stream = io.TextIOWrapper(io.BytesIO(f"{words}\n".encode()))
    monkeypatch.setattr(stream, "isatty", lambda: True)
    monkeypatch.setattr(sys, "stdin", stream)


def test_the_words_permit_the_account_with_what_it_holds_at_that_moment(
    live: LiveArena, accounts: Accounts
) -> None:
    live.add()
    before = datetime.now(UTC)
    live.sandbox.trade_by_hand(live.user, symbol="ETHUSDT", side="BUY", type="MARKET", quantity="1")
    live.sandbox.set_price("ETHUSDT", Decimal(2990))
    wallet = live.user.ledger.wallet
    profit = live.user.book.positions["ETHUSDT"].unrealized_pnl(Decimal(2990))

    ended = accounts("go-live", ID, "--confirm", WORDS)

    assert ended.code == ExitCode.DONE, ended.stderr
    permit = permit_of(live)
    assert permit is not None
    assert permit.owner == USER.lower()
    assert (permit.opening_wallet, permit.opening_equity) == (wallet, wallet + profit)
    assert before < permit.opened_at < datetime.now(UTC) + timedelta(seconds=1)
    with live.engine.connect() as conn:
        stored = load_account(conn, ID)
        kind = conn.scalar(text("select kind from app.events order by id desc limit 1"))
    assert stored.account.initial_equity == stored.peak_equity == permit.opening_equity
    assert kind == "account.permitted"


def test_what_is_about_to_happen_is_shown_before_the_words_are_asked(
    live: LiveArena, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.add()
    at_terminal(monkeypatch, WORDS)

    ended = accounts("go-live", ID)

    assert ended.code == ExitCode.DONE
    shown = " ".join(ended.stdout.split())
    for words in (
        "AsterDEX testnet (test money)",
        f"agent {SIGNER} signs for {USER}",
        "10000 USDT, equity 10000 USDT",
        "largest position 20 % of equity, now 2000 USDT",
        "daily loss limit 5 % of equity, now 500 USDT",
        "3x, at most 5x of equity in all",
        "the first cycle at its next 1h slot",
    ):
        assert words in shown
    assert f"Type '{WORDS}' to go on" in ended.stderr
    assert f"perpflow accounts end-live {ID}" in ended.stderr


def test_on_the_main_network_the_words_name_the_money() -> None:
    assert confirmation_phrase("a", Network.MAINNET) == "trade real money with a"
    assert confirmation_phrase("a", Network.TESTNET) == "trade with a"


@pytest.mark.parametrize("words", ["yes", f"trade real money with {ID}", WORDS.upper(), ""])
def test_other_words_change_nothing(live: LiveArena, accounts: Accounts, words: str) -> None:
    live.add()

    ended = accounts("go-live", ID, "--confirm", words)

    assert ended.code == ExitCode.REFUSED
    assert f"those were not the words '{WORDS}'; nothing was changed" in ended.stderr
    assert permit_of(live) is None


def test_other_words_at_the_terminal_change_nothing(
    live: LiveArena, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.add()
    at_terminal(monkeypatch, "y")

    assert accounts("go-live", ID).code == ExitCode.REFUSED
    assert permit_of(live) is None


def test_where_nobody_can_be_asked_the_words_must_be_given(
    live: LiveArena, accounts: Accounts
) -> None:
    live.add()

    ended = accounts("go-live", ID)

    assert ended.code == ExitCode.REFUSED
    assert f"go on with --confirm '{WORDS}'" in ended.stderr
    assert permit_of(live) is None


@pytest.mark.parametrize(
    ("spoil", "code", "check"),
    [
        (lambda live: live.user.agents.clear(), ExitCode.BAD_CREDENTIALS, "signature"),
        (lambda live: live.sandbox.fail("time", drop=True, times=0), ExitCode.UNREACHABLE, "host"),
        (lambda live: setattr(live.user, "is_hedge", True), ExitCode.REFUSED, "position mode"),
    ],
)
def test_a_failed_check_refuses_with_its_fix_before_anybody_is_asked(
    live: LiveArena, accounts: Accounts, spoil: Callable[[LiveArena], None], code: int, check: str
) -> None:
    live.add()
    spoil(live)

    ended = accounts("go-live", ID, "--confirm", WORDS)

    assert ended.code == code
    assert f"account {ID} cannot go live: {check}" in ended.stderr
    assert "failed; nothing was changed" in ended.stderr
    assert any(line.startswith("fail") and "->" in line for line in ended.stdout.splitlines())
    assert permit_of(live) is None


def test_keys_that_are_not_set_are_bad_credentials(live: LiveArena, accounts: Accounts) -> None:
    live.add()

    ended = accounts("go-live", ID, "--confirm", WORDS, AGENT_KEY="")

    assert ended.code == ExitCode.BAD_CREDENTIALS
    assert "env:AGENT_KEY (asterdex.private_key)" in ended.stdout


def test_a_paper_account_never_goes_live(live: LiveArena, accounts: Accounts) -> None:
    live.add(mode=Mode.PAPER, venue="paper")

    ended = accounts("go-live", ID, "--confirm", WORDS)

    assert ended.code == ExitCode.REFUSED
    assert "is a paper account and stays one" in ended.stderr


def test_two_accounts_cannot_go_live_on_one_venue_account(
    live: LiveArena, accounts: Accounts
) -> None:
    live.add()
    live.add("second")
    assert accounts("go-live", ID, "--confirm", WORDS).code == ExitCode.DONE

    ended = accounts("go-live", "second", "--confirm", "trade with second")

    assert ended.code == ExitCode.REFUSED
    assert f"account {ID} is permitted to trade this venue account" in ended.stdout
    assert permit_of(live, "second") is None


def test_going_live_again_keeps_the_baseline(live: LiveArena, accounts: Accounts) -> None:
    live.add()
    accounts("go-live", ID, "--confirm", WORDS)
    accounts("end-live", ID)
    live.sandbox.move_funds(live.user, Decimal(-4000))

    assert accounts("go-live", ID, "--confirm", WORDS).code == ExitCode.DONE

    permit = permit_of(live)
    assert permit is not None
    assert permit.opening_equity == 10_000


def test_a_paused_account_is_permitted_and_said_to_sleep(
    live: LiveArena, accounts: Accounts
) -> None:
    live.add()
    with live.engine.begin() as conn:
        set_status(conn, ID, AccountStatus.PAUSED)

    ended = accounts("go-live", ID, "--confirm", WORDS)

    assert f"it is paused (perpflow accounts resume {ID})" in ended.stdout


def test_no_key_is_in_what_is_printed_or_stored(live: LiveArena, accounts: Accounts) -> None:
    live.add()
    live.add("pair", venue_keys=live.pair())
    runs = [
        accounts("go-live", ID, "--confirm", WORDS),
        accounts("go-live", "pair", "--confirm", "trade with pair", "--json"),
        accounts("show", ID, "--json"),
        accounts("show", ID, "--venue"),
    ]

    with live.engine.connect() as conn:
        tables = conn.scalars(
            text("select schemaname || '.' || tablename from pg_tables where schemaname = 'app'")
        ).all()
        rows = [
            row for table in tables for row in conn.scalars(text(f"select t::text from {table} t"))
        ]
    everything = "\n".join([*(run.stdout + run.stderr for run in runs), *rows])
    assert [run.code for run in runs] == [0, 0, 0, 0]
    for secret in SECRETS.values():
        assert secret.removeprefix("0x").lower() not in everything.lower()


def test_json_is_one_document_with_the_checks_and_the_permit(
    live: LiveArena, accounts: Accounts
) -> None:
    live.add()

    found = json.loads(accounts("go-live", ID, "--confirm", WORDS, "--json").stdout)

    assert (found["account"], found["permitted"]) == (ID, True)
    assert found["permit"]["opening_equity"] == "10000"
    assert {each["verdict"] for each in found["checks"]} == {"ok"}


def test_json_of_a_refusal_names_the_failed_checks(live: LiveArena, accounts: Accounts) -> None:
    live.add()
    live.user.is_multi_assets = True

    found = json.loads(accounts("go-live", ID, "--confirm", WORDS, "--json").stdout)

    assert found["permitted"] is False
    assert [each["name"] for each in found["checks"] if each["verdict"] == "fail"] == ["asset mode"]


def test_the_end_of_a_permit_leaves_positions_and_says_so(
    live: LiveArena, accounts: Accounts
) -> None:
    live.add()
    accounts("go-live", ID, "--confirm", WORDS)
    with live.engine.begin() as conn:
        conn.execute(
            text(
                "insert into app.positions (account_id, symbol, quantity, entry_price, mark_price,"
                " unrealized_pnl, leverage, margin, opened_at, seen_at)"
                f" values ('{ID}', 'BTCUSDT', 1, 100, 100, 0, 1, 100, now(), now())"
            )
        )

    ended = accounts("end-live", ID, "--reason", "holidays")

    assert ended.code == ExitCode.DONE
    assert "no further cycle begins" in ended.stdout
    assert "open positions in BTCUSDT stay at the venue with the stop orders" in ended.stderr
    assert permit_of(live) is None
    again = accounts("end-live", ID, "--json")
    assert json.loads(again.stdout)["ended"] is False


def test_a_removed_account_lets_go_of_its_venue_account(
    live: LiveArena, accounts: Accounts
) -> None:
    live.add()
    live.add("second")
    accounts("go-live", ID, "--confirm", WORDS)

    accounts("remove", ID, "--yes")

    assert accounts("go-live", "second", "--confirm", "trade with second").code == ExitCode.DONE
    live.add()
    assert "live, not permitted" in accounts("list").stdout


def test_the_list_and_the_account_say_whether_it_is_permitted(
    live: LiveArena, accounts: Accounts
) -> None:
    live.add()
    live.add("paper", mode=Mode.PAPER, venue="paper", venue_keys=None)
    assert "live, not permitted" in accounts("list").stdout
    assert f"not permitted: perpflow accounts go-live {ID}" in accounts("show", ID).stdout
    accounts("go-live", ID, "--confirm", WORDS)

    listed = {
        each["id"]: each for each in json.loads(accounts("list", "--json").stdout)["accounts"]
    }

    assert (listed[ID]["permitted"], listed[ID]["initial_equity"]) == (True, "10000")
    assert listed["paper"]["permitted"] is None
    assert "permitted since 20" in accounts("show", ID).stdout


def test_a_process_of_its_own_takes_the_keys_from_the_env_file(
    live: LiveArena, tmp_path: Path
) -> None:
    live.add()
    (tmp_path / ".env").write_text(f"AGENT_KEY={SECRETS['AGENT_KEY']}\n")
    url = live.engine.url.render_as_string(hide_password=False)
    names = ("PATH", "HOME", "TMPDIR", "VIRTUAL_ENV")
    environ = {name: os.environ[name] for name in names if name in os.environ}

    ended = subprocess.run(
        [sys.executable, "-m", "cli.main", "accounts", "go-live", ID, "--confirm", WORDS],
        cwd=tmp_path,
        env={
            **environ,
            "DATABASE_URL": url,
            "PERPFLOW_HOME": str(tmp_path / "home"),
            "PYTHONPATH": str(Path(__file__).parents[3]),
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )

    assert ended.returncode == ExitCode.DONE, ended.stderr
    assert permit_of(live) is not None
    assert SECRETS["AGENT_KEY"][2:] not in ended.stdout + ended.stderr


async def test_money_that_moves_while_it_is_measured_is_no_opening(live: LiveArena) -> None:
    class Restless(MarketCalls):
        """Somebody deposits whenever the clock is asked."""

        async def time_ms(self, priority: Priority = Priority.MARKET) -> int:
            live.sandbox.move_funds(live.user, Decimal(1))
            return await super().time_ms(priority)

    async with client_of(live.sandbox, AGENT) as client:
        client.market = Restless(client.market.caller)
        with pytest.raises(CommandFailed, match="moves while it is measured"):
            await measure_opening(client)


def test_an_account_that_was_changed_while_its_operator_thought_is_examined_again(
    live: LiveArena, accounts: Accounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    live.add()
    real = sys.stdin

    class Slow(io.StringIO):
        """While the words are typed, somebody raises the leverage."""

        def isatty(self) -> bool:
            return True

        def readline(self, size: int = -1, /) -> str:
            live.add(limits=replace(build_account("momentum").limits, leverage=5))
            return WORDS + "\n"

    monkeypatch.setattr(sys, "stdin", Slow())
    ended = accounts("go-live", ID)
    monkeypatch.setattr(sys, "stdin", real)

    assert ended.code == ExitCode.REFUSED
    assert "was changed by somebody else meanwhile" in ended.stderr
    assert permit_of(live) is None
