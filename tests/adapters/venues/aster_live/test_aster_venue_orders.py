"""Orders through the venue: sent as they stand, read back as they were meant, never told wrong."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.venues.aster.mapping.orders import order_of
from adapters.venues.aster.mapping.tickets import ticket_of
from adapters.venues.aster.payloads.orders import OrderPayload
from tests.adapters.venues.aster.demo_keys import USER
from tests.adapters.venues.aster_live.conftest import PAIR, Weighed, open_venue
from tests.adapters.venues.aster_live.wishes import stop, target, wish
from tests.aster_sandbox import desk
from tests.aster_sandbox.order_answers import order_document
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from tests.aster_sandbox.venue import Venue
from trading.errors import OrderRejected, OutcomeUnknown, VenueUnavailable
from trading.exits.protection import is_protected
from trading.market import BookLevel
from trading.order_groups import OrderGroup
from trading.orders import (
    GroupRole,
    OrderRequest,
    OrderStatus,
    OrderType,
    PriceKind,
    Side,
    TimeInForce,
)

D = Decimal
LIMIT, TRAILING = OrderType.LIMIT, OrderType.TRAILING_STOP_MARKET


def ticks(low: int, high: int) -> st.SearchStrategy[Decimal]:
    return st.integers(low * 10, high * 10).map(lambda each: D(each) / 10)


@st.composite
def acceptable_requests(draw: st.DrawFn) -> OrderRequest:
    """Sells beside a long of 1 BTC at 60,000, such as the venue takes and lets rest."""
    kind = draw(st.sampled_from([each for each in OrderType if each is not OrderType.MARKET]))
    below, above = draw(ticks(57_100, 59_900)), draw(ticks(60_100, 62_900))
    closes = kind in (OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET) and draw(st.booleans())
    trigger = None
    if kind.is_conditional and kind is not TRAILING:
        trigger = below if kind.is_stop else above
    return OrderRequest(
        symbol="BTCUSDT",
        side=Side.SELL,
        order_type=kind,
        client_order_id=f"pf-{draw(st.integers(1, 10**6))}",
        quantity=D(0) if closes else draw(st.integers(1, 999)) / D(1000),
        price=(trigger or above) if kind.has_limit else None,
        stop_price=trigger,
        reduce_only=not closes and draw(st.booleans()),
        time_in_force=draw(st.sampled_from([TimeInForce.GTC, TimeInForce.GTX]))
        if kind is LIMIT
        else TimeInForce.GTC,
        close_position=closes,
        trigger_by=draw(st.sampled_from(PriceKind)) if kind.is_conditional else PriceKind.LAST,
        activation_price=above if kind is TRAILING and draw(st.booleans()) else None,
        callback_ratio=draw(st.integers(1, 50)) / D(1000) if kind is TRAILING else None,
    )


@settings(max_examples=150)
@given(acceptable_requests())
def test_what_is_asked_for_is_what_the_venue_says_it_has(request: OrderRequest) -> None:
    venue = Venue()
    user = venue.add_user(USER)
    desk.place(venue, user, {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "1"})
    ticket = ticket_of(request, venue.instruments["BTCUSDT"])
    record = desk.place(venue, user, dict(ticket.parameters()))
    document = order_document(record, has_time=True)
    order = order_of(OrderPayload.model_validate(document))
    assert order.request == request
    assert order.status is OrderStatus.NEW
    assert order.venue_order_id == record.order.venue_order_id
    assert (order.filled_quantity, order.average_price, order.triggered_at) == (0, None, None)


async def test_a_market_order_is_answered_when_it_is_filled(either_venue: Weighed) -> None:
    order = await either_venue.submit(wish())
    assert (order.status, order.filled_quantity) == (OrderStatus.FILLED, D("0.1"))
    assert order.average_price == D("60000.1")
    assert order.request == wish()
    found = await either_venue.order_by_client_id("BTCUSDT", "pf-entry")
    assert found is not None
    assert (found.venue_order_id, found.request) == (order.venue_order_id, order.request)


async def test_an_id_that_the_venue_does_not_know_is_none(either_venue: Weighed) -> None:
    assert await either_venue.order_by_client_id("BTCUSDT", "pf-never") is None


async def test_a_triggered_order_keeps_what_it_was(venue: Weighed, sandbox: Sandbox) -> None:
    await venue.submit(wish(quantity="0.2"))
    await venue.submit(stop("59000", trigger_by=PriceKind.LAST))
    limit = wish(
        OrderType.STOP, Side.SELL, stop_price=D(59_000), price=D(59_100), reduce_only=True,
        client_order_id="pf-limit",
    )  # fmt: skip
    await venue.submit(limit)
    sandbox.set_price("BTCUSDT", D(58_950))
    market = await venue.order_by_client_id("BTCUSDT", "pf-stop")
    alive = await venue.order_by_client_id("BTCUSDT", "pf-limit")
    assert market is not None
    assert market.request.order_type is OrderType.STOP_MARKET
    assert market.status is OrderStatus.FILLED
    assert alive is not None
    assert alive.request == limit
    assert alive.triggered_at is not None
    assert alive.rests_as_limit


async def test_a_stop_that_closes_the_position_protects_it(venue: Weighed) -> None:
    await venue.submit(wish())
    await venue.submit(stop("59000", "0", reduce_only=False, close_position=True))
    held = await venue.holding("BTCUSDT")
    assert held.position is not None
    assert held.open_orders[0].request.quantity == 0
    assert is_protected(held.position.position, held.open_orders)


async def test_ways_out_go_first_in_the_budget(sandbox: Sandbox, user: User) -> None:
    async with open_venue(sandbox) as venue:
        await venue.submit(wish())
        await venue.submit(stop("59000"))
        spent = [(name, p.name) for name, _, p in venue._budget.spent if " orders " not in name]
    assert [priority for _, priority in spent] == ["ENTRY", "EXIT"]


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (wish(quantity="0.0001"), -1111),
        (wish(LIMIT, price=D("59000.05")), -1111),
        (stop("59000.05"), -1111),
        (wish(client_order_id="pf entry"), -1130),
        (wish(TRAILING, Side.SELL, callback_ratio=D("0.06"), reduce_only=True), -1130),
        (wish(symbol="DOGEUSDT"), -1121),
        (wish(OrderType.MARKET, Side.SELL, "0", close_position=True), -1130),
    ],
)
async def test_what_the_venue_could_not_take_as_it_stands_is_not_sent(
    venue: Weighed, sandbox: Sandbox, request_: OrderRequest, code: int
) -> None:
    for send in (venue.submit, venue.check):
        with pytest.raises(OrderRejected, match="not sent") as refused:
            await send(request_)
        assert refused.value.code == code
    assert venue.weight() == 0


async def test_a_way_out_does_not_wait_for_rules_that_cannot_be_read(
    sandbox: Sandbox, user: User
) -> None:
    async def unreadable():
        raise VenueUnavailable("exchangeInfo: timed out")

    sandbox.trade_by_hand(user, symbol="BTCUSDT", side="BUY", type="MARKET", quantity="0.1")
    async with open_venue(sandbox, instruments=unreadable) as venue:
        with pytest.raises(VenueUnavailable):
            await venue.submit(wish())
        way_out = wish(side=Side.SELL, reduce_only=True)
        assert (await venue.submit(way_out)).status is OrderStatus.FILLED


async def test_a_checked_order_is_judged_and_not_placed(venue: Weighed, user: User) -> None:
    await venue.check(wish())
    with pytest.raises(OrderRejected) as refused:
        await venue.check(wish(quantity="100"))
    assert refused.value.code == -2019
    assert user.records == {}


@pytest.mark.parametrize("merge", [{"status": "SLEEPING"}, {"side": "BOTH"}, {"orderId": None}])
async def test_a_placed_order_that_is_not_understood_has_an_unknown_outcome(
    venue: Weighed, sandbox: Sandbox, merge: dict[str, str | None]
) -> None:
    sandbox.fail("order", method="POST", merge=merge)
    with pytest.raises(OutcomeUnknown):
        await venue.submit(wish())
    sandbox.fail("order", method="GET", merge=merge)
    with pytest.raises(VenueUnavailable):
        await venue.order_by_client_id("BTCUSDT", "pf-entry")
    found = await venue.order_by_client_id("BTCUSDT", "pf-entry")
    assert found is not None
    assert found.status is OrderStatus.FILLED


async def test_a_lost_answer_is_an_unknown_outcome_and_sent_once(
    venue: Weighed, sandbox: Sandbox
) -> None:
    sandbox.fail("order", method="POST", execute=True, status=503)
    with pytest.raises(OutcomeUnknown):
        await venue.submit(wish())
    assert len(sandbox.sent_to("order", "POST")) == 1


async def test_an_order_is_cancelled_once_and_is_gone_then(either_venue: Weighed) -> None:
    await either_venue.submit(wish(LIMIT, price=D(59_000)))
    ended = await either_venue.cancel("BTCUSDT", "pf-entry")
    assert ended.status is OrderStatus.CANCELED
    assert ended.request.client_order_id == "pf-entry"
    with pytest.raises(OrderRejected) as refused:
        await either_venue.cancel("BTCUSDT", "pf-entry")
    assert refused.value.code == -2011


async def test_a_market_order_that_finds_half_of_it_is_told_so(
    venue: Weighed, sandbox: Sandbox
) -> None:
    sandbox.plan_fills(D("0.5"))
    order = await venue.submit(wish())
    assert (order.status, order.filled_quantity) == (OrderStatus.EXPIRED, D("0.05"))


async def test_a_post_only_order_that_would_take_expires(venue: Weighed, sandbox: Sandbox) -> None:
    sandbox.set_book("BTCUSDT", asks=(BookLevel(D(60_001), D("0.04")),))
    posted = wish(LIMIT, price=D(60_001), time_in_force=TimeInForce.GTX)
    assert (await venue.submit(posted)).status is OrderStatus.EXPIRED


async def test_open_orders_come_in_order_of_arrival(venue: Weighed) -> None:
    for number, symbol in enumerate(["ETHUSDT", "BTCUSDT", "ETHUSDT"]):
        price = D(2900) if symbol == "ETHUSDT" else D(59_000)
        order = wish(LIMIT, symbol=symbol, price=price, client_order_id=f"pf-{number}")
        await venue.submit(order)
    listed = await venue.open_orders()
    assert [each.request.client_order_id for each in listed] == ["pf-0", "pf-1", "pf-2"]


def group(entry: OrderRequest | None = None, *exits: OrderRequest) -> OrderGroup:
    return OrderGroup(
        group_id="pf-group",
        entry=entry,
        exits=exits or (stop("58000"), target("62000")),
    )


async def test_a_group_is_placed_in_one_message_and_read_back_order_by_order(
    sandbox: Sandbox, user: User
) -> None:
    async with open_venue(sandbox, takes_groups=True) as venue:
        entry, stopped, taken = await venue.submit_group(group(wish()))
        held = await venue.holding("BTCUSDT")
    assert len(sandbox.sent_to("placeStrategyOrder")) == 1
    assert not sandbox.sent_to("order", "POST")
    assert (entry.request, entry.status) == (wish(), OrderStatus.FILLED)
    assert (stopped.request, stopped.status) == (stop("58000"), OrderStatus.NEW)
    assert (taken.request, taken.status) == (target("62000"), OrderStatus.NEW)
    assert [each.group_role for each in (entry, stopped)] == [GroupRole.ENTRY, GroupRole.EXIT]
    assert {each.group_id for each in (entry, stopped, taken)} == {"pf-group"}
    assert held.position is not None
    assert is_protected(held.position.position, held.open_orders)


async def test_the_exits_of_an_entry_that_waits_are_pending(venue: Weighed) -> None:
    entry, *exits = await venue.submit_group(group(wish(LIMIT, price=D(59_500))))
    assert entry.status is OrderStatus.NEW
    assert {each.status for each in exits} == {OrderStatus.PENDING}


async def test_an_exit_without_a_number_yet_is_pending_under_its_client_id(
    venue: Weighed, sandbox: Sandbox
) -> None:
    missing = '{"code":-2013,"msg":"Order does not exist."}'
    sandbox.fail("order", method="GET", nth=2, status=400, body=missing)
    entry, stopped, taken = await venue.submit_group(group(wish(LIMIT, price=D(59_500))))
    assert stopped.status is taken.status is OrderStatus.PENDING
    assert stopped.venue_order_id == "pf-stop"
    assert stopped.request == stop("58000")
    assert entry.venue_order_id.isdigit()


async def test_two_exits_alone_are_a_group_as_well(venue: Weighed) -> None:
    await venue.submit(wish())
    first, second = await venue.submit_group(group(None))
    assert first.status is second.status is OrderStatus.NEW


async def test_a_group_with_one_exit_names_what_brings_it_to_life(
    venue: Weighed, sandbox: Sandbox
) -> None:
    await venue.submit_group(group(wish(), stop("58000")))
    (sent,) = sandbox.sent_to("placeStrategyOrder")
    assert sent.parameters["strategyType"] == "OTO"
    assert '"firstDrivenOn":"PARTIALLY_FILLED_OR_FILLED"' in sent.parameters["subOrderList"]


async def test_a_refused_group_leaves_nothing(venue: Weighed, user: User) -> None:
    with pytest.raises(OrderRejected) as refused:
        await venue.submit_group(group(wish(), stop("61000"), target("62000")))
    assert refused.value.code == -2021
    assert user.records == {}


async def test_a_group_that_the_venue_calls_failed_is_believed_when_nothing_is_there(
    venue: Weighed, sandbox: Sandbox
) -> None:
    body = (
        '{"strategyId":1,"clientStrategyId":"pf-group","strategyType":"OTOCO","strategyStatus":'
        '"EXPIRED","updateTime":1,"failureCode":-2019,"failureReason":"Margin is insufficient."}'
    )
    sandbox.fail("placeStrategyOrder", body=body)
    with pytest.raises(OrderRejected, match="Margin is insufficient") as refused:
        await venue.submit_group(group(wish()))
    assert refused.value.code == -2019


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "placeStrategyOrder", "execute": True, "status": 503},
        {"path": "order", "status": 503},
        {"path": "order", "status": 400, "body": '{"code":-2013,"msg":"Order does not exist."}'},
    ],
    ids=["answer lost", "cannot be read back", "not listed yet"],
)
async def test_a_group_that_was_sent_is_never_called_unsent(
    venue: Weighed, sandbox: Sandbox, fault: dict[str, object]
) -> None:
    sandbox.fail(**fault)
    with pytest.raises(OutcomeUnknown):
        await venue.submit_group(group(wish()))


async def test_v1_keys_send_no_group(sandbox: Sandbox, user: User) -> None:
    async with open_venue(sandbox, PAIR) as venue:
        with pytest.raises(VenueUnavailable, match="V1 keys know no groups"):
            await venue.submit_group(group(wish()))
        assert venue.weight() == 0


async def test_before_an_entry_the_room_for_its_stop_is_asked(
    venue: Weighed, sandbox: Sandbox, user: User
) -> None:
    assert await venue.can_stop("BTCUSDT") is None
    assert venue.weight() == 1
    await venue.submit(wish())
    for number in range(9):
        await venue.submit(stop("59000", "0.01", client_order_id=f"pf-{number}"))
    reason = await venue.can_stop("BTCUSDT")
    assert reason is not None
    assert "9 of 10 conditional orders rest" in reason
    assert await venue.can_stop("ETHUSDT") is None
    assert await venue.can_stop("DOGEUSDT") == "the venue trades no DOGEUSDT now"


async def test_orders_of_other_hands_are_listed_whatever_words_they_use(
    venue: Weighed, sandbox: Sandbox
) -> None:
    await venue.submit(wish(LIMIT, price=D(59_000)))
    (row,) = await venue._client.orders.open_orders("BTCUSDT")
    strange = row.model_dump(mode="json", by_alias=True) | {
        "clientOrderId": "web_x1",
        "timeInForce": "HIDDEN",
        "type": "PEGGED",
        "origType": "PEGGED",
        "status": "PENDING_CANCEL",
    }
    sandbox.fail("openOrders", body=json.dumps([strange]))
    (order,) = await venue.open_orders()
    assert order.request.order_type is LIMIT
    assert order.status is OrderStatus.NEW
