"""Faults over real sockets: what was surely not executed, what is unknown, and nothing sent twice."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from adapters.venues.aster import transport
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.codes import Action
from adapters.venues.aster.credentials import Credentials, KeyRefused
from adapters.venues.aster.errors import (
    AccountRefused,
    Blocked,
    ClockRefused,
    MissingField,
    Refused,
    Unreachable,
    Unsettled,
    Unusable,
)
from adapters.venues.aster.networks import venue_address
from adapters.venues.aster.strategy_calls import SubOrder
from adapters.venues.aster.tickets import Ticket
from adapters.venues.aster.transport import Timeouts
from adapters.venues.leaving import leaving_before
from tests.adapters.venues.aster.conftest import OwnBudget
from tests.adapters.venues.aster.local_venue import LocalVenue
from trading.account import Network
from trading.errors import (
    InvalidRecord,
    OrderRejected,
    OutcomeUnknown,
    VenueUnavailable,
    WeightRefused,
)
from trading.weights import Priority

ENTRY = Ticket(
    symbol="BTCUSDT",
    side="BUY",
    type="MARKET",
    quantity=Decimal("0.01"),
    client_order_id="pf-entry",
)
HTML = "<html><body>Service Unavailable</body></html>"
EXECUTED_BUT = [
    {"status": 503, "body": HTML},
    {"status": 503, "body": ""},
    {"status": 503, "body": '{"code":-1000,"msg":"An unknown error occured"}'},
    {"status": 500, "body": '{"code":-2010,"msg":"looks final and is not"}'},
    {"status": 502, "body": '{"code":-1003,"msg":"looks like a limit and is not"}'},
    {"status": 408, "body": "{}"},
    {"status": 400, "body": '{"code":-1006,"msg":"An unexpected response was received"}'},
    {"status": 400, "body": '{"code":-1007,"msg":"Timeout waiting for response"}'},
    {"status": 400, "body": '{"code":-1001,"msg":"Internal error"}'},
    {"status": 200, "body": '{"code":-1000,"msg":"An unknown error occured"}'},
    {"status": 400, "body": HTML},
    {"status": 302, "body": "", "headers": {"Location": "/elsewhere"}},
    {"status": 200, "body": HTML},
    {"status": 200, "body": '{"orderId": 1, "clientOrder'},
    {"status": 200, "body": "{}"},
    {"status": 200, "body": "[]"},
    {"status": 200, "body": "null"},
    {"status": 200, "body": '{"orderId": NaN}'},
    {"status": 200, "body": "[" * 100_000},
    {"drop": True},
    {"cut": 10},
    {"delay": 1.0},
    {"trickle": 0.02},
]


def is_late(how: dict[str, object]) -> bool:
    return bool({"delay", "trickle"} & set(how))


async def submit(client: AsterClient) -> object:
    return await client.orders.submit(ENTRY, priority=Priority.ENTRY)


@pytest.mark.parametrize("how", EXECUTED_BUT, ids=lambda how: str(how)[:60])
async def test_an_order_that_was_executed_and_not_answered_is_unknown_and_found_by_its_id(
    client: AsterClient, hasty: AsterClient, venue: LocalVenue, how: dict[str, object]
) -> None:
    sender = hasty if is_late(how) else client
    await sender.read_clock()
    venue.fail("order", execute=True, method="POST", **how)
    with pytest.raises(Unsettled) as caught:
        await submit(sender)
    assert isinstance(caught.value, OutcomeUnknown)
    assert caught.value.action is Action.RECONCILE
    assert len(venue.sent_to("order", "POST")) == len(venue.executed) == 1
    found = await client.orders.by_client_id("BTCUSDT", "pf-entry")
    assert (found.status, found.executed_qty) == ("FILLED", Decimal("0.01"))
    assert len(venue.sent_to("order", "POST")) == 1


@pytest.mark.parametrize(
    "how", [{"status": 503, "body": HTML}, {"drop": True}], ids=["503", "drop"]
)
async def test_an_order_that_was_not_executed_is_just_as_unknown_until_the_venue_says_so(
    client: AsterClient, venue: LocalVenue, how: dict[str, object]
) -> None:
    venue.fail("order", execute=False, method="POST", **how)
    with pytest.raises(Unsettled):
        await submit(client)
    assert venue.executed == []
    with pytest.raises(Refused) as caught:
        await client.orders.by_client_id("BTCUSDT", "pf-entry")
    assert (caught.value.code, caught.value.action) == (-2013, Action.GONE)
    assert len(venue.sent_to("order", "POST")) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"clientOrderId": "another"},
        {"symbol": "ETHUSDT"},
        {"orderId": None},
        {"orderId": "none"},
        {"executedQty": "NaN"},
        {"origQty": "Infinity"},
        {"status": None},
    ],
    ids=str,
)
async def test_an_answer_about_something_else_or_without_its_id_is_unknown(
    client: AsterClient, venue: LocalVenue, row: dict[str, object]
) -> None:
    true = {
        "orderId": 1,
        "clientOrderId": "pf-entry",
        "symbol": "BTCUSDT",
        "status": "NEW",
        "side": "BUY",
        "type": "MARKET",
        "origQty": "0.01",
        "executedQty": "0",
        "updateTime": 1,
    }
    venue.answers["POST", "order"] = true
    await submit(client)
    venue.answers["POST", "order"] = true | row
    with pytest.raises(Unsettled):
        await submit(client)


async def test_nothing_listening_means_that_nothing_was_sent(
    open_client: Callable[..., AsterClient], venue: LocalVenue, agent: Credentials
) -> None:
    client = open_client(agent, timeouts=Timeouts(connect=1.0, total=1.0, keep_alive=0.0))
    await client.read_clock()
    await venue.stop()
    with pytest.raises(Unreachable, match="nothing was sent: ConnectError") as caught:
        await submit(client)
    assert isinstance(caught.value, VenueUnavailable)
    await venue.start()


async def test_a_kept_connection_that_ends_under_a_submit_is_unknown_and_of_a_read_is_not(
    client: AsterClient, venue: LocalVenue
) -> None:
    await client.read_clock()
    venue.fail("order", drop=True, method="POST")
    with pytest.raises(Unsettled):
        await submit(client)
    venue.fail("balance", drop=True)
    with pytest.raises(Unreachable):
        await client.account.balances()
    assert venue.connections > 1


async def test_a_name_that_cannot_be_resolved_and_a_wrong_certificate_are_unavailable(
    open_client: Callable[..., AsterClient], venue: LocalVenue
) -> None:
    nowhere = venue_address(Network.TESTNET, f"https://{'x' * 70}.invalid")
    lost = open_client(None, address=nowhere)
    with pytest.raises(Unreachable, match="nothing was sent"):
        await lost.market.time_ms()
    # The plain server cannot shake hands: TLS is never given up for the sake of an answer.
    secure = venue_address(Network.TESTNET, venue.url.replace("http://", "https://"))
    plain = open_client(None, address=secure, timeouts=Timeouts(connect=0.3))
    with pytest.raises(Unreachable, match="nothing was sent"):
        await plain.market.time_ms()


@pytest.mark.parametrize(
    "how", [how for how in EXECUTED_BUT if how.get("body") != "[]"], ids=lambda how: str(how)[:60]
)
async def test_the_same_faults_of_a_read_change_nothing_and_it_works_the_next_time(
    client: AsterClient, hasty: AsterClient, venue: LocalVenue, how: dict[str, object]
) -> None:
    reader = hasty if is_late(how) else client
    await reader.read_clock()
    venue.fail("balance", execute=True, **how)
    with pytest.raises((Unreachable, Refused)) as caught:
        await reader.account.balances()
    assert not isinstance(caught.value, OutcomeUnknown)
    assert len(venue.sent_to("balance")) == 1
    assert len(await client.account.balances()) == 1


async def test_a_missing_field_of_a_read_is_named(client: AsterClient, venue: LocalVenue) -> None:
    venue.answers["GET", "balance"] = [{"asset": "USDT", "balance": "1"}]
    with pytest.raises(MissingField) as caught:
        await client.account.balances()
    assert caught.value.fields == ("row 1 availableBalance",)
    assert caught.value.action is Action.RETRY
    venue.answers["GET", "commissionRate"] = {"symbol": "BTCUSDT", "takerCommissionRate": "x"}
    with pytest.raises(MissingField, match="makerCommissionRate, takerCommissionRate"):
        await client.account.commission("BTCUSDT")


async def test_an_order_of_another_symbol_in_a_look_up_is_unusable(
    client: AsterClient, venue: LocalVenue
) -> None:
    await submit(client)
    with pytest.raises(Unusable, match="another order"):
        await client.orders.by_client_id("ETHUSDT", "pf-entry")
    venue.answers["GET", "order"] = venue_row("someone-else")
    with pytest.raises(Unusable, match="another client order id"):
        await client.orders.by_client_id("BTCUSDT", "pf-entry")


def venue_row(client_order_id: str) -> dict[str, object]:
    return {
        "orderId": 1,
        "clientOrderId": client_order_id,
        "symbol": "BTCUSDT",
        "status": "NEW",
        "side": "BUY",
        "type": "MARKET",
        "origQty": "1",
        "executedQty": "0",
        "updateTime": 1,
    }


@pytest.mark.parametrize(
    ("code", "error", "action"),
    [
        (-2019, Refused, Action.GIVE_UP),
        (-2021, Refused, Action.CLOSE_NOW),
        (-2022, Refused, Action.RECONCILE),
        (-2023, AccountRefused, Action.STOP_ACCOUNT),
        (-4045, Refused, Action.CANCEL_STALE),
        (-2015, AccountRefused, Action.STOP_ACCOUNT),
        (-1000, Refused, Action.GIVE_UP),
        (-99999, Refused, Action.GIVE_UP),
        (-1015, Blocked, Action.BACK_OFF),
    ],
)
async def test_a_definite_no_carries_code_and_action_and_the_order_is_not_sent_again(
    client: AsterClient, venue: LocalVenue, code: int, error: type[Exception], action: Action
) -> None:
    venue.fail("order", status=400, body=f'{{"code":{code},"msg":"No."}}')
    with pytest.raises(error) as caught:
        await submit(client)
    assert caught.value.action is action
    assert isinstance(caught.value, OrderRejected | VenueUnavailable)
    assert not isinstance(caught.value, OutcomeUnknown)
    assert len(venue.sent_to("order", "POST")) == 1


async def test_a_minus_1000_about_agent_or_signature_stops_the_account(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.signers.clear()
    with pytest.raises(AccountRefused, match="No agent found") as caught:
        await submit(client)
    assert caught.value.action is Action.STOP_ACCOUNT


async def test_a_signature_for_the_other_network_is_refused(
    open_client: Callable[..., AsterClient], venue: LocalVenue, agent: Credentials
) -> None:
    client = open_client(agent, address=venue_address(Network.MAINNET, venue.url))
    with pytest.raises(AccountRefused, match="No agent found"):
        await submit(client)
    assert venue.executed == []


async def test_a_burnt_nonce_of_a_submit_is_a_refusal_and_of_a_cancel_is_unknown(
    client: AsterClient, venue: LocalVenue
) -> None:
    burnt = '{"code":-4225,"msg":"Nonce Expired"}'
    venue.fail("order", status=400, body=burnt)
    with pytest.raises(ClockRefused) as caught:
        await submit(client)
    assert caught.value.action is Action.RESYNC
    before = len(venue.sent_to("time"))
    venue.fail("order", status=400, body=burnt, method="DELETE")
    with pytest.raises(Unsettled):
        await client.orders.cancel("BTCUSDT", "pf-entry")
    await submit(client)
    assert len(venue.sent_to("time")) == before + 6


async def test_what_was_so_already_is_success_and_other_refusals_are_not(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.fail("marginType", status=400, body='{"code":-4046,"msg":"No need to change."}')
    await client.account.set_margin_type("BTCUSDT", "ISOLATED")
    venue.fail("positionSide/dual", status=400, body='{"code":-4059,"msg":"No need."}')
    await client.account.set_hedge_mode(is_hedge=False)
    venue.fail("marginType", status=400, body='{"code":-4048,"msg":"There is a position."}')
    with pytest.raises(Refused) as caught:
        await client.account.set_margin_type("BTCUSDT", "ISOLATED")
    assert caught.value.action is Action.KEEP_SETTING


async def test_another_leverage_than_the_one_asked_for_is_not_taken_for_done(
    client: AsterClient, venue: LocalVenue
) -> None:
    assert (await client.account.set_leverage("BTCUSDT", 21)).leverage == 21
    with pytest.raises(Unsettled, match="leverage 21"):
        await client.account.set_leverage("BTCUSDT", 5)


async def test_a_budget_that_fails_before_the_order_sends_nothing(
    client: AsterClient, venue: LocalVenue, budget: OwnBudget, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.read_clock()

    async def broken(self: OwnBudget, *_: object) -> None:
        raise ConnectionError("database is gone")

    monkeypatch.setattr(OwnBudget, "spend", broken)
    with pytest.raises(Unreachable, match="request budget failed"):
        await submit(client)
    assert venue.sent_to("order") == []


async def test_a_budget_that_fails_after_the_order_does_not_cost_its_answer(
    client: AsterClient, venue: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    venue.headers["X-MBX-USED-WEIGHT-1M"] = "17"

    async def broken(self: OwnBudget, *_: object, **__: object) -> None:
        raise ConnectionError("database is gone")

    monkeypatch.setattr(OwnBudget, "heard", broken)
    order = await submit(client)
    assert order.status == "FILLED"


async def test_a_source_of_nonces_that_fails_sends_nothing(
    open_client: Callable[..., AsterClient], venue: LocalVenue, agent: Credentials
) -> None:
    class Broken:
        async def next_nonce(self, signer: str, now_microseconds: int) -> int:
            raise ConnectionError("database is gone")

    client = open_client(agent, nonces=Broken())
    with pytest.raises(Unreachable, match="no nonce could be had"):
        await submit(client)
    assert venue.sent_to("order") == []


async def test_an_order_whose_time_to_leave_has_passed_is_not_written_and_reads_go_on(
    client: AsterClient, venue: LocalVenue
) -> None:
    with leaving_before(datetime.now(UTC) - timedelta(seconds=1)):
        with pytest.raises(Unreachable, match="held up after it had been checked"):
            await submit(client)
        await client.read_clock()
    assert venue.sent_to("order", "POST") == []
    await submit(client)
    assert len(venue.sent_to("order", "POST")) == 1


async def test_an_order_that_is_held_up_on_its_way_to_the_socket_is_not_written(
    open_client: Callable[..., AsterClient], venue: LocalVenue, agent: Credentials
) -> None:
    class Slow:
        async def next_nonce(self, signer: str, now_microseconds: int) -> int:
            await asyncio.sleep(0.3)
            return now_microseconds

    client = open_client(agent, nonces=Slow())
    await client.read_clock()
    with (
        leaving_before(datetime.now(UTC) + timedelta(seconds=0.2)),
        pytest.raises(Unreachable, match="held up after it had been checked"),
    ):
        await submit(client)
    assert venue.sent_to("order", "POST") == []


async def test_cancelling_the_task_in_the_middle_of_a_submit_sends_no_second_one(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.fail("order", execute=True, delay=5.0)
    await client.read_clock()
    running = asyncio.create_task(submit(client))
    await venue.has_executed.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert (await client.orders.by_client_id("BTCUSDT", "pf-entry")).status == "FILLED"
    assert len(venue.sent_to("order", "POST")) == 1


async def test_a_redirect_is_never_followed(client: AsterClient, venue: LocalVenue) -> None:
    venue.fail("premiumIndex", status=301, headers={"Location": venue.url + "/fapi/v3/time"})
    with pytest.raises(Unusable, match="HTTP 301"):
        await client.market.premiums("BTCUSDT")
    assert len(venue.requests) == 1


async def test_a_proxy_of_the_environment_is_not_used(
    open_client: Callable[..., AsterClient], venue: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    assert await open_client(None).market.time_ms() > 0


async def test_after_429_nothing_leaves_until_the_wait_is_over(
    client: AsterClient, venue: LocalVenue, budget: OwnBudget
) -> None:
    await client.read_clock()
    venue.fail(
        "balance", status=429, body='{"code":-1003,"msg":"Too many"}', headers={"Retry-After": "30"}
    )
    with pytest.raises(Blocked) as caught:
        await client.account.balances()
    assert caught.value.action is Action.BACK_OFF
    assert caught.value.retry_at is not None
    seen = len(venue.requests)
    with pytest.raises(WeightRefused, match="HTTP 429"):
        await submit(client)
    with pytest.raises(WeightRefused):
        await client.orders.cancel("BTCUSDT", "pf-entry", Priority.EXIT)
    assert len(venue.requests) == seen


async def test_an_answer_without_end_is_given_up_and_leaves_a_write_unknown(
    client: AsterClient, venue: LocalVenue, monkeypatch: pytest.MonkeyPatch
) -> None:
    await client.read_clock()
    monkeypatch.setattr(transport, "_MOST_BYTES", 1000)
    venue.fail("order", execute=True, method="POST", body=" " * 5000 + "{}")
    with pytest.raises(Unsettled, match="more than 1000 bytes"):
        await submit(client)
    assert (await client.orders.by_client_id("BTCUSDT", "pf-entry")).status == "FILLED"


async def test_a_batch_with_fewer_results_than_orders_is_unknown_as_a_whole(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.answers["POST", "batchOrders"] = [venue_row("pf-entry")]
    with pytest.raises(Unsettled, match="1 results for 2 orders"):
        await client.orders.submit_batch([ENTRY, ENTRY], priority=Priority.ENTRY)


async def test_an_item_of_a_batch_that_is_another_order_leaves_the_batch_unknown(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.answers["POST", "batchOrders"] = [venue_row("someone-else")]
    with pytest.raises(Unsettled, match="another client order id"):
        await client.orders.submit_batch([ENTRY], priority=Priority.ENTRY)


async def test_batches_and_groups_of_a_wrong_size_are_never_sent(
    client: AsterClient, venue: LocalVenue
) -> None:
    for count in (0, 6):
        with pytest.raises(InvalidRecord, match="1 to 5"):
            await client.orders.submit_batch([ENTRY] * count, priority=Priority.ENTRY)
    with pytest.raises(InvalidRecord, match="1 to 10"):
        await client.orders.cancel_batch("BTCUSDT", ["a"] * 11)
    with pytest.raises(InvalidRecord, match="OTOCO takes 3"):
        await client.groups.place("OTOCO", "g", [SubOrder(ticket=ENTRY)], priority=Priority.ENTRY)
    assert venue.requests == []


async def test_a_group_that_is_answered_for_another_is_unknown(
    client: AsterClient, venue: LocalVenue
) -> None:
    orders = [SubOrder(ticket=ENTRY)] * 2
    with pytest.raises(Unsettled, match="another group"):
        await client.groups.place("OTO", "group-2", orders, priority=Priority.ENTRY)
    with pytest.raises(Unusable, match="another group"):
        await client.groups.state("OTO", "group-2")


async def test_orders_that_are_not_ours_are_looked_up_and_cancelled_by_the_venues_id(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.answers["GET", "order"] = venue_row("web_abc")
    venue.answers["DELETE", "order"] = venue_row("web_abc") | {"status": "CANCELED"}
    assert (await client.orders.by_order_id("BTCUSDT", 1)).client_order_id == "web_abc"
    assert (await client.orders.cancel_order_id("BTCUSDT", 1)).status == "CANCELED"
    with pytest.raises(Unusable, match="another order"):
        await client.orders.by_order_id("BTCUSDT", 2)
    with pytest.raises(Unsettled, match="another order"):
        await client.orders.cancel_order_id("BTCUSDT", 2)


async def test_an_agent_without_a_source_of_nonces_is_refused_at_once(
    open_client: Callable[..., AsterClient], agent: Credentials
) -> None:
    with pytest.raises(KeyRefused, match="source of nonces"):
        open_client(agent, nonces=None)


async def test_a_client_is_closed_when_its_block_ends(
    open_client: Callable[..., AsterClient], venue: LocalVenue
) -> None:
    async with open_client(None) as client:
        assert await client.market.time_ms() > 0
    with pytest.raises(RuntimeError, match="closed"):
        await client.market.time_ms()
