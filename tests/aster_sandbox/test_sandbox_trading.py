"""Our client trades on the sandbox over real HTTP, signed both ways; the money adds up to the digit."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import Refused
from adapters.venues.aster.strategy_calls import SubOrder
from tests.adapters.venues.aster.demo_keys import USER
from tests.aster_sandbox import desk
from tests.aster_sandbox.ledger import rounded_money
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.tickets import limit, market, stop, target
from tests.aster_sandbox.users import User
from tests.aster_sandbox.venue import Venue
from trading.candles import Candle
from trading.market import BookLevel
from trading.weights import Priority

D = Decimal
E = Priority.ENTRY


async def refused(call) -> int:
    with pytest.raises(Refused) as caught:
        await call
    return caught.value.code


async def test_a_round_trip_costs_what_the_book_and_the_fees_say(
    either_client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    bought = await either_client.orders.submit(market(), priority=E)
    assert (bought.status, bought.avg_price, bought.executed_qty) == (
        "FILLED",
        D("60000.1"),
        D("0.1"),
    )
    sandbox.set_price("BTCUSDT", D(61_000))
    sold = await either_client.orders.submit(
        market("SELL", reduce_only=True, client_order_id="exit"), priority=E
    )
    assert sold.avg_price == D("60999.9")
    fees = (D("60000.1") + D("60999.9")) * D("0.1") * D("0.0006")
    assert user.ledger.wallet == 10_000 + D("99.98") - fees
    (balance,) = await either_client.account.balances()
    assert balance.balance == user.ledger.wallet
    account = await either_client.account.account()
    assert account.total_margin_balance == account.total_wallet_balance == user.ledger.wallet


async def test_position_account_and_ledger_agree_on_an_open_position(
    either_client: AsterClient, sandbox: Sandbox
) -> None:
    await either_client.account.set_leverage("BTCUSDT", 10)
    await either_client.orders.submit(market("SELL", "0.2"), priority=E)
    sandbox.set_price("BTCUSDT", D(59_000))
    (row,) = await either_client.account.positions("BTCUSDT")
    assert (row.position_amt, row.entry_price, row.mark_price) == (
        D("-0.2"),
        D("59999.9"),
        D(59_000),
    )
    assert (row.un_realized_profit, row.notional) == (D("199.98"), D(-11_800))
    assert (row.leverage, row.margin_type) == (10, "cross")
    assert row.liquidation_price > 100_000
    (balance,) = await either_client.account.balances()
    assert balance.cross_un_pnl == D("199.98")
    assert balance.cross_wallet_balance == balance.balance
    margin = D("0.2") * D("59999.9") / 10
    assert balance.available_balance == balance.balance + D("199.98") - margin
    account = await either_client.account.account()
    assert account.total_unrealized_profit == D("199.98")
    held = {p.symbol: p for p in account.positions if p.position_amt}
    assert held["BTCUSDT"].initial_margin == D("0.2") * D("59999.9") / 10


async def test_limits_rest_fill_as_makers_and_are_found_by_either_id(
    either_client: AsterClient, sandbox: Sandbox
) -> None:
    placed = await either_client.orders.submit(limit("59000"), priority=E)
    assert placed.status == "NEW"
    (listed,) = await either_client.orders.open_orders("BTCUSDT")
    assert listed.order_id == placed.order_id
    sandbox.set_price("BTCUSDT", D(58_990))
    found = await either_client.orders.by_client_id("BTCUSDT", "limit")
    again = await either_client.orders.by_order_id("BTCUSDT", placed.order_id)
    assert found == again
    assert (found.status, found.avg_price) == ("FILLED", D(59_000))
    (fill,) = await either_client.ledger.fills_from("BTCUSDT", 0)
    assert fill.maker
    assert fill.order_id == placed.order_id
    assert abs(fill.commission) == D(5900) * D("0.0002")
    assert await refused(either_client.orders.open_by_client_id("BTCUSDT", "limit")) == -2013


async def test_a_stop_waits_for_the_price_it_was_told_and_closes_what_is_held(
    either_client: AsterClient, sandbox: Sandbox
) -> None:
    await either_client.orders.submit(market(), priority=E)
    await either_client.orders.submit(stop("59000", working_type="MARK_PRICE"), priority=E)
    sandbox.set_price("BTCUSDT", D(58_900), mark=D(59_500))
    assert len(await either_client.orders.open_orders("BTCUSDT")) == 1
    sandbox.set_price("BTCUSDT", mark=D(59_000))
    ended = await either_client.orders.by_client_id("BTCUSDT", "stop")
    assert (ended.status, ended.type, ended.orig_type) == ("FILLED", "MARKET", "STOP_MARKET")
    assert (ended.avg_price, ended.close_position) == (D(58_900), True)
    (row,) = await either_client.account.positions("BTCUSDT")
    assert row.position_amt == 0


async def test_stop_target_and_trailing_act_each_at_its_own_price(
    client: AsterClient, sandbox: Sandbox
) -> None:
    await client.orders.submit(market(quantity="0.3"), priority=E)
    third = {"quantity": D("0.1"), "reduce_only": True}
    await client.orders.submit(target("61000", **third), priority=E)
    await client.orders.submit(stop("59000", type="STOP", price=D(58_900), **third), priority=E)
    trailing = replace(
        stop("59000", **third),
        type="TRAILING_STOP_MARKET",
        stop_price=None,
        callback_rate=D(1),
        client_order_id="trail",
    )
    answered = await client.orders.submit(trailing, priority=E)
    assert answered.price_rate == 1
    sandbox.set_price("BTCUSDT", D(61_000))
    assert (await client.orders.by_client_id("BTCUSDT", "target")).avg_price == D(61_000)
    sandbox.set_price("BTCUSDT", D(60_390))
    assert (await client.orders.by_client_id("BTCUSDT", "trail")).avg_price == D(60_390)
    sandbox.set_price("BTCUSDT", D(59_000))
    stopped = await client.orders.by_client_id("BTCUSDT", "stop")
    assert (stopped.status, stopped.type, stopped.avg_price) == ("FILLED", "LIMIT", D(59_000))


async def test_a_group_protects_what_its_entry_fills_and_one_exit_takes_the_other_away(
    client: AsterClient, sandbox: Sandbox
) -> None:
    exits = {"quantity": D("0.1"), "reduce_only": True}
    group = [
        SubOrder(ticket=limit("59500", client_order_id="entry")),
        SubOrder(ticket=stop("58000", **exits)),
        SubOrder(ticket=target("62000", **exits)),
    ]
    placed = await client.groups.place("OTOCO", "group-1", group, priority=E)
    assert placed.strategy_status == "WORKING"
    assert [o.client_order_id for o in await client.orders.open_orders("BTCUSDT")] == ["entry"]
    sandbox.set_price("BTCUSDT", D(59_400))
    assert {o.client_order_id for o in await client.orders.open_orders("BTCUSDT")} == {
        "stop",
        "target",
    }
    sandbox.set_price("BTCUSDT", D(62_000))
    state = await client.groups.state("OTOCO", "group-1", is_open=False)
    assert [o.status for o in state.sub_orders] == ["FILLED", "CANCELED", "FILLED"]
    assert state.strategy_status == "EXPIRED"


async def test_batches_answer_item_by_item(either_client: AsterClient) -> None:
    results = await either_client.orders.submit_batch(
        [limit("59000", client_order_id="a"), limit("59000.05", client_order_id="b")], priority=E
    )
    assert results[0].status == "NEW"
    assert results[1].code == -4014
    cancelled = await either_client.orders.cancel_batch("BTCUSDT", ["a", "b"])
    assert cancelled[0].status == "CANCELED"
    assert cancelled[1].code == -2011
    assert await either_client.orders.open_orders() == ()


async def test_a_checked_order_is_refused_or_not_and_never_placed(
    either_client: AsterClient, user: User
) -> None:
    await either_client.orders.check(market())
    assert await refused(either_client.orders.check(market(quantity="50"))) == -2019
    await either_client.account.set_leverage("BTCUSDT", 125)
    assert await refused(either_client.orders.check(market(quantity="1"))) == -2027
    assert user.records == {}


@pytest.mark.parametrize(
    ("ticket", "code"),
    [
        (limit("59000", symbol="DOGEUSDT"), -1121),
        (limit("59000.05"), -4014),
        (limit("59000", quantity="0.0005"), -4004),
        (limit("59000", quantity="0.0015"), -4023),
        (market(quantity="121"), -4005),
        (limit("58000", quantity="0.001", symbol="ETHUSDT", time_in_force="GTC"), -4016),
        (limit("2900", quantity="0.001", symbol="ETHUSDT"), -4164),
        (limit("63000.1"), -4016),
        (limit("56999.9", "SELL"), -4024),
        (stop("60100"), -2021),
        (stop("59000"), -2022),
        (market("SELL", reduce_only=True), -2022),
        (limit("60000", quantity="4"), -2019),
        (limit("0.5", symbol="ASTERUSDT", quantity="20", time_in_force="FOK"), -1115),
        (market(position_side="LONG"), -4061),
    ],
)
async def test_what_the_venue_refuses_carries_its_code_and_leaves_no_trace(
    client: AsterClient, user: User, ticket, code: int
) -> None:
    assert await refused(client.orders.submit(ticket, priority=E)) == code
    assert user.records == {}
    assert user.ledger.wallet == 10_000


async def test_the_eleventh_conditional_order_finds_no_room(client: AsterClient) -> None:
    await client.orders.submit(market(), priority=E)
    part = {"quantity": D("0.01"), "reduce_only": True}
    for number in range(10):
        await client.orders.submit(stop("59000", client_order_id=f"s{number}", **part), priority=E)
    assert await refused(client.orders.submit(stop("59000", **part), priority=E)) == -4045
    repeated = stop("59000", client_order_id="s1", **part)
    assert await refused(client.orders.submit(repeated, priority=E)) == -4116


async def test_what_cannot_be_had_now_expires(client: AsterClient, sandbox: Sandbox) -> None:
    sandbox.set_book("BTCUSDT", asks=(BookLevel(D(60_001), D("0.04")),))
    for force, status, filled in (("IOC", "EXPIRED", "0.04"), ("FOK", "EXPIRED", "0")):
        placed = await client.orders.submit(
            limit("60001", time_in_force=force, client_order_id=force), priority=E
        )
        assert (placed.status, placed.executed_qty) == (status, D(filled))
    posted = await client.orders.submit(
        limit("60001", time_in_force="GTX", client_order_id="post"), priority=E
    )
    assert posted.status == "EXPIRED"


async def test_settings_answer_as_documented(either_client: AsterClient, sandbox: Sandbox) -> None:
    account = either_client.account
    await account.set_margin_type("BTCUSDT", "ISOLATED")
    await account.set_margin_type("BTCUSDT", "ISOLATED")
    assert await refused(account.set_leverage("BTCUSDT", 126)) == -4028
    await either_client.orders.submit(market(), priority=E)
    assert await refused(account.set_margin_type("BTCUSDT", "CROSSED")) == -4048
    assert await refused(account.set_leverage("BTCUSDT", 5)) == -4161
    assert await refused(account.set_hedge_mode(is_hedge=True)) == -4068
    assert not await account.is_hedge_mode()
    await account.set_hedge_mode(is_hedge=False)
    (rows,) = await account.brackets("BTCUSDT")
    assert rows.brackets[0].initial_leverage == 125
    assert (await account.commission("BTCUSDT")).taker_commission_rate == D("0.0006")


async def test_funding_and_transfers_are_lines_of_their_own(
    either_client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    await either_client.orders.submit(market(), priority=E)
    sandbox.pay_funding("BTCUSDT", D("0.0001"))
    now = sandbox.venue.time.now_ms
    told = await either_client.ledger.income(now - 60_000, now)
    kinds = {line.income_type: line.income for line in told}
    assert kinds["FUNDING_FEE"] == D("-0.6")
    assert kinds["TRANSFER"] == 10_000
    assert sum(line.income for line in told) == user.ledger.wallet


async def test_funding_that_is_due_is_paid_without_being_asked_for(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    await client.orders.submit(market(), priority=E)
    with sandbox.venue.lock:
        sandbox.venue.markets["BTCUSDT"].next_funding_ms = sandbox.venue.time.now_ms
    (balance,) = await client.account.balances()
    assert balance.balance == 10_000 - D("60000.1") * D("0.1") * D("0.0006") - D("0.6")
    (paid,) = await client.market.fundings("BTCUSDT")
    assert paid.funding_rate == D("0.0001")


async def test_a_liquidation_takes_the_margin_and_no_more(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    await client.account.set_margin_type("BTCUSDT", "ISOLATED")
    await client.account.set_leverage("BTCUSDT", 50)
    await client.orders.submit(market(quantity="1"), priority=E)
    before = user.ledger.wallet
    sandbox.set_price("BTCUSDT", D(58_000))
    margin = D("60000.1") / 50
    assert user.ledger.wallet == before - rounded_money(margin)
    (forced,) = await client.account.force_orders("BTCUSDT")
    assert forced.client_order_id.startswith("autoclose-")
    assert {line.kind for line in user.ledger.lines} >= {"REALIZED_PNL", "INSURANCE_CLEAR"}


async def test_a_cross_account_goes_as_a_whole_and_never_below_zero(
    client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    for symbol, quantity in (("BTCUSDT", "1.2"), ("ETHUSDT", "30")):
        ticket = market(symbol=symbol, quantity=quantity, client_order_id=symbol)
        await client.orders.submit(ticket, priority=E)
    sandbox.set_price("BTCUSDT", D(52_000))
    assert user.book.positions == {}
    assert user.ledger.wallet >= 0
    assert len(await client.account.force_orders()) == 2


async def test_listings_are_cut_by_id_time_and_number(
    either_client: AsterClient, sandbox: Sandbox, user: User
) -> None:
    for number in range(5):
        sandbox.trade_by_hand(
            user, symbol="BTCUSDT", side="BUY", type="MARKET", quantity=f"0.00{number + 1}"
        )
    first = int(user.fills[0].trade_id)
    fills = await either_client.ledger.fills_from("BTCUSDT", first + 3)
    assert [fill.qty for fill in fills] == [D("0.004"), D("0.005")]
    assert await either_client.ledger.fills_from("ETHUSDT", 0) == ()
    numbers = list(user.records)
    after = await either_client.orders.all_orders("BTCUSDT", from_order_id=numbers[1], limit=2)
    assert [order.order_id for order in after] == numbers[1:3]
    newest = await either_client.orders.all_orders("BTCUSDT", limit=2)
    assert [order.order_id for order in newest] == numbers[3:]
    now = sandbox.venue.time.now_ms
    assert await either_client.orders.all_orders("BTCUSDT", start_ms=now + 60_000) == ()
    week = 7 * 24 * 3600 * 1000
    too_long = either_client.orders.all_orders("BTCUSDT", start_ms=now - week - 1, end_ms=now)
    assert await refused(too_long) == -4165


async def test_market_calls_show_the_market_that_the_test_has_made(
    client: AsterClient, sandbox: Sandbox
) -> None:
    at = datetime.now(UTC)
    sandbox.step("BTCUSDT", Candle(at, D(60_000), D(60_500), D(59_900), D(60_200), D(12)))
    info = await client.market.exchange_info()
    rules = {each.symbol: each for each in info.symbols}
    assert rules["ASTERUSDT"].filter("MAX_NUM_ALGO_ORDERS").limit == 10
    (candle, *_) = reversed(await client.market.klines("BTCUSDT", "1h"))
    assert (candle.high, candle.low, candle.close) == (D(60_500), D(59_900), D(60_200))
    (premium,) = await client.market.premiums("BTCUSDT")
    assert premium.mark_price == D(60_200)
    (best,) = await client.market.book_tickers("BTCUSDT")
    assert (best.bid_price, best.ask_price) == (D("60199.9"), D("60200.1"))
    assert (await client.market.depth("BTCUSDT", 5)).bids[0][0] == D("60199.9")
    rules_of = {each.symbol: each for each in await client.market.funding_rules()}
    assert rules_of["ASTERUSDT"].funding_interval_hours == 4
    assert (await client.market.open_interest("BTCUSDT")).open_interest == 1000


ORDERS = st.fixed_dictionaries(
    {
        "side": st.sampled_from(["BUY", "SELL"]),
        "quantity": st.sampled_from(["0.01", "0.033", "0.1"]),
        "type": st.sampled_from(["MARKET", "LIMIT", "STOP_MARKET"]),
        "away": st.integers(-300, 300),
    }
)
STEPS = st.lists(st.one_of(ORDERS, st.integers(-400, 400)), max_size=25)


@settings(max_examples=40)
@given(STEPS)
def test_the_ledger_is_the_wallet_and_never_strays_from_the_engine(steps) -> None:
    venue = Venue()
    user = venue.add_user(USER)
    for number, step in enumerate(steps):
        price = venue.markets["BTCUSDT"].last
        if isinstance(step, int):
            venue.set_price("BTCUSDT", max(D(1), price + step))
            if step % 7 == 0:
                venue.pay_funding("BTCUSDT", D("0.0003"))
        else:
            _try_order(venue, user, step, number, price)
        assert user.book.wallet == user.ledger.wallet == sum(x.amount for x in user.ledger.lines)
    booked = sum((f.realized_pnl - f.fee for f in user.fills), D(0))
    funding = sum((x.amount for x in user.ledger.lines if x.kind == "FUNDING_FEE"), D(0))
    assert abs(user.ledger.wallet - (10_000 + booked + funding)) < D("0.00001")


def _try_order(venue: Venue, user: User, step, number: int, price: Decimal) -> None:
    away = str(price + step["away"])
    terms = {"LIMIT": {"price": away, "timeInForce": "GTC"}, "STOP_MARKET": {"stopPrice": away}}
    parameters = {
        "symbol": "BTCUSDT",
        "side": step["side"],
        "type": step["type"],
        "quantity": step["quantity"],
        "newClientOrderId": f"o{number}",
        **terms.get(step["type"], {}),
    }
    try:
        desk.place(venue, user, parameters)
    except desk.VenueRefusal as refusal:
        assert refusal.code in (-2019, -2021, -2027, -4045)  # noqa: PT017 - others are defects
