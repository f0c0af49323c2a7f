"""`perpflow doctor --account`: every verdict provoked at a venue that speaks real HTTP."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.store.instruments import load_instruments, save_instruments
from adapters.store.permits import Opening, VenueIdentity, grant_permit
from cli.doctor.checks import Verdict
from cli.live.examination import STEPS
from cli.live.reach_checks import expiry_result
from tests.adapters.venues.aster.demo_keys import PHRASE, SIGNER, USER
from tests.aster_sandbox.conftest import HAS_CONNECTOR
from tests.cli.live.conftest import ID, SECRETS, LiveArena, verdicts
from trading.account import ForeignPolicy, Network
from trading.limits import RiskLimits

pytestmark = pytest.mark.db
WALLET = "0x" + "b" * 40


def test_an_account_that_may_go_live_passes_every_check(live: LiveArena) -> None:
    live.add()

    found = verdicts(live.examine())

    assert set(found.values()) == {Verdict.OK}
    assert list(found) == ["market", "references", "keys", *(s.name for s in STEPS), "weight"]


def test_a_pair_of_the_older_interface_is_examined_too(live: LiveArena) -> None:
    live.add(venue_keys=live.pair())

    found = verdicts(live.examine())

    assert {name for name, each in found.items() if each is Verdict.SKIP} == {"expiry", "builders"}
    assert Verdict.FAIL not in found.values()


def test_addresses_are_shown_and_no_check_repeats_a_key(live: LiveArena) -> None:
    live.add()

    report = live.examine()

    text = " ".join(f"{each.text} {each.fix}" for each in report.results)
    assert f"agent {SIGNER} signs for {USER}" in text
    for secret in SECRETS.values():
        assert secret.removeprefix("0x") not in text
        assert secret.removeprefix("0x") not in repr(report.credentials)


def test_a_reference_with_nothing_behind_it_ends_the_examination(live: LiveArena) -> None:
    live.add()
    live.environ.clear()

    report = live.examine()

    assert [each.name for each in report.results] == ["market", "references", "the rest"]
    assert report.results[1].text == ("nothing is behind env:AGENT_KEY (asterdex.private_key)")
    assert not live.sandbox.sent_to("time")


def test_a_key_file_that_others_can_read_is_told(live: LiveArena, tmp_path) -> None:
    path = tmp_path / "agent"
    path.write_text(SECRETS["AGENT_KEY"])
    path.chmod(0o644)
    live.add(venue_keys=live.keys(private_key=f"file:{path}"))

    found = live.line("references")

    assert (found.verdict, found.fix) == (Verdict.WARN, f"chmod 600 {path}")


@pytest.mark.parametrize(
    ("value", "words"),
    [("canary", "private_key is not a private key"), (PHRASE, "private_key is not a private key")],
)
def test_a_key_that_is_none_fails_and_is_not_repeated(
    live: LiveArena, value: str, words: str
) -> None:
    live.add()
    live.environ["AGENT_KEY"] = value

    found = live.line("keys")

    assert found.verdict is Verdict.FAIL
    assert words in found.text
    assert value not in f"{found.text} {found.fix}"


@pytest.mark.skipif(HAS_CONNECTOR, reason="the venue's library is installed here")
def test_a_transport_that_is_not_installed_fails_with_the_command_for_it(live: LiveArena) -> None:
    live.add(venue_keys=live.pair(transport="connector"))

    found = live.line("keys")

    assert found.verdict is Verdict.FAIL
    assert "aster-connector-python cannot be used" in found.text
    assert "uv sync --extra connector" in found.fix


def test_a_signer_of_another_wallet_fails_with_both_addresses(live: LiveArena) -> None:
    live.add(venue_keys=live.keys(signer_address=WALLET))

    found = live.line("keys")

    assert found.verdict is Verdict.FAIL
    assert f"but the key belongs to {SIGNER}" in found.text


def test_a_signer_that_two_accounts_share_is_told(live: LiveArena) -> None:
    live.add()
    live.add("other", venue_keys=live.keys(user_address=WALLET))

    found = live.line("keys")

    assert found.verdict is Verdict.WARN
    assert "other signs with the same key" in found.text


def test_an_arena_on_another_market_fails_with_the_next_step(live: LiveArena) -> None:
    live.add(venue_keys=live.keys(base_url=None))

    found = live.line("market")

    assert found.verdict is Verdict.FAIL
    assert "trades AsterDEX testnet (aster-testnet)" in found.text
    assert "perpflow up --market aster --network testnet" in found.fix


def test_a_host_that_does_not_answer_ends_the_examination(live: LiveArena) -> None:
    live.add()
    live.sandbox.fail("time", drop=True, times=0)

    report = live.examine()

    assert [each.name for each in report.results][3:] == ["host", "the rest", "weight"]
    assert report.results[3].verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("ahead_ms", "verdict"), [(300, Verdict.OK), (-2500, Verdict.WARN), (7000, Verdict.FAIL)]
)
def test_a_wrong_clock_is_told_and_one_that_is_far_off_fails(
    live: LiveArena, ahead_ms: int, verdict: Verdict
) -> None:
    live.add()
    live.sandbox.skew(ahead_ms)

    found = live.line("host")

    assert found.verdict is verdict
    assert ("behind" if ahead_ms > 0 else "ahead of") in found.text


def test_an_agent_that_is_not_registered_fails_with_the_page_to_look_at(live: LiveArena) -> None:
    live.add()
    live.user.agents.clear()

    found = live.line("signature")

    assert found.verdict is Verdict.FAIL
    assert "-1000 'No agent found'" in found.text
    assert "https://www.asterdex-testnet.com/en/api-wallet" in found.fix


def test_keys_of_the_other_network_fail_at_the_signature(live: LiveArena) -> None:
    live.add(venue_keys=live.keys(network=Network.MAINNET))

    found = live.line("signature")

    assert found.verdict is Verdict.FAIL
    assert "Signature check failed" in found.text


def test_an_agent_that_has_ended_is_refused_by_the_venue_itself(live: LiveArena) -> None:
    live.add()
    live.user.agents[SIGNER.lower()].expires_ms = 1

    assert live.line("signature").verdict is Verdict.FAIL


def test_an_agent_that_ends_soon_is_told_with_the_days_that_are_left(live: LiveArena) -> None:
    live.add()
    ends = datetime.now(UTC) + timedelta(days=3, hours=1)
    live.user.agents[SIGNER.lower()].expires_ms = int(ends.timestamp() * 1000)

    found = live.line("expiry")

    assert found.verdict is Verdict.WARN
    assert "in 3 days" in found.text


@pytest.mark.parametrize(
    ("days", "verdict"), [(-1, Verdict.FAIL), (13, Verdict.WARN), (15, Verdict.OK)]
)
def test_the_end_of_an_agent_is_judged_by_the_venues_clock(days: int, verdict: Verdict) -> None:
    now = datetime(2026, 11, 20, tzinfo=UTC)
    ends = now + timedelta(days=days)

    assert expiry_result(int(ends.timestamp() * 1000), now, Network.TESTNET).verdict is verdict


def test_keys_that_may_withdraw_fail_unless_that_was_said(live: LiveArena) -> None:
    live.user.agents[SIGNER.lower()].can_withdraw = True
    live.add()
    live.add("allowed", venue_keys=live.keys(may_withdraw=True))

    refused, allowed = live.line("permissions"), live.line("permissions", "allowed")

    assert refused.verdict is Verdict.FAIL
    assert "may withdraw funds" in refused.text
    assert allowed.verdict is Verdict.WARN
    assert "as may_withdraw allows" in allowed.text


def test_keys_that_may_not_trade_fail(live: LiveArena) -> None:
    live.add()
    live.user.agents[SIGNER.lower()].can_perp_trade = False

    found = live.line("permissions")

    assert found.verdict is Verdict.FAIL
    assert "may not trade perpetuals" in found.text


def test_a_venue_that_does_not_list_agents_leaves_the_permissions_to_the_operator(
    live: LiveArena,
) -> None:
    live.add()
    live.sandbox.fail("agent", status=404, times=0)

    found = live.line("permissions")

    assert found.verdict is Verdict.WARN
    assert "the venue does not say whether these keys may withdraw" in found.text


def test_modes_of_the_account_that_are_not_supported_fail_with_the_remedy(live: LiveArena) -> None:
    live.add()
    live.user.is_hedge = live.user.is_multi_assets = True

    report = {each.name: each for each in live.examine().results}

    for name, mode in (("position mode", "one-way"), ("asset mode", "single-asset")):
        assert report[name].verdict is Verdict.FAIL
        assert f"Switch the account to {mode} mode at the venue" in report[name].fix


def test_an_account_without_money_fails(live: LiveArena) -> None:
    live.add()
    live.sandbox.move_funds(live.user, Decimal(-10_000))

    found = live.line("balance")

    assert found.verdict is Verdict.FAIL
    assert found.text == "0 USDT, equity 0"


def test_a_builder_that_may_take_a_fee_is_named_with_its_rate(live: LiveArena) -> None:
    live.add()
    live.user.builders.append(
        {
            "userAddress": USER,
            "builderAddress": WALLET,
            "builderName": "somebody",
            "maxFeeRate": "0.001",
        }
    )

    found = live.line("builders")

    assert found.verdict is Verdict.WARN
    assert f"somebody {WALLET} (rate 0.001)" in found.text


def test_the_fees_are_shown_and_one_in_another_asset_is_told(live: LiveArena) -> None:
    live.add()
    assert live.line("fees").text.startswith("taker 0.06 %, maker 0.02 % of the notional")
    live.sandbox.trade_by_hand(
        live.user, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.01"
    )
    live.sandbox.fail(
        "userTrades",
        times=0,
        body='[{"id":1,"orderId":1,"symbol":"BTCUSDT","side":"BUY","price":"1","qty":"1",'
        '"commission":"-0.1","commissionAsset":"ASTER","realizedPnl":"0","maker":false,"time":1}]',
    )

    found = live.line("fees")

    assert found.verdict is Verdict.WARN
    assert "some fills of the last days were paid in ASTER" in found.text


def test_an_asset_that_is_not_traded_there_fails(live: LiveArena) -> None:
    live.add(assets=("BTC", "DOGE"))

    found = live.line("instruments")

    assert found.verdict is Verdict.FAIL
    assert found.text == "there is no contract of DOGE in USDT"


def test_a_leverage_that_the_venue_does_not_allow_fails(live: LiveArena) -> None:
    btc = live.sandbox.venue.markets["BTCUSDT"]
    low = tuple(
        replace(row, max_leverage=min(row.max_leverage, 5)) for row in btc.instrument.brackets
    )
    live.sandbox.venue.markets["BTCUSDT"].instrument = replace(btc.instrument, brackets=low)
    live.add(limits=RiskLimits(leverage=10, max_leverage=10))

    found = live.line("leverage")

    assert found.verdict is Verdict.FAIL
    assert found.text == "limits.leverage is 10, but BTCUSDT allows 5x at most"


def test_the_venues_margin_tables_are_kept_with_the_instruments_of_the_market(
    live: LiveArena,
) -> None:
    live.add()
    told = {each.symbol: each.brackets for each in live.sandbox.venue.instruments.values()}
    with live.engine.begin() as conn:
        stand_ins = [
            replace(each, brackets=each.brackets[:1], has_venue_brackets=False)
            for each in load_instruments(conn, live.market)
        ]
        conn.exec_driver_sql("delete from app.instruments")
        save_instruments(conn, live.market, stand_ins)

    live.examine()

    with live.engine.connect() as conn:
        kept = load_instruments(conn, live.market)
    assert {each.symbol: each.brackets for each in kept} == told
    assert all(each.has_venue_brackets for each in kept)


def test_orders_on_trial_place_nothing(live: LiveArena) -> None:
    live.add()

    found = live.line("test order")

    assert found.text == "a buy of 0.001 BTCUSDT and its stop would be taken"
    assert len(live.sandbox.sent_to("order/test")) == 2
    assert not live.sandbox.sent_to("order")
    assert not live.user.records


def test_an_order_that_the_venue_would_refuse_fails_with_its_words(live: LiveArena) -> None:
    live.add()
    live.sandbox.fail(
        "order/test", status=400, body='{"code":-2019,"msg":"Margin is insufficient."}', times=0
    )

    found = live.line("test order")

    assert found.verdict is Verdict.FAIL
    assert "-2019 'Margin is insufficient.'" in found.text


def test_a_venue_without_trial_orders_is_told(live: LiveArena) -> None:
    live.add()
    live.sandbox.fail("order/test", status=404, body="<html>", times=0)

    assert live.line("test order").verdict is Verdict.WARN


@pytest.mark.parametrize(
    ("policy", "words"),
    [(ForeignPolicy.IGNORE, "leaves them alone"), (ForeignPolicy.ADOPT, "makes positions")],
)
def test_what_others_have_opened_is_listed_with_what_will_become_of_it(
    live: LiveArena, policy: ForeignPolicy, words: str
) -> None:
    live.add(foreign=policy)
    live.sandbox.trade_by_hand(
        live.user, symbol="ETHUSDT", side="SELL", type="MARKET", quantity="0.5"
    )
    live.sandbox.trade_by_hand(
        live.user,
        symbol="BTCUSDT",
        side="BUY",
        type="LIMIT",
        quantity="0.01",
        price="59000",
        timeInForce="GTC",
    )

    found = live.line("foreign")

    assert found.verdict is Verdict.WARN
    assert "-0.5 ETHUSDT, an order BUY LIMIT BTCUSDT at 59000" in found.text
    assert words in found.fix


def test_a_venue_account_that_another_account_trades_fails(live: LiveArena) -> None:
    live.add("first")
    live.add()
    report = live.examine("first")
    assert report.identity is not None
    permit(live, "first", report.identity)

    found = live.line("holder")

    assert found.verdict is Verdict.FAIL
    assert "account first is permitted to trade this venue account" in found.text
    assert live.line("holder", "first").verdict is Verdict.OK


def test_an_account_that_has_traded_another_venue_account_fails(live: LiveArena) -> None:
    live.add()
    identity = live.examine().identity
    assert identity is not None
    permit(live, ID, replace(identity, owner=WALLET))

    assert "has traded " + WALLET in live.line("holder").text


def permit(live: LiveArena, account_id: str, identity: VenueIdentity) -> None:
    opening = Opening(wallet=Decimal(1), equity=Decimal(1), at=datetime.now(UTC))
    with live.engine.begin() as conn:
        grant_permit(conn, account_id, identity, opening=opening, checks={}, granted_by="test")


def test_the_request_weight_is_what_everybody_behind_this_address_has_used(live: LiveArena) -> None:
    live.add()

    text = live.line("weight").text

    assert 100 < int(text.split()[0]) < 300
    assert "of 2400 request weight used in the last minute" in text


def test_a_question_that_fails_on_the_way_is_one_failed_line(live: LiveArena) -> None:
    live.add()
    live.sandbox.fail("leverageBracket", status=503, times=0)

    report = live.examine()

    assert [each.name for each in report.failed] == ["leverage"]
    assert "cannot be asked" in report.failed[0].text


def test_a_main_key_fails_and_is_only_told_when_it_was_allowed(live: LiveArena) -> None:
    live.sandbox.add_user(SIGNER)
    live.add(venue_keys=live.keys(user_address=None))
    live.add("allowed", venue_keys=live.keys(user_address=None, may_withdraw=True))

    assert live.line("permissions").verdict is Verdict.FAIL
    allowed = live.line("permissions", "allowed")
    assert allowed.verdict is Verdict.WARN
    assert "signs with its own key" in allowed.text
