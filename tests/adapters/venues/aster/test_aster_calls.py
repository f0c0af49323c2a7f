"""Every call over real HTTP: path, weight, bytes as signed, and the documented answer as numbers."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.venues.aster import endpoints
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.credentials import KeyRefused
from adapters.venues.aster.endpoints import Endpoint
from adapters.venues.aster.strategy_calls import SubOrder
from adapters.venues.aster.tickets import Ticket
from tests.adapters.venues.aster.conftest import OwnBudget
from tests.adapters.venues.aster.demo_keys import PAIR_KEY, SIGNER, USER
from tests.adapters.venues.aster.local_venue import LocalVenue
from trading.weights import Priority

Call = Callable[[AsterClient], Awaitable[object]]
D = Decimal
ENTRY = Ticket(
    symbol="BTCUSDT", side="BUY", type="MARKET", quantity=D("0.0100"), client_order_id="pf-1"
)
STOP = Ticket(
    symbol="BTCUSDT",
    side="SELL",
    type="STOP_MARKET",
    stop_price=D(58000),
    close_position=True,
    working_type="MARK_PRICE",
    client_order_id="pf-2",
)
TARGET = Ticket(
    symbol="BTCUSDT",
    side="SELL",
    type="TAKE_PROFIT_MARKET",
    stop_price=D(70000),
    quantity=D("0.01"),
    reduce_only=True,
    client_order_id="pf-3",
)
GROUP = [SubOrder(ticket=ticket) for ticket in (ENTRY, STOP, TARGET)]
E = Priority.EXIT

# call, method, V3 path, V1 path, weight
CALLS: list[tuple[Call, str, str, str | None, int]] = [
    (lambda c: c.market.exchange_info(), "GET", "v3/exchangeInfo", "v1/exchangeInfo", 1),
    (lambda c: c.market.depth("BTCUSDT", 20), "GET", "v3/depth", "v1/depth", 2),
    (lambda c: c.market.depth("BTCUSDT", 1000), "GET", "v3/depth", "v1/depth", 20),
    (lambda c: c.market.klines("BTCUSDT", "5m", limit=99), "GET", "v3/klines", "v1/klines", 1),
    (lambda c: c.market.klines("BTCUSDT", "5m"), "GET", "v3/klines", "v1/klines", 5),
    (lambda c: c.market.klines("BTCUSDT", "5m", limit=1500), "GET", "v3/klines", "v1/klines", 10),
    (
        lambda c: c.market.klines("BTCUSDT", "5m", limit=100, is_mark=True),
        "GET",
        "v3/markPriceKlines",
        "v1/markPriceKlines",
        2,
    ),
    (lambda c: c.market.premiums(), "GET", "v3/premiumIndex", "v1/premiumIndex", 1),
    (lambda c: c.market.fundings("BTCUSDT"), "GET", "v3/fundingRate", "v1/fundingRate", 1),
    (lambda c: c.market.funding_rules(), "GET", "v3/fundingInfo", "v1/fundingInfo", 1),
    (
        lambda c: c.market.book_tickers("BTCUSDT"),
        "GET",
        "v3/ticker/bookTicker",
        "v1/ticker/bookTicker",
        1,
    ),
    (lambda c: c.market.book_tickers(), "GET", "v3/ticker/bookTicker", "v1/ticker/bookTicker", 2),
    (lambda c: c.market.open_interest("BTCUSDT"), "GET", "v1/openInterest", "v1/openInterest", 1),
    (lambda c: c.account.balances(), "GET", "v3/balance", "v2/balance", 5),
    (lambda c: c.account.account(), "GET", "v3/accountWithJoinMargin", "v4/account", 5),
    (lambda c: c.account.positions(), "GET", "v3/positionRisk", "v2/positionRisk", 5),
    (lambda c: c.account.set_leverage("BTCUSDT", 21), "POST", "v3/leverage", "v1/leverage", 1),
    (
        lambda c: c.account.set_margin_type("BTCUSDT", "ISOLATED"),
        "POST",
        "v3/marginType",
        "v1/marginType",
        1,
    ),
    (
        lambda c: c.account.is_hedge_mode(),
        "GET",
        "v3/positionSide/dual",
        "v1/positionSide/dual",
        30,
    ),
    (
        lambda c: c.account.set_hedge_mode(is_hedge=False),
        "POST",
        "v3/positionSide/dual",
        "v1/positionSide/dual",
        1,
    ),
    (
        lambda c: c.account.is_multi_assets_mode(),
        "GET",
        "v3/multiAssetsMargin",
        "v1/multiAssetsMargin",
        30,
    ),
    (
        lambda c: c.account.set_multi_assets_mode(is_multi=False),
        "POST",
        "v3/multiAssetsMargin",
        "v1/multiAssetsMargin",
        1,
    ),
    (lambda c: c.account.brackets("ETHUSDT"), "GET", "v3/leverageBracket", "v1/leverageBracket", 1),
    (
        lambda c: c.account.commission("BTCUSDT"),
        "GET",
        "v3/commissionRate",
        "v1/commissionRate",
        20,
    ),
    (lambda c: c.account.force_orders("BTCUSDT"), "GET", "v3/forceOrders", "v1/forceOrders", 20),
    (lambda c: c.account.force_orders(), "GET", "v3/forceOrders", "v1/forceOrders", 50),
    (lambda c: c.account.agents(), "GET", "v3/agent", None, 5),
    (lambda c: c.account.builders(), "GET", "v3/builder", None, 1),
    (lambda c: c.orders.submit(ENTRY, priority=E), "POST", "v3/order", "v1/order", 1),
    (lambda c: c.orders.check(ENTRY), "POST", "v3/order/test", "v1/order/test", 1),
    (
        lambda c: c.orders.open_by_client_id("BTCUSDT", "testOrder"),
        "GET",
        "v3/openOrder",
        "v1/openOrder",
        1,
    ),
    (lambda c: c.orders.open_orders("BTCUSDT"), "GET", "v3/openOrders", "v1/openOrders", 1),
    (lambda c: c.orders.open_orders(), "GET", "v3/openOrders", "v1/openOrders", 40),
    (lambda c: c.orders.all_orders("BTCUSDT"), "GET", "v3/allOrders", "v1/allOrders", 5),
    (
        lambda c: c.orders.cancel_all("BTCUSDT"),
        "DELETE",
        "v3/allOpenOrders",
        "v1/allOpenOrders",
        1,
    ),
    (
        lambda c: c.orders.cancel_after("BTCUSDT", 100000),
        "POST",
        "v3/countdownCancelAll",
        "v1/countdownCancelAll",
        10,
    ),
    (lambda c: c.ledger.fills_from("BTCUSDT", 1), "GET", "v3/userTrades", "v1/userTrades", 5),
    (lambda c: c.ledger.income(0, 10), "GET", "v3/income", "v1/income", 30),
    (lambda c: c.stream.start(), "POST", "v3/listenKey", "v1/listenKey", 1),
    (lambda c: c.stream.keep(), "PUT", "v3/listenKey", "v1/listenKey", 1),
    (lambda c: c.stream.close(), "DELETE", "v3/listenKey", "v1/listenKey", 1),
    (
        lambda c: c.groups.place("OTOCO", "group-1", GROUP, priority=E),
        "POST",
        "v3/placeStrategyOrder",
        None,
        50,
    ),
    (lambda c: c.groups.state("OTOCO", "group-1"), "GET", "v3/strategyOpenOrder", None, 5),
]
IDS = [f"{method} {v3} {weight}" for _, method, v3, _, weight in CALLS]


@pytest.mark.parametrize(("call", "method", "v3", "v1", "weight"), CALLS, ids=IDS)
async def test_an_agents_call_goes_to_its_v3_path_for_its_documented_weight(
    client: AsterClient,
    venue: LocalVenue,
    budget: OwnBudget,
    call: Call,
    method: str,
    v3: str,
    v1: str | None,
    weight: int,
) -> None:
    await client.read_clock()
    budget.spent.clear()
    await call(client)
    request = venue.requests[-1]
    assert (request.method, request.path) == (method, f"/fapi/{v3}")
    host = [spent for name, spent, _ in budget.spent if " orders " not in name]
    assert sum(host) == weight
    is_open = "signature" not in request.parameters
    assert is_open == ("exchangeInfo" in v3 or _is_market(v3))
    if method == "GET":
        assert request.body == ""
    else:
        assert request.query == ""
        assert request.headers["content-type"] == "application/x-www-form-urlencoded"


@pytest.mark.parametrize(("call", "method", "v3", "v1", "weight"), CALLS, ids=IDS)
async def test_a_v1_key_calls_the_v1_family_or_says_that_it_cannot(
    pair_client: AsterClient,
    venue: LocalVenue,
    call: Call,
    method: str,
    v3: str,
    v1: str | None,
    weight: int,
) -> None:
    if v1 is None:
        with pytest.raises(KeyRefused, match="not for V1 keys"):
            await call(pair_client)
        assert venue.requests == []
        return
    await call(pair_client)
    request = venue.requests[-1]
    assert (request.method, request.path) == (method, f"/fapi/{v1}")
    if _is_market(v3):
        assert "x-mbx-apikey" not in request.headers
    else:
        assert request.headers["x-mbx-apikey"] == PAIR_KEY
        assert ("signature" in request.parameters) == ("listenKey" not in v1)
    assert not {"nonce", "signer", "user"} & set(request.parameters)


def _is_market(v3: str) -> bool:
    named = {name: value for name, value in vars(endpoints).items() if isinstance(value, Endpoint)}
    assert len(named) > 35
    return any(e.v3 == v3 and e.access is endpoints.Access.OPEN for e in named.values())


def test_every_endpoint_of_the_table_is_in_the_list_of_tested_calls() -> None:
    tested = {(method, v3) for _, method, v3, _, _ in CALLS}
    elsewhere = {"time", "order", "batchOrders", "strategyHistoryOrder"}
    for name, endpoint in vars(endpoints).items():
        if isinstance(endpoint, Endpoint) and str(endpoint.v3).rsplit("/")[-1] not in elsewhere:
            assert (endpoint.method, endpoint.v3) in tested, name


async def test_without_keys_the_public_calls_work_and_the_others_say_what_is_missing(
    open_client: Callable[..., AsterClient], venue: LocalVenue
) -> None:
    client = open_client(None)
    assert await client.market.premiums("BTCUSDT")
    with pytest.raises(KeyRefused, match="needs keys"):
        await client.account.balances()
    assert [request.path for request in venue.requests] == ["/fapi/v3/premiumIndex"]


async def test_an_order_goes_out_as_plain_digits_with_user_signer_and_client_id(
    client: AsterClient, venue: LocalVenue
) -> None:
    order = await client.orders.submit(ENTRY, priority=Priority.ENTRY)
    assert (order.order_id, order.status, order.executed_qty) == (1, "FILLED", D("0.01"))
    sent = venue.requests[-1].parameters
    assert {name: sent[name] for name in list(sent)[:6]} == {
        "symbol": "BTCUSDT",
        "side": "BUY",
        "type": "MARKET",
        "quantity": "0.01",
        "newClientOrderId": "pf-1",
        "newOrderRespType": "RESULT",
    }
    assert (sent["user"], sent["signer"]) == (USER, SIGNER)
    assert list(sent)[-1] == "signature"
    assert not {"builder", "feeRate", "timestamp", "recvWindow"} & set(sent)


async def test_numbers_become_decimals_of_their_own_digits_and_text_ids_become_numbers(
    client: AsterClient,
) -> None:
    (position,) = await client.account.positions()
    assert (position.position_amt, position.leverage) == (D("-20.000"), 10)
    assert str(position.un_realized_profit) == "2316.83423560"
    (brackets,) = await client.account.brackets("ETHUSDT")
    assert str(brackets.brackets[0].maint_margin_ratio) == "0.0065"
    (rules,) = await client.market.funding_rules()
    assert (rules.funding_interval_hours, rules.funding_fee_floor) == (4, D("-0.02"))
    (kline,) = await client.market.klines("BTCUSDT", "1w")
    assert (kline.open_time, str(kline.close)) == (1499040000000, "0.01577100")
    depth = await client.market.depth("BTCUSDT")
    assert (depth.bids, depth.time) == (((D(4), D(431)),), 1589436922959)
    assert depth.asks == ((D("4.000002"), D(12)),)
    transfer, commission = await client.ledger.income(0, 10)
    assert (transfer.tran_id, commission.tran_id) == ("9689322392", "9689322392")
    account = await client.account.account()
    assert account.total_margin_balance == D("24.72469206")
    assert account.positions[0].leverage == 100
    assert await client.account.is_hedge_mode() is True
    assert await client.account.is_multi_assets_mode() is False


async def test_rules_that_cannot_be_read_are_left_out_by_name_and_limits_are_learned(
    client: AsterClient, budget: OwnBudget
) -> None:
    info = await client.market.exchange_info()
    assert [symbol.symbol for symbol in info.symbols] == ["ASTERUSDT"]
    assert info.unreadable == ("BROKENUSDT",)
    tick = info.symbols[0].filter("PRICE_FILTER")
    assert tick
    assert tick.tick_size == D("0.00010")
    budget.spent.clear()
    await client.orders.submit(ENTRY, priority=Priority.ENTRY)
    scopes = {name for name, _, _ in budget.spent}
    assert any(name.endswith(f"orders {USER.lower()} 10s") for name in scopes)
    assert any(name.endswith(f"orders {USER.lower()}") for name in scopes)


async def test_orders_count_against_the_accounts_limit_and_look_ups_do_not(
    client: AsterClient, budget: OwnBudget
) -> None:
    await client.orders.submit(ENTRY, priority=Priority.EXIT)
    await client.orders.by_client_id("BTCUSDT", "pf-1")
    await client.orders.cancel("BTCUSDT", "pf-1")
    orders = [(spent, priority) for name, spent, priority in budget.spent if " orders " in name]
    assert orders == [(1, Priority.EXIT)]


async def test_connections_are_kept_and_used_again(client: AsterClient, venue: LocalVenue) -> None:
    for _ in range(5):
        await client.market.premiums("BTCUSDT")
    assert (len(venue.requests), venue.connections) == (5, 1)
    assert venue.requests[0].headers["user-agent"].startswith("perpflow")


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(symbol=st.text(min_size=1, max_size=20))
async def test_whatever_the_text_the_bytes_that_arrive_are_those_that_were_signed(
    client: AsterClient, venue: LocalVenue, symbol: str
) -> None:
    if "\ud800" <= max(symbol) <= "\udfff":
        return
    # The server checks the signature over the raw bytes; a changed byte would be refused.
    await client.account.positions(symbol)
    await client.orders.cancel_all(symbol)
    query, body = venue.requests[-2], venue.requests[-1]
    assert query.parameters["symbol"] == body.parameters["symbol"] == symbol


async def test_a_batch_gives_each_order_its_own_result_in_order(
    client: AsterClient, venue: LocalVenue, budget: OwnBudget
) -> None:
    venue.answers["POST", "batchOrders"] = [
        {**_order_row("pf-3"), "type": "TAKE_PROFIT_MARKET"},
        {"code": -2021, "msg": "Order would immediately trigger."},
        {"code": -1007, "msg": "Timeout waiting for response."},
    ]
    found = await client.orders.submit_batch([TARGET, STOP, ENTRY], priority=Priority.EXIT)
    names = [type(result).__name__ for result in found]
    assert names == ["OrderPayload", "Refused", "Unsettled"]
    sent = venue.requests[-1].parameters["batchOrders"]
    assert '"reduceOnly":"true"' in sent
    assert " " not in sent
    assert [spent for name, spent, _ in budget.spent if " orders " in name] == [3]


async def test_a_batch_cancel_names_orders_that_are_gone(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.answers["DELETE", "batchOrders"] = [
        {**_order_row("pf-3"), "status": "CANCELED"},
        {"code": -2011, "msg": "Unknown order sent."},
    ]
    done, gone = await client.orders.cancel_batch("BTCUSDT", ["pf-3", "pf-9"])
    assert (done.status, gone.code) == ("CANCELED", -2011)
    assert venue.requests[-1].parameters["origClientOrderIdList"] == '["pf-3","pf-9"]'


async def test_an_order_group_is_numbered_and_looked_up_by_its_own_id(
    client: AsterClient, venue: LocalVenue
) -> None:
    group = await client.groups.place("OTOCO", "group-1", GROUP, priority=Priority.ENTRY)
    assert group.strategy_id == 123456789
    sent = venue.requests[-1].parameters["subOrderList"]
    assert '"strategySubId":"1","securityType":"USDT_FUTURES","symbol":"BTCUSDT"' in sent
    assert '"clientOrderId":"pf-2"' in sent
    venue.answers["GET", "strategyHistoryOrder"] = [
        {
            "strategyId": 1,
            "clientStrategyId": "group-1",
            "strategyType": "OTOCO",
            "strategyStatus": "EXPIRED",
            "updateTime": 1,
        }
    ]
    past = await client.groups.state("OTOCO", "group-1", is_open=False)
    assert past.strategy_status == "EXPIRED"


def _order_row(client_order_id: str) -> dict[str, object]:
    return {
        "orderId": "17",
        "clientOrderId": client_order_id,
        "symbol": "BTCUSDT",
        "status": "NEW",
        "side": "SELL",
        "type": "LIMIT",
        "origQty": "0.01",
        "executedQty": "0",
        "updateTime": "1566818724722",
    }


def test_no_call_and_no_ticket_can_name_a_builder_or_a_fee() -> None:
    assert not {"builder", "fee_rate", "feeRate"} & set(inspect.signature(Ticket).parameters)
