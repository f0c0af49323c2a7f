"""What the venue says of an account, what asking costs, and what an account must be like."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tests.adapters.venues.aster_live.conftest import PAIR, Weighed, open_venue
from tests.adapters.venues.aster_live.wishes import stop, target, wish
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.symbols import default_instruments
from tests.aster_sandbox.users import User
from trading.errors import OrderRejected, SettingRefused, VenueUnavailable
from trading.exits.protection import is_protected
from trading.orders import OrderType, PriceKind, Side
from trading.positions import MarginMode

D = Decimal
NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


async def test_an_account_is_its_money_its_positions_and_its_orders(
    either_venue: Weighed, sandbox: Sandbox, user: User
) -> None:
    await either_venue.submit(wish(side=Side.SELL, quantity="0.2"))
    await either_venue.submit(stop("61000", "0.2", Side.BUY))
    sandbox.set_price("BTCUSDT", D(59_000))
    account = await either_venue.account()
    fee = D("0.2") * D("59999.9") * D("0.0006")
    assert account.balance.wallet == 10_000 - fee == user.ledger.wallet
    assert account.balance.unrealized == D("199.98")
    assert account.balance.margin_used == D("0.2") * D("59999.9") / 20
    assert account.balance.available == account.balance.equity - account.balance.margin_used
    (held,) = account.positions
    assert (held.position.symbol, held.position.quantity) == ("BTCUSDT", D("-0.2"))
    assert (held.position.entry_price, held.mark) == (D("59999.9"), D(59_000))
    assert (held.position.leverage, held.position.margin_mode) == (20, MarginMode.CROSS)
    assert held.position.isolated_margin == account.balance.margin_used
    assert held.liquidation_price is not None
    assert held.liquidation_price > 100_000
    (order,) = account.open_orders
    assert order.request == stop("61000", "0.2", Side.BUY)
    assert is_protected(held.position, account.open_orders)


async def test_isolated_margin_is_what_was_set_aside_without_the_profit(
    venue: Weighed, sandbox: Sandbox
) -> None:
    await venue.set_margin_mode("BTCUSDT", MarginMode.ISOLATED)
    await venue.set_leverage("BTCUSDT", 10)
    await venue.submit(wish())
    sandbox.set_price("BTCUSDT", D(62_000))
    (held,) = await venue.positions()
    assert held.position.margin_mode is MarginMode.ISOLATED
    assert held.position.isolated_margin == D("600.001")


async def test_when_a_position_was_opened_is_asked_of_who_knows_it(
    sandbox: Sandbox, user: User
) -> None:
    async with open_venue(sandbox, opened_at={"BTCUSDT": NOON}.get) as venue:
        await venue.submit(wish())
        await venue.submit(wish(symbol="ETHUSDT", quantity="1"))
        known, unknown = await venue.positions()
    assert known.position.opened_at == NOON
    assert abs(unknown.position.opened_at - datetime.now(UTC)) < timedelta(minutes=1)


async def test_a_position_that_nothing_can_liquidate_has_no_liquidation_price(
    venue: Weighed, sandbox: Sandbox
) -> None:
    await venue.submit(wish(quantity="0.01"))
    (held,) = await venue.positions()
    assert held.liquidation_price is None


async def test_hedge_mode_is_refused_with_its_remedy_and_never_switched(
    venue: Weighed, user: User, sandbox: Sandbox
) -> None:
    user.is_hedge = True
    for reading in (venue.account(), venue.positions(), venue.holding("BTCUSDT")):
        with pytest.raises(SettingRefused, match=r"one-way mode at the venue .* never switched"):
            await reading
    assert isinstance(SettingRefused(""), VenueUnavailable)
    assert not sandbox.sent_to("positionSide/dual")
    assert user.is_hedge


async def test_isolated_margin_in_multi_assets_mode_is_refused_with_its_remedy(
    venue: Weighed, user: User, sandbox: Sandbox
) -> None:
    user.is_multi_assets = True
    with pytest.raises(SettingRefused, match="single-asset mode at the venue"):
        await venue.set_margin_mode("BTCUSDT", MarginMode.ISOLATED)
    await venue.set_margin_mode("BTCUSDT", MarginMode.CROSS)
    assert not sandbox.sent_to("multiAssetsMargin")


async def test_a_reading_costs_ten_and_one_for_each_symbol(venue: Weighed, user: User) -> None:
    await venue.account()
    assert venue.weight() == 12
    await venue.positions()
    await venue.balance()
    await venue.open_orders()
    assert venue.weight() == 0
    await venue.holding("BTCUSDT")
    assert venue.weight() == 6


async def test_a_symbol_that_is_held_or_was_ordered_is_listed_as_well(
    venue: Weighed, sandbox: Sandbox, user: User
) -> None:
    sandbox.trade_by_hand(user, symbol="ASTERUSDT", side="BUY", type="MARKET", quantity="100")
    sandbox.trade_by_hand(
        user, symbol="ASTERUSDT", side="SELL", type="STOP_MARKET", stopPrice="0.4", quantity="100"
    )
    (order,) = (await venue.account()).open_orders
    assert order.symbol == "ASTERUSDT"
    assert venue.weight() == 13


async def test_a_sweep_lists_every_symbol_once_and_goes_on_with_what_it_found(
    sandbox: Sandbox, user: User
) -> None:
    sandbox.trade_by_hand(
        user, symbol="ASTERUSDT", side="BUY", type="LIMIT", timeInForce="GTC", price="0.48",
        quantity="100",
    )  # fmt: skip
    async with open_venue(sandbox) as narrow, open_venue(sandbox, sweeps_everything=True) as wide:
        assert not (await narrow.account()).open_orders
        for weight in (50, 10 + 3):
            (order,) = (await wide.account()).open_orders
            assert order.symbol == "ASTERUSDT"
            assert wide.weight() == weight
            await wide.submit(wish(OrderType.LIMIT, quantity="0.001", price=D(58_000)))
            await wide.cancel("BTCUSDT", "pf-entry")
            wide.weight()


async def test_many_symbols_are_listed_at_once(sandbox: Sandbox, user: User) -> None:
    btc = default_instruments()["BTCUSDT"]
    names = [f"C{number}USDT" for number in range(40)]
    with sandbox.venue.lock:
        for name in names:
            sandbox.venue.add_market(replace(btc, symbol=name), D(10))
    async with open_venue(sandbox, symbols=frozenset(names[:39])) as venue:
        await venue.account()
        assert venue.weight() == 49
    async with open_venue(sandbox, symbols=frozenset(names)) as venue:
        await venue.account()
        assert venue.weight() == 50


async def test_a_reading_serves_two_seconds_unless_something_was_sent(
    sandbox: Sandbox, user: User, clock: Callable[..., float]
) -> None:
    async with open_venue(sandbox, monotonic=clock) as venue:
        first = await venue.account()
        sandbox.move_funds(user, D(5))
        clock(1.9)
        assert await venue.account() is first
        clock(0.2)
        second = await venue.account()
        assert second.balance.wallet == first.balance.wallet + 5
        for change in (
            lambda: venue.set_leverage("BTCUSDT", 5),
            lambda: venue.set_margin_mode("BTCUSDT", MarginMode.ISOLATED),
            lambda: venue.submit(wish(OrderType.LIMIT, price=D(59_000))),
            lambda: venue.cancel("BTCUSDT", "pf-entry"),
        ):
            before = await venue.account()
            await change()
            assert await venue.account() is not before


async def test_a_refused_order_makes_the_account_be_read_anew_as_well(venue: Weighed) -> None:
    before = await venue.account()
    with pytest.raises(OrderRejected):
        await venue.submit(stop("59000"))
    assert await venue.account() is not before


async def test_a_quiet_cycle_of_ten_accounts_takes_less_than_half_of_a_minutes_weight(
    sandbox: Sandbox, user: User, clock: Callable[..., float]
) -> None:
    """Two full readings, and one look at each position and at the protection of one that is new."""
    btc = default_instruments()["BTCUSDT"]
    names = [f"C{number}USDT" for number in range(10)]
    with sandbox.venue.lock:
        for name in names:
            sandbox.venue.add_market(replace(btc, symbol=name), D(1000))
    async with open_venue(sandbox, symbols=frozenset(names), monotonic=clock) as venue:
        new = names[-1]
        for number, name in enumerate(names[:-1]):
            await venue.submit(wish(symbol=name, client_order_id=f"pf-{number}"))
        venue.weight()
        await venue.account()
        for name in names[:-1]:
            await venue.holding(name)
        clock(3)
        await venue.set_leverage(new, 10)
        await venue.submit(wish(symbol=new, client_order_id="pf-new"))
        await venue.holding(new)
        for leg in (stop("900", symbol=new), target("1100", symbol=new)):
            await venue.submit(leg)
        await venue.holding(new)
        await venue.account()
        assert venue.weight() * 10 <= 1200


async def test_leverage_and_margin_mode_are_sent_only_where_they_differ(
    venue: Weighed, sandbox: Sandbox
) -> None:
    await venue.account()
    await venue.set_leverage("BTCUSDT", 20)
    await venue.set_margin_mode("BTCUSDT", MarginMode.CROSS)
    assert not sandbox.sent_to("leverage")
    assert not sandbox.sent_to("marginType")
    await venue.set_leverage("BTCUSDT", 7)
    await venue.set_margin_mode("BTCUSDT", MarginMode.ISOLATED)
    await venue.set_leverage("BTCUSDT", 7)
    await venue.set_margin_mode("BTCUSDT", MarginMode.ISOLATED)
    await venue.submit(wish())
    (held,) = await venue.positions()
    assert (held.position.leverage, held.position.margin_mode) == (7, MarginMode.ISOLATED)
    for change, code in (
        (venue.set_leverage("BTCUSDT", 5), -4161),
        (venue.set_leverage("ETHUSDT", 126), -4028),
        (venue.set_margin_mode("BTCUSDT", MarginMode.CROSS), -4048),
    ):
        with pytest.raises(OrderRejected) as refused:
            await change
        assert refused.value.code == code


async def test_what_the_keys_decide(sandbox: Sandbox, user: User) -> None:
    async with (
        open_venue(sandbox, takes_groups=True) as wallet,
        open_venue(sandbox, PAIR, takes_groups=True) as pair,
    ):
        assert wallet.takes_groups
        assert wallet.settles_after == timedelta(seconds=65)
        assert not pair.takes_groups
        assert pair.settles_after == timedelta(seconds=6)
        assert wallet.name == pair.name == "aster"
        assert wallet.triggers_by is PriceKind.MARK
        assert abs(await pair.server_time() - datetime.now(UTC)) < timedelta(seconds=10)
        assert pair.weight() == 0


async def test_brackets_are_the_venues_and_read_once(sandbox: Sandbox, user: User) -> None:
    known = default_instruments()
    stand_in = replace(
        known["BTCUSDT"], brackets=known["BTCUSDT"].brackets[:1], has_venue_brackets=False
    )

    async def instruments():
        return (stand_in,)

    async with open_venue(sandbox, instruments=instruments) as venue:
        assert await venue.instruments() == (known["BTCUSDT"],)
        await venue.instruments()
        assert venue.weight() == 1


async def test_an_account_without_a_row_of_the_quote_asset_is_not_taken_for_an_empty_one(
    venue: Weighed, sandbox: Sandbox
) -> None:
    sandbox.fail("accountWithJoinMargin", merge={"assets": []})
    with pytest.raises(VenueUnavailable, match="no row of USDT among the assets"):
        await venue.account()
    sandbox.fail("accountWithJoinMargin", merge={"assets": [], "totalWalletBalance": "0"})
    assert (await venue.account()).balance.equity == 0


async def test_a_contract_that_was_delisted_ends_no_reading(sandbox: Sandbox, user: User) -> None:
    async with open_venue(sandbox, symbols=frozenset({"BTCUSDT", "LUNAUSDT"})) as venue:
        await venue.submit(wish(OrderType.LIMIT, price=D(59_000)))
        assert len((await venue.account()).open_orders) == 1
        held = await venue.holding("LUNAUSDT")
    assert held.position is None
    assert held.open_orders == ()
