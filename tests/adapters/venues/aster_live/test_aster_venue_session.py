"""A random session at the venue: whatever happens, our lines make the venue's wallet to the digit."""

from __future__ import annotations

import random
import time
from collections.abc import Awaitable, Callable
from decimal import Decimal

import pytest

from adapters.venues.aster.mapping.instants import instant_of
from tests.adapters.venues.aster_live.conftest import Weighed
from tests.adapters.venues.aster_live.wishes import Record, stop, target, wish
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from trading.errors import OrderRejected
from trading.orders import FillCause, OrderRequest, OrderType, Side

D = Decimal
SYMBOLS = {"BTCUSDT": D(60_000), "ETHUSDT": D(3000), "ASTERUSDT": D("0.5")}
SIZES = {"BTCUSDT": "0.2", "ETHUSDT": "4", "ASTERUSDT": "20000"}
STEPS = 60


class Session:
    """One account, its record, and everything that may happen to it."""

    def __init__(self, venue: Weighed, sandbox: Sandbox, user: User, seed: int) -> None:
        self.venue, self.sandbox, self.user = venue, sandbox, user
        self.dice = random.Random(seed)
        self.sent = 0
        (deposit,) = user.ledger.lines
        time.sleep(0.002)
        self.record = Record(opening=user.ledger.wallet, since=instant_of(deposit.at_ms + 1))

    @property
    def symbol(self) -> str:
        return self.dice.choice(sorted(SYMBOLS))

    async def submit(self, request: OrderRequest) -> None:
        try:
            order = await self.venue.submit(request)
        except OrderRejected:
            return
        self.record.orders[order.venue_order_id] = request.client_order_id
        self.record.unsettled.add(request.symbol)

    async def enter(self) -> None:
        symbol, side = self.symbol, self.dice.choice(list(Side))
        self.sent += 1
        await self.submit(
            wish(
                side=side, quantity=SIZES[symbol], symbol=symbol, client_order_id=f"pf-e{self.sent}"
            )
        )

    async def protect(self) -> None:
        for held in await self.venue.positions():
            self.sent += 1
            position, below = held.position, round(held.mark * D("0.98"), 3).normalize()
            above = held.mark * 2 - below
            lower, upper = (stop, target) if position.quantity > 0 else (target, stop)
            for leg, level in ((lower, below), (upper, above)):
                tick = self.sandbox.venue.instruments[position.symbol].tick_size
                await self.submit(
                    leg(
                        str((level / tick).quantize(D(1)) * tick),
                        str(abs(position.quantity)),
                        position.exit_side,
                        symbol=position.symbol,
                        client_order_id=f"pf-{leg.__name__}{self.sent}",
                    )
                )

    async def wait(self) -> None:
        symbol, side = self.symbol, self.dice.choice(list(Side))
        last = self.sandbox.venue.markets[symbol].last
        tick = self.sandbox.venue.instruments[symbol].tick_size
        price = (last * (1 - side.sign * D("0.01")) / tick).quantize(D(1)) * tick
        self.sent += 1
        await self.submit(
            wish(
                OrderType.LIMIT,
                side,
                SIZES[symbol],
                symbol=symbol,
                price=price,
                client_order_id=f"pf-w{self.sent}",
            )
        )

    async def trade_by_hand(self) -> None:
        symbol, side = self.symbol, self.dice.choice(["BUY", "SELL"])
        try:
            self.sandbox.trade_by_hand(
                self.user, symbol=symbol, side=side, type="MARKET", quantity=SIZES[symbol]
            )
        except VenueRefusal as refusal:
            assert refusal.code == -2019  # noqa: PT017 - others are defects

    async def move(self) -> None:
        symbol = self.symbol
        last = self.sandbox.venue.markets[symbol].last
        tick = self.sandbox.venue.instruments[symbol].tick_size
        share = D(self.dice.randint(960, 1040)) / 1000
        self.sandbox.set_price(symbol, (last * share / tick).quantize(D(1)) * tick)

    async def pay(self) -> None:
        self.sandbox.pay_funding(self.symbol, D(self.dice.randint(-9, 9)) / 10_000)

    async def transfer(self) -> None:
        self.sandbox.move_funds(self.user, D(self.dice.randint(1, 500)))

    async def deleverage(self) -> None:
        for symbol in list(self.user.book.positions)[:1]:
            self.sandbox.auto_deleverage(self.user, symbol)

    async def crash(self) -> None:
        """Down by a third: what is long in cross mode may be liquidated."""
        for symbol in SYMBOLS:
            tick = self.sandbox.venue.instruments[symbol].tick_size
            last = self.sandbox.venue.markets[symbol].last
            self.sandbox.set_price(symbol, (last * D("0.66") / tick).quantize(D(1)) * tick)
        self.sandbox.move_funds(self.user, D(3000))

    async def reconcile(self) -> None:
        self.venue._reader._forget()
        seen = await self.venue.account()
        moved = await self.venue.movements_since(self.record.booked(), seen)
        self.record.book(moved, seen)
        resting = {order.symbol for order in seen.open_orders}
        self.record.unsettled &= resting
        assert self.record.wallet == seen.balance.wallet == self.user.ledger.wallet
        fills = {(fill.symbol, fill.trade_id) for fill in self.user.fills}
        assert self.record.fills.keys() == fills
        signed: dict[str, Decimal] = {}
        for fill in self.record.fills.values():
            signed[fill.symbol] = signed.get(fill.symbol, D(0)) + fill.quantity * fill.side.sign
        assert {s: q for s, q in signed.items() if q} == self.record.quantities


@pytest.mark.parametrize("seed", [4, 7, 13])
async def test_start_fills_and_income_are_the_wallet_after_a_random_session(
    venue: Weighed, sandbox: Sandbox, user: User, seed: int
) -> None:
    session = Session(venue, sandbox, user, seed)
    steps: dict[Callable[[], Awaitable[None]], int] = {
        session.enter: 20, session.protect: 8, session.wait: 8, session.trade_by_hand: 15,
        session.move: 25, session.pay: 6, session.transfer: 4, session.deleverage: 3,
        session.crash: 1, session.reconcile: 10,
    }  # fmt: skip
    for step in session.dice.choices(list(steps), list(steps.values()), k=STEPS):
        await step()
    await session.crash()
    await session.reconcile()
    await session.reconcile()
    assert {fill.cause for fill in session.record.fills.values()} == set(FillCause)
    assert {line.kind for line in session.record.income.values()} == {"funding", "transfer"}
