"""Our client with the venue's own library as its transport: the same verdicts, weights and silence.

Skipped where the library is not installed; it is on no index, only in its repository (docs/aster.md).
Every test of this folder that takes `either_client` runs through it as well then.
"""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator
from decimal import Decimal

import pytest

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import (
    AccountRefused,
    Blocked,
    ClockRefused,
    Refused,
    Unreachable,
    Unsettled,
)
from adapters.venues.aster.transport import Timeouts
from tests.adapters.venues.aster.conftest import HASTY, PATIENT
from tests.adapters.venues.aster.demo_keys import PAIR_KEY, PAIR_SECRET
from tests.aster_sandbox.conftest import PAIR, client_of
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.tickets import limit, market, stop
from tests.aster_sandbox.users import User
from tests.aster_sandbox.venue import Venue
from trading.weights import Priority

pytest.importorskip("aster.rest_api", reason="aster-connector-python is not installed")

D = Decimal
E = Priority.ENTRY


@pytest.fixture
async def carried(sandbox: Sandbox, user: User) -> AsyncIterator[AsterClient]:
    async with client_of(sandbox, PAIR, transport="connector") as made:
        yield made


async def test_the_library_signs_and_sends_what_our_client_asks_for(
    carried: AsterClient, sandbox: Sandbox, user: User
) -> None:
    await carried.account.set_leverage("BTCUSDT", 10)
    bought = await carried.orders.submit(market(), priority=E)
    assert (bought.status, bought.avg_price) == ("FILLED", D("60000.1"))
    await carried.orders.submit(stop("59000"), priority=E)
    await carried.orders.cancel("BTCUSDT", "stop")
    assert await carried.orders.open_orders("BTCUSDT") == ()
    (brackets,) = await carried.account.brackets("BTCUSDT")
    assert brackets.brackets[0].maint_margin_ratio == D("0.004")
    assert (await carried.permissions()).can_trade
    key = await carried.stream.start()
    assert key.get_secret_value() == user.listen_key
    await carried.stream.keep()
    for request in sandbox.venue.requests:
        assert request.headers["user-agent"].startswith("aster-connector/")
        assert request.body == ""
        is_open = request.path.endswith("/time")
        assert ("signature" in request.parameters) is not (is_open or "listenKey" in request.path)
    (order, _) = sandbox.sent_to("order", "POST")
    assert order.parameters["recvWindow"] == "5000"
    assert order.path == "/fapi/v1/order"


@pytest.mark.parametrize(
    "how",
    [
        {"status": 302, "headers": {"Location": "/fapi/v1/ping"}, "execute": True},
        {"status": 307, "headers": {"Location": "/fapi/v1/order"}, "execute": True},
        {"status": 408, "body": "{}"},
        {"status": 400, "body": "<html>bad</html>", "execute": True},
        {"status": 400, "body": '{"code":-1007,"msg":"Timeout"}', "execute": True},
        {"status": 500, "body": '{"code":-2010,"msg":"looks final and is not"}'},
        {"status": 200, "body": '"a text"', "execute": True},
        {"status": 200, "body": '{"orderId": NaN}', "execute": True},
    ],
)
async def test_no_answer_that_its_errors_would_blur_is_taken_for_a_verdict(
    carried: AsterClient, sandbox: Sandbox, how
) -> None:
    await carried.read_clock()
    sandbox.fail("order", method="POST", **how)
    with pytest.raises(Unsettled):
        await carried.orders.submit(market(), priority=E)
    assert len(sandbox.sent_to("order")) == 1
    assert sandbox.sent_to("ping") == []


async def test_refusals_keep_their_codes_and_classes(
    carried: AsterClient, sandbox: Sandbox, user: User
) -> None:
    with pytest.raises(Refused) as caught:
        await carried.orders.submit(limit("59000.05"), priority=E)
    assert caught.value.code == -4014
    user.pairs.clear()
    with pytest.raises(AccountRefused) as barred:
        await carried.account.balances()
    assert barred.value.code == -2015


