"""Orders to the venue and what it says of them: each is sent once, as it stands, or not at all.

What has been sent is never reported as unsent: whatever fails after that leaves the outcome unknown.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from adapters.venues.aster.account_reading import AccountReader
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.codes import Action
from adapters.venues.aster.credentials import WalletCredentials
from adapters.venues.aster.errors import Refused, Unsettled
from adapters.venues.aster.mapping.orders import order_of
from adapters.venues.aster.mapping.tickets import members_of, priority_of, sub_orders, ticket_of
from adapters.venues.aster.tickets import Ticket
from adapters.venues.aster.verdicts import settled, understood
from trading.errors import OrderRejected, TradingError, VenueError, VenueUnavailable
from trading.instruments import Instrument
from trading.order_groups import OrderGroup
from trading.orders import GroupRole, Order, OrderRequest, OrderStatus
from trading.units import ZERO
from trading.weights import Priority

_NO_SYMBOL = -1121
_GROUP = "POST placeStrategyOrder"


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderDesk:
    """Sends orders of one account."""

    client: AsterClient
    reader: AccountReader
    instruments: Callable[[], Awaitable[tuple[Instrument, ...]]]
    """Of the market: their steps are what an order is checked against."""

    async def by_client_id(self, symbol: str, client_order_id: str) -> Order | None:
        """The newest order with that id; None where the venue says that it knows none.

        Whoever asks has something open there: it has the priority of a way out.
        """
        try:
            payload = await self.client.orders.by_client_id(symbol, client_order_id, Priority.EXIT)
        except Refused as refused:
            if refused.action is Action.GONE:
                return None
            raise
        with understood("GET order"):
            return order_of(payload)

    async def submit(self, request: OrderRequest) -> Order:
        """Raises as `OrderCalls.submit`, and `OrderRejected` for what was not sent at all."""
        ticket = await self._ticket(request)
        with self.reader.writing(request.symbol), settled("POST order"):
            return order_of(await self.client.orders.submit(ticket, priority=priority_of(request)))

    async def check(self, request: OrderRequest) -> None:
        """Let the venue judge an order without placing it; raises what `submit` would."""
        await self.client.orders.check(await self._ticket(request), priority_of(request))

    async def cancel(self, symbol: str, client_order_id: str) -> Order:
        """Raises `OrderRejected` (-2011) when no such order is open."""
        with self.reader.writing(symbol), settled("DELETE order"):
            payload = await self.client.orders.cancel(symbol, client_order_id)
            return order_of(payload, client_order_id=client_order_id)

    async def submit_group(self, group: OrderGroup) -> tuple[Order, ...]:
        """Place a group and read each of its orders back, the entry first.

        An exit that has no number yet, because its entry has not filled, is `pending` under its
        client id.

        Raises
        ------
        OrderRejected
            Nothing of the group exists.
        OutcomeUnknown
            It was sent, and what became of it could not be read.
        VenueUnavailable
            Nothing was sent; also for V1 keys, whose interface has no groups.
        """
        if not isinstance(self.client.credentials, WalletCredentials):
            raise VenueUnavailable(
                f"group {group.group_id} was not sent: V1 keys know no groups; set bracket: separate"
            )
        members = members_of(group)
        symbol = members[0].symbol
        kind, orders = sub_orders(group, await self._instrument(members[0]))
        with self.reader.writing(symbol):
            answer = await self.client.groups.place(
                kind, group.group_id, orders, priority=priority_of(members[0])
            )
            found = await self._read_back(members)
        first = found[0]
        if first is None and answer.failure_code:
            raise OrderRejected(answer.failure_code, answer.failure_reason or "the group failed")
        if first is None:
            raise Unsettled(_GROUP, "the group was taken, but its first order is not listed yet")
        has_failed = answer.failure_code != 0
        return tuple(
            _member(group, request, order, first=first, has_failed=has_failed)
            for request, order in zip(members, found, strict=True)
        )

    async def _read_back(self, members: tuple[OrderRequest, ...]) -> list[Order | None]:
        try:
            return [await self.by_client_id(each.symbol, each.client_order_id) for each in members]
        except VenueError as error:
            raise Unsettled(_GROUP, f"sent, but it could not be read back: {error}") from error

    async def _ticket(self, request: OrderRequest) -> Ticket:
        return ticket_of(request, await self._instrument(request))

    async def _instrument(self, request: OrderRequest) -> Instrument | None:
        """None only for a way out: that must not wait for rules which cannot be read."""
        try:
            known = await self.instruments()
        except TradingError:
            if request.only_reduces:
                return None
            raise
        found = next((each for each in known if each.symbol == request.symbol), None)
        if found is None and not request.only_reduces:
            raise OrderRejected(_NO_SYMBOL, f"not sent: the venue trades no {request.symbol} now")
        return found


def _member(
    group: OrderGroup,
    request: OrderRequest,
    order: Order | None,
    *,
    first: Order,
    has_failed: bool,
) -> Order:
    is_entry = request is group.entry
    waits = group.entry is not None and not is_entry and first.filled_quantity == ZERO
    if order is None:
        order = Order(
            venue_order_id=request.client_order_id,
            request=request,
            status=OrderStatus.REJECTED if has_failed else OrderStatus.PENDING,
            filled_quantity=ZERO,
            average_price=None,
            created_at=first.created_at,
            updated_at=first.updated_at,
        )
    elif waits and order.status is OrderStatus.NEW:
        # It rests nowhere before its entry has filled anything, whatever word it is given.
        order = replace(order, status=OrderStatus.PENDING)
    role = GroupRole.ENTRY if is_entry else GroupRole.EXIT
    return replace(order, group_id=group.group_id, group_role=role)
