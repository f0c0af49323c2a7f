"""Small print of the documents that a client can stumble over: each line is one of them."""

from __future__ import annotations

from decimal import Decimal

import httpx
import pytest

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import Blocked, Refused
from tests.aster_sandbox.raw_calls import call_v1, code_of, get_v3, post_v3, signed_v1, signed_v3
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.tickets import limit, market
from tests.aster_sandbox.users import User
from trading.weights import Priority

D = Decimal
E = Priority.ENTRY
BTC = {"symbol": "BTCUSDT"}
pytestmark = pytest.mark.usefixtures("user")


@pytest.mark.parametrize(
    ("terms", "asked_for", "status"),
    [
        ({"type": "MARKET"}, "ACK", "NEW"),
        ({"type": "MARKET"}, "RESULT", "FILLED"),
        ({"type": "LIMIT", "price": "60001", "timeInForce": "IOC"}, "ACK", "NEW"),
        ({"type": "LIMIT", "price": "60001", "timeInForce": "IOC"}, "RESULT", "FILLED"),
        ({"type": "LIMIT", "price": "59999", "timeInForce": "FOK"}, "RESULT", "EXPIRED"),
        ({"type": "LIMIT", "price": "60001", "timeInForce": "GTX"}, "RESULT", "EXPIRED"),
        # Only orders that cannot rest are waited for; what is documented for no other is not given.
        ({"type": "LIMIT", "price": "60001", "timeInForce": "GTC"}, "RESULT", "NEW"),
    ],
)
def test_an_answer_says_what_became_of_an_order_only_where_it_is_documented(
    sandbox: Sandbox, user: User, terms: dict[str, str], asked_for: str, status: str
) -> None:
    order = {**BTC, "side": "BUY", "quantity": "0.1", **terms, "newOrderRespType": asked_for}
    answered = post_v3(sandbox.url, "order", signed_v3(order)).json()
    assert answered["status"] == status
    if status == "NEW":
        assert answered["executedQty"] == "0"
        assert len(user.fills) == 1


async def test_a_cancel_of_all_is_confirmed_by_a_text_or_a_number(
    either_client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    for as_text in (True, False):
        sandbox.venue.settings.writes_success_as_text = as_text
        await either_client.orders.submit(limit("59000"), priority=E)
        await either_client.orders.cancel_all("BTCUSDT")
        assert user.open_records() == []


async def test_what_ended_without_a_fill_is_forgotten_after_seven_days(
    client: AsterClient, sandbox: Sandbox
) -> None:
    await client.orders.submit(limit("59000", client_order_id="gone"), priority=E)
    await client.orders.cancel("BTCUSDT", "gone")
    await client.orders.submit(market(client_order_id="kept"), priority=E)
    sandbox.skew(8 * 24 * 3600 * 1000)
    await client.read_clock()
    with pytest.raises(Refused) as caught:
        await client.orders.by_client_id("BTCUSDT", "gone")
    assert caught.value.code == -2013
    assert (await client.orders.by_client_id("BTCUSDT", "kept")).status == "FILLED"


async def test_a_limit_of_ten_seconds_is_published_counted_and_enforced(
    client: AsterClient, sandbox: Sandbox
) -> None:
    sandbox.venue.settings.publishes_ten_second_orders = True
    limits = (await client.market.exchange_info()).rate_limits
    assert any(row.interval == "SECOND" and row.interval_num == 10 for row in limits)
    order = {**BTC, "side": "BUY", "type": "MARKET", "quantity": "0.001"}
    placed = post_v3(sandbox.url, "order", signed_v3(order))
    assert placed.headers["X-MBX-ORDER-COUNT-10S"] == "1"
    for burst in sandbox.venue.scales.bursts.values():
        burst.used = 300
    refused = post_v3(sandbox.url, "order", signed_v3(order))
    assert code_of(refused) == (429, -1015)
    assert int(refused.headers["Retry-After"]) <= 10


async def test_an_order_limit_blocks_orders_and_lets_the_account_be_read(
    client: AsterClient, sandbox: Sandbox
) -> None:
    sandbox.venue.settings.order_limit = 0
    with pytest.raises(Blocked):
        await client.orders.submit(market(), priority=E)
    assert await client.account.positions("BTCUSDT")


def test_a_v3_request_that_brings_a_timestamp_is_held_to_it(sandbox: Sandbox) -> None:
    old = signed_v3({"timestamp": "1591702613943"})
    assert code_of(get_v3(sandbox.url, "balance", old)) == (400, -1021)


@pytest.mark.parametrize("path", ["depth", "klines", "trades"])
def test_a_limit_that_is_no_number_is_refused_and_no_fault_of_the_venue(
    sandbox: Sandbox, path: str
) -> None:
    text = "symbol=BTCUSDT&interval=1m&limit=many"
    assert code_of(get_v3(sandbox.url, path, text)) == (400, -1100)


def test_of_a_name_that_is_in_query_and_body_the_query_counts(sandbox: Sandbox) -> None:
    body = "quantity=0.1&price=1"
    terms = {**BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "price": "59000"}
    answered = call_v1(sandbox.url, "POST", "v1/order", signed_v1(terms, body=body), body=body)
    assert (answered.json()["price"], answered.json()["origQty"]) == ("59000", "0.1")


def test_a_nonce_taken_by_a_noop_kills_the_order_that_was_to_come_with_it(
    sandbox: Sandbox, user: User
) -> None:
    nonce = sandbox.venue.time.now_us
    assert code_of(post_v3(sandbox.url, "noop", signed_v3({}, nonce=nonce))) == (200, 200)
    order = {**BTC, "side": "BUY", "type": "MARKET", "quantity": "0.1"}
    late = post_v3(sandbox.url, "order", signed_v3(order, nonce=nonce))
    assert code_of(late) == (400, -4225)
    assert user.records == {}


def test_isolated_margin_is_moved_within_its_bounds_and_remembered(
    sandbox: Sandbox, user: User
) -> None:
    def move(amount: str, kind: str) -> tuple[int, int]:
        terms = {**BTC, "amount": amount, "type": kind}
        return code_of(post_v3(sandbox.url, "positionMargin", signed_v3(terms)))

    assert move("10", "1") == (400, -4054)
    post_v3(sandbox.url, "marginType", signed_v3({**BTC, "marginType": "ISOLATED"}))
    sandbox.trade_by_hand(user, **BTC, side="BUY", type="MARKET", quantity="0.1")
    assert move("10", "1") == (200, 200)
    assert move("11", "2") == (400, -4051)
    assert move("100000", "1") == (400, -4051)
    (row,) = get_v3(sandbox.url, "positionMargin/history", signed_v3(BTC)).json()
    assert (row["amount"], row["type"]) == ("10", 1)


def test_a_path_that_does_not_exist_says_so(sandbox: Sandbox) -> None:
    assert code_of(httpx.get(f"{sandbox.url}/fapi/v1/nothing")) == (404, -5000)
    assert httpx.get(f"{sandbox.url}/api/v3/exchangeInfo").json()["symbols"] == []