async def test_the_library_signs_with_this_machines_clock_which_has_to_be_right(
    carried: AsterClient, sandbox: Sandbox
) -> None:
    sandbox.skew(-5_000)
    for _ in range(2):
        with pytest.raises(ClockRefused):
            await carried.account.balances()


async def test_limits_are_heard_from_every_answer_also_from_errors(
    carried: AsterClient, sandbox: Sandbox
) -> None:
    await carried.read_clock()
    sandbox.fail("balance", status=503, headers={"X-MBX-USED-WEIGHT-1M": "77"})
    with pytest.raises(Unreachable):
        await carried.account.balances()
    budget = carried.account.caller.spending.budget
    assert budget.heard_of[-1][2] == 77
    sandbox.fail("balance", status=418, body="{}", headers={"Retry-After": "90"})
    with pytest.raises(Blocked) as caught:
        await carried.account.balances()
    assert caught.value.retry_at is not None
    assert budget.heard_of[-1][1:] == (418, None, 90.0) or budget.heard_of[-1][3] == 90.0


async def test_a_late_answer_is_unsettled_and_nobody_waits_for_it(
    sandbox: Sandbox, user: User
) -> None:
    async with client_of(sandbox, PAIR, HASTY, "connector") as hasty:
        await hasty.read_clock()
        sandbox.fail("order", method="POST", answer_delay=2.0)
        began = time.monotonic()
        with pytest.raises(Unsettled):
            await hasty.orders.submit(market(), priority=E)
        assert time.monotonic() - began < 1.5
    assert len(user.fills) == 1


async def test_what_was_given_up_before_a_thread_was_free_is_never_sent(
    sandbox: Sandbox, user: User
) -> None:
    # The library would wait for longer than we do: its threads stay busy.
    waiting = Timeouts(connect=5.0, idle=10.0, total=0.6)
    async with client_of(sandbox, PAIR, waiting, "connector") as hasty:
        await hasty.read_clock()
        sandbox.fail("order", method="POST", times=0, delay=1.0)
        tickets = [market(quantity="0.001", client_order_id=f"o{number}") for number in range(10)]
        outcomes = await asyncio.gather(
            *(hasty.orders.submit(each, priority=E) for each in tickets), return_exceptions=True
        )
        kinds = [type(each).__name__ for each in outcomes]
        assert sorted(kinds) == ["Unreachable"] * 2 + ["Unsettled"] * 8
        await asyncio.sleep(1.5)
    assert len(sandbox.sent_to("order", "POST")) == 8


async def test_a_host_that_is_not_there_has_got_nothing(user: User) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
    async with client_of(Sandbox(Venue(), url), PAIR, transport="connector") as client:
        with pytest.raises(Unreachable, match="nothing was sent"):
            await client.market.time_ms()


async def test_a_connection_that_was_idle_for_long_is_not_used_again(
    sandbox: Sandbox, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with client_of(sandbox, PAIR, transport="connector") as client:
        await client.market.time_ms()
        transport = client.market.caller.transport
        closed: list[bool] = []
        monkeypatch.setattr(transport._client.session, "close", lambda: closed.append(True))
        await client.market.time_ms()
        assert closed == []
        transport._used_at -= PATIENT.keep_alive + 1
        await client.market.time_ms()
        assert closed == [True]


async def test_neither_key_nor_secret_nor_signature_reaches_a_log_or_a_message(
    carried: AsterClient, sandbox: Sandbox, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        await carried.orders.submit(market(), priority=E)
        sandbox.fail("order", drop=True)
        with pytest.raises(Unsettled) as caught:
            await carried.orders.submit(market(), priority=E)
    told = "\n".join(record.getMessage() for record in caplog.records) + repr(caught.value)
    signatures = [each.parameters["signature"] for each in sandbox.sent_to("order")]
    for secret in (PAIR_KEY, PAIR_SECRET, *signatures):
        assert secret not in told
    assert "raw response" not in told
    assert "signature=[removed]" in told
