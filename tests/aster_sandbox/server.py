"""A running sandbox: uvicorn in a thread of its own, and the handle of the test that started it.

The handle's methods take the venue's lock; what they change is seen by the next request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.aster_sandbox import desk
from tests.aster_sandbox.application import application, protocol
from tests.aster_sandbox.faults import Fault
from tests.aster_sandbox.past import give_past
from tests.aster_sandbox.received import Received
from tests.aster_sandbox.ticking import expire_listen_key, tick
from tests.aster_sandbox.users import Agent, Record, User
from tests.aster_sandbox.venue import Venue
from tests.threaded_server import ThreadedServer, running_in_thread
from trading.candles import Candle
from trading.market import BookLevel

_TICK_SECONDS = 0.2


class Server(ThreadedServer):
    """Lets the venue's clock work while nobody asks."""

    def __init__(self, venue: Venue, *, host: str = "127.0.0.1", port: int = 0, **tls: Any) -> None:
        transports: dict[tuple[str, int], asyncio.Transport] = {}
        super().__init__(
            application(lambda: self.venue, transports),
            host=host,
            port=port,
            http=protocol(transports),
            ws="websockets-sansio",
            **tls,
        )
        self.venue = venue

    async def main_loop(self) -> None:
        ticking = asyncio.ensure_future(self._tick())
        try:
            await super().main_loop()
        finally:
            ticking.cancel()

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(_TICK_SECONDS)
            with self.venue.lock:
                tick(self.venue)


@dataclass(slots=True)
class Sandbox:
    """The handle."""

    venue: Venue
    url: str
    """`http://127.0.0.1:port`."""

    @property
    def stream_url(self) -> str:
        return self.url.replace("http", "ws", 1)

    def add_user(
        self,
        address: str,
        *,
        funds: Decimal = Decimal(10_000),
        agents: tuple[Agent, ...] = (),
        pairs: dict[str, str] | None = None,
    ) -> User:
        """An account with its API wallets and V1 keys."""
        with self.venue.lock:
            user = self.venue.add_user(address, funds)
            user.pairs |= pairs or {}
            for agent in agents:
                self.venue.add_agent(address, agent)
            return user

    def set_price(
        self, symbol: str, last: Decimal | None = None, mark: Decimal | None = None
    ) -> None:
        """Move last price, mark, or both; orders and liquidations act at once."""
        with self.venue.lock:
            self.venue.set_price(symbol, last, mark)

    def step(self, symbol: str, candle: Candle, mark: Candle | None = None) -> None:
        """Walk through one candle, which happens now."""
        with self.venue.lock:
            self.venue.step(symbol, candle, mark)

    def set_book(
        self,
        symbol: str,
        *,
        bids: tuple[BookLevel, ...] | None = None,
        asks: tuple[BookLevel, ...] | None = None,
    ) -> None:
        """The levels of a side until the next move of the price."""
        with self.venue.lock:
            self.venue.market(symbol).set_book(bids, asks)

    def freeze(self, symbol: str) -> None:
        """Its prices go on being told, as of now, for ever."""
        with self.venue.lock:
            self.venue.market(symbol).frozen_ms = self.venue.time.now_ms

    def give_past(self) -> None:
        """Ten contracts with a history that is a pure function of time (past.py)."""
        with self.venue.lock:
            give_past(self.venue)

    def pay_funding(self, symbol: str, rate: Decimal) -> None:
        """One funding instant, now."""
        with self.venue.lock:
            self.venue.pay_funding(symbol, rate)

    def fill(
        self, user: User, client_order_id: str, quantity: Decimal, price: Decimal | None = None
    ) -> None:
        """Execute part of an open order."""
        with self.venue.lock:
            desk.fill_by_hand(self.venue, user, client_order_id, quantity, price)

    def trade_by_hand(self, user: User, **parameters: str) -> Record:
        """An order that no client of ours has sent, in the venue's parameters."""
        with self.venue.lock:
            return desk.place(self.venue, user, parameters)

    def auto_deleverage(self, user: User, symbol: str, quantity: Decimal | None = None) -> None:
        """Take a position away, or part of it, at the mark."""
        with self.venue.lock:
            desk.auto_deleverage(self.venue, user, symbol, quantity)

    def move_funds(self, user: User, amount: Decimal) -> None:
        """A deposit, or a withdrawal if negative."""
        with self.venue.lock:
            self.venue.move_funds(user, amount)

    def plan_fills(self, *shares: Decimal, waits: bool = False) -> None:
        """The next market order fills in these shares; what is left waits or expires."""
        with self.venue.lock:
            self.venue.fill_plans.append((shares, waits))

    def fail(self, path: str, **how: Any) -> Fault:
        """Plan a fault; see `Fault` for its fields."""
        with self.venue.lock:
            return self.venue.faults.add(path, **how)

    def skew(self, ahead_ms: int) -> None:
        """Set the venue's clock ahead of this machine's, or behind if negative."""
        with self.venue.lock:
            self.venue.time.ahead_ms = ahead_ms

    def pass_minute(self, symbol: str, price: Decimal) -> None:
        """Go on to the beginning of the venue's next minute, in which a trade begins a candle.

        To its beginning and not by sixty seconds: the real clock goes on as well, and must not carry
        it over a whole minute without a trade.
        """
        with self.venue.lock:
            time = self.venue.time
            time.ahead_ms += 60_000 - time.now_ms % 60_000 + 1
            self.venue.set_price(symbol, price, None)

    def expire_listen_key(self, user: User) -> None:
        with self.venue.lock:
            expire_listen_key(self.venue, user)

    def drop_streams(self) -> None:
        with self.venue.lock:
            self.venue.hub.drop_all()

    def sent_to(self, path: str, method: str | None = None) -> list[Received]:
        """Every request whose path ends so."""
        with self.venue.lock:
            return [
                each
                for each in self.venue.requests
                if each.path.endswith("/" + path) and method in (None, each.method)
            ]


@contextmanager
def running_server(venue: Venue, **tls: Any) -> Iterator[Server]:
    """A server on a free port of loopback, until the block ends; its `venue` may be exchanged."""
    with running_in_thread(Server(venue, **tls), "aster-sandbox") as server:
        try:
            yield server
        finally:
            with server.venue.lock:
                server.venue.hub.drop_all()


@contextmanager
def running_sandbox(venue: Venue | None = None, **tls: Any) -> Iterator[Sandbox]:
    """A sandbox with a server of its own."""
    venue = venue or Venue()
    with running_server(venue, **tls) as server:
        yield Sandbox(venue, server.url)
