"""Aster's client: one per account, its calls by subject. It knows no trading, only the venue's words.

Submits are sent once; reads are repeated by whoever asked. Every error says what to do (errors.py).
Without credentials the public calls work and the others say so.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from adapters.venues.aster.account_calls import AccountCalls
from adapters.venues.aster.caller import Caller
from adapters.venues.aster.clock import ClockReading, HostClock
from adapters.venues.aster.connector import ConnectorSigner, ConnectorTransport, connector_for
from adapters.venues.aster.credentials import Credentials, KeyPermissions, WalletCredentials
from adapters.venues.aster.ledger_calls import LedgerCalls
from adapters.venues.aster.limits import Limits
from adapters.venues.aster.market_calls import MarketCalls
from adapters.venues.aster.networks import VenueAddress
from adapters.venues.aster.nonces import NonceSource
from adapters.venues.aster.order_calls import OrderCalls
from adapters.venues.aster.permissions import permissions_of
from adapters.venues.aster.signers import Signer, signer_for
from adapters.venues.aster.spending import Spending
from adapters.venues.aster.strategy_calls import StrategyCalls
from adapters.venues.aster.stream_calls import StreamCalls
from adapters.venues.aster.transport import HttpTransport, Timeouts
from adapters.venues.aster.venue_clock import VenueClock
from trading.ports import WeightBudget
from trading.weights import Priority


def _utc_now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientParts:
    """What the world gives a client."""

    address: VenueAddress
    budget: WeightBudget
    """Shared by all processes behind one address."""
    credentials: Credentials | None = None
    nonces: NonceSource | None = None
    """Shared by all processes that sign with the wallet; not needed for V1."""
    timeouts: Timeouts = field(default_factory=Timeouts)
    transport: str | None = None
    """`connector`: the venue's own library carries V1 requests; None: our own client."""
    host_clock: HostClock = field(default_factory=HostClock)
    real_now: Callable[[], datetime] = _utc_now


class AsterClient:
    """The venue's calls: `market`, `orders`, `groups`, `account`, `ledger`, `stream`."""

    def __init__(self, parts: ClientParts) -> None:
        owner = None if parts.credentials is None else parts.credentials.owner
        self.credentials = parts.credentials
        self.address = parts.address
        signer, self._transport = _carriage(parts)
        self._clock = VenueClock(self._fetch_time, parts.host_clock)
        caller = Caller(
            signer=signer,
            transport=self._transport,
            spending=Spending(
                budget=parts.budget,
                limits=Limits.documented(parts.address.place, owner),
                real_now=parts.real_now,
            ),
            clock=self._clock,
        )
        self.market = MarketCalls(caller)
        self.orders = OrderCalls(caller)
        self.groups = StrategyCalls(caller)
        self.account = AccountCalls(caller)
        self.ledger = LedgerCalls(caller)
        self.stream = StreamCalls(caller)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        await self._transport.aclose()

    async def read_clock(self, priority: Priority = Priority.RECONCILE) -> ClockReading:
        """Measure the venue's clock now; how far this machine's own clock is off is part of it."""
        self._clock.mark_wrong()
        await self._clock.now_us(priority)
        reading = self._clock.reading
        if reading is None:
            raise AssertionError("a clock that told the time has a reading")
        return reading

    async def now_ms(self, priority: Priority = Priority.RECONCILE) -> int:
        """The venue's time by its clock as measured last; asked only when that has become old."""
        return await self._clock.now_us(priority) // 1000

    async def permissions(self, priority: Priority = Priority.RECONCILE) -> KeyPermissions:
        """What the venue says these keys may do; for `credentials.require_safe`."""
        if isinstance(self.credentials, WalletCredentials):
            agents = await self.account.agents(priority)
            return permissions_of(self.credentials, agents)
        account = await self.account.account(priority)
        return KeyPermissions(can_trade=account.can_trade, can_withdraw=account.can_withdraw)

    async def _fetch_time(self, priority: Priority) -> int:
        return await self.market.time_ms(priority)


def _carriage(
    parts: ClientParts,
) -> tuple[Signer, HttpTransport] | tuple[ConnectorSigner, ConnectorTransport]:
    """Who signs and who sends."""
    credentials, address = parts.credentials, parts.address
    if parts.transport is not None:
        return connector_for(parts.transport, credentials, address, parts.timeouts)
    signer = signer_for(credentials, parts.nonces, address.chain_id)
    return signer, HttpTransport(address, parts.timeouts)
