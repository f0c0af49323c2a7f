from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from adapters.store.account_changes import compute_changes
from adapters.store.account_json import account_from_json, account_to_json, config_hash
from adapters.store.accounts import (
    list_accounts,
    load_account,
    mark_removed,
    save_account,
    save_peak,
    set_status,
    set_trading_state,
)
from adapters.store.errors import StoreError, UnknownAccount
from adapters.store.tables import account_versions
from tests.adapters.store.generated_accounts import accounts, ratios
from trading.account import Account, AccountStatus, AgentKind, Mode, TradingState
from trading.limits import RiskLimits
from trading.timeframes import Timeframe

db = pytest.mark.db


@given(accounts)
def test_an_account_read_back_from_its_document_is_the_same_account(account: Account):
    again = account_from_json(account_to_json(account))
    assert again == account
    assert config_hash(again) == config_hash(account)


@given(accounts, ratios)
def test_the_fingerprint_changes_with_every_setting(account: Account, ratio: Decimal):
    for changed in (
        replace(account, name=account.name + "x"),
        replace(account, assets=(*account.assets, "DOGE")),
        *(
            [replace(account, parameters={**account.parameters, "another": 1.0})]
            if account.blend is None
            else [
                replace(account, blend=replace(account.blend, max_share=ratio / 2 + 1 / Decimal(9)))
            ]
        ),
        *(
            [replace(account, initial_equity=account.initial_equity + 1)]
            if account.mode is Mode.PAPER
            else []
        ),
        replace(account, limits=replace(account.limits, max_daily_entries=7)),
    ):
        assert config_hash(changed) != config_hash(account)


def test_a_document_from_before_a_limit_existed_has_its_default(build_account: Account):
    document = account_to_json(replace(build_account, limits=RiskLimits(max_positions=2)))
    first_limits = [
        "max_leverage",
        "leverage",
        "max_position_ratio",
        "min_position_ratio",
        "min_confidence",
        "max_positions",
        "max_daily_entries",
        "max_daily_loss_ratio",
        "reduce_at_drawdown",
        "halt_at_drawdown",
        "stop_atr_multiple",
        "max_holding_hours",
        "requires_stop",
    ]
    document["limits"] = {name: document["limits"][name] for name in first_limits}
    assert account_from_json(document).limits == RiskLimits(max_positions=2)


def test_a_document_of_another_version_is_refused_by_name(build_account: Account):
    document = account_to_json(build_account) | {"novelty": 1}
    with pytest.raises(StoreError, match="account 'acc1' does not fit this version"):
        account_from_json(document)


@pytest.fixture
def build_account() -> Account:
    return Account(
        id="acc1", name="x", kind=AgentKind.RULE, strategy="grid", assets=("BTC",),
        interval=Timeframe.M5,
    )  # fmt: skip


@db
def test_a_changed_configuration_becomes_a_new_version_and_an_equal_one_does_not(conn, build):
    changed = build.account(assets=("BTC",))
    assert save_account(conn, build.account()) == 1
    assert save_account(conn, changed) == 2
    assert save_account(conn, changed) == 2
    stored = load_account(conn, "acc1")
    assert (stored.account, stored.version) == (changed, 2)
    assert conn.scalar(select(func.count()).select_from(account_versions)) == 2


@db
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"initial_equity": Decimal(20_000)}, "started with 10000 and cannot be changed to 20000"),
        ({"mode": Mode.LIVE}, "has mode paper and cannot be changed to live"),
        ({"venue": "aster"}, "has venue paper and cannot be changed to aster"),
    ],
)
def test_the_baseline_of_an_account_never_changes(conn, build, change, words):
    with pytest.raises(StoreError, match=words):
        save_account(conn, build.account(**change))
    assert load_account(conn, "acc1").account == build.account()


@db
def test_what_a_live_account_started_with_is_measured_and_no_change_of_its_configuration(
    conn, build
):
    account = build.account(id="live1", mode=Mode.LIVE, venue="aster")
    assert save_account(conn, account) == 1
    conn.execute(text("update app.accounts set initial_equity = 812.5 where id = 'live1'"))

    stored = load_account(conn, "live1").account
    assert stored.initial_equity == Decimal("812.5")
    assert compute_changes([stored], [account]).is_empty
    assert save_account(conn, account) == 1


@db
def test_a_stored_version_cannot_be_rewritten_even_by_hand(conn):
    with pytest.raises(DBAPIError, match="append-only"):
        conn.execute(text("update app.account_versions set config = '{}'"))


@db
def test_an_unknown_account_is_answered_with_the_known_ones(conn, build):
    save_account(conn, build.account(id="other"))
    with pytest.raises(UnknownAccount, match="'acc9'; known accounts: acc1, other"):
        load_account(conn, "acc9")
    with pytest.raises(UnknownAccount, match="known accounts: acc1, other"):
        set_status(conn, "acc9", AccountStatus.PAUSED)


@db
def test_a_removed_account_is_gone_from_the_list_and_comes_back_when_saved(conn, build):
    mark_removed(conn, "acc1")
    assert list_accounts(conn) == ()
    assert [stored.account.id for stored in list_accounts(conn, removed=True)] == ["acc1"]
    save_account(conn, build.account())
    assert [stored.account.id for stored in list_accounts(conn)] == ["acc1"]


@db
def test_status_and_trading_state_are_independent(conn):
    set_status(conn, "acc1", AccountStatus.PAUSED)
    set_trading_state(conn, "acc1", TradingState.HALTED)
    stored = load_account(conn, "acc1")
    assert (stored.status, stored.trading_state) == (AccountStatus.PAUSED, TradingState.HALTED)


@db
def test_the_peak_only_rises(conn):
    assert load_account(conn, "acc1").peak_equity is None
    for equity in ("10000.5", "12000.123456789012345678", "11000"):
        save_peak(conn, "acc1", Decimal(equity))
    assert load_account(conn, "acc1").peak_equity == Decimal("12000.123456789012345678")


@db
@pytest.mark.parametrize("amount", [Decimal("NaN"), Decimal("Infinity"), 1.5])
def test_money_that_is_not_a_finite_decimal_never_reaches_the_database(conn, amount):
    with pytest.raises(Exception, match="finite Decimal"):
        save_peak(conn, "acc1", amount)
