"""Calls about orders. A submit is sent once; only the venue can say what became of a lost answer.

Each answer is compared with its question: an order with another client id or symbol is no answer
(reference: faults E15). The times are milliseconds.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from adapters.venues.aster import endpoints
from adapters.venues.aster.answers import error_of, refusal
from adapters.venues.aster.caller import Caller
from adapters.venues.aster.payloads.orders import CodePayload, CountdownPayload, OrderPayload
from adapters.venues.aster.payloads.payload import WrongAnswer, list_in, rows_of
from adapters.venues.aster.queries import query
from adapters.venues.aster.tickets import Ticket, check_client_id
from trading.errors import InvalidRecord, VenueError
from trading.weights import Priority

_ORDERS = rows_of(OrderPayload)
MOST_IN_BATCH = 5
MOST_CANCELLED_AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class OrderCalls:
    """Place, look up, cancel."""

    caller: Caller

    async def submit(self, ticket: Ticket, *, priority: Priority) -> OrderPayload:
        """Place an order. `priority` is EXIT for what closes or protects.

        Raises
        ------
        Refused
            A definite no: the order does not exist.
        Unsettled
            The order may exist: look it up by its client id, never send it again.
        Unreachable, WeightRefused
            Nothing was sent.
        """
        return await self.caller.call(
            endpoints.SUBMIT,
            ticket.parameters(),
            _answer_to(ticket.symbol, ticket.client_order_id),
            priority=priority,
        )

    async def check(self, ticket: Ticket, priority: Priority = Priority.ENTRY) -> None:
        """Have the venue check an order without placing it; raises what `submit` would."""
        await self.caller.call(
            endpoints.TEST_ORDER, ticket.parameters(), lambda _: None, priority=priority
        )

    async def submit_batch(
        self, tickets: Sequence[Ticket], *, priority: Priority
    ) -> tuple[OrderPayload | VenueError, ...]:
        """Place up to five orders at once, in any order; the result of each in the order given.

        Raises the same as `submit` when the call as a whole failed.
        """
        if not 1 <= len(tickets) <= MOST_IN_BATCH:
            raise InvalidRecord(
                f"{len(tickets)} orders in a batch; 1 to {MOST_IN_BATCH} are allowed"
            )
        items = [dict(ticket.parameters()) for ticket in tickets]
        return await self.caller.call(
            endpoints.SUBMIT_BATCH,
            [("batchOrders", json.dumps(items, separators=(",", ":")))],
            lambda document: self._batch(tickets, document),
            priority=priority,
            orders=len(tickets),
        )

    async def by_client_id(
        self, symbol: str, client_order_id: str, priority: Priority = Priority.RECONCILE
    ) -> OrderPayload:
        """An order, open or ended. `Refused` with GONE (-2013): the venue does not know it now.

        That is conclusive only when the request can no longer arrive: after the receive window of
        V1, or the nonce window of V3, and some seconds.
        """
        return await self.caller.call(
            endpoints.QUERY,
            query(symbol=symbol, origClientOrderId=check_client_id(client_order_id)),
            _answer_to(symbol, client_order_id),
            priority=priority,
        )

    async def by_order_id(
        self, symbol: str, order_id: int, priority: Priority = Priority.RECONCILE
    ) -> OrderPayload:
        """An order by the venue's id, for orders that are not ours."""
        return await self.caller.call(
            endpoints.QUERY,
            query(symbol=symbol, orderId=order_id),
            _answer_about(symbol, order_id),
            priority=priority,
        )

    async def open_by_client_id(
        self, symbol: str, client_order_id: str, priority: Priority = Priority.RECONCILE
    ) -> OrderPayload:
        """The same among open orders only."""
        return await self.caller.call(
            endpoints.OPEN_ORDER,
            query(symbol=symbol, origClientOrderId=check_client_id(client_order_id)),
            _answer_to(symbol, client_order_id),
            priority=priority,
        )

    async def open_orders(
        self, symbol: str | None = None, priority: Priority = Priority.RECONCILE
    ) -> tuple[OrderPayload, ...]:
        """Open orders of a symbol (weight 1) or of the account (40)."""
        return await self.caller.call(
            endpoints.OPEN_ORDERS,
            query(symbol=symbol),
            _ORDERS,
            priority=priority,
            weight=40 if symbol is None else 1,
        )

    async def all_orders(
        self,
        symbol: str,
        *,
        from_order_id: int | None = None,
        start_ms: int | None = None,
        end_ms: int | None = None,
        limit: int = 1000,
        priority: Priority = Priority.RECONCILE,
    ) -> tuple[OrderPayload, ...]:
        """Orders of less than seven days, open or ended; by default the last seven."""
        return await self.caller.call(
            endpoints.ALL_ORDERS,
            query(
                symbol=symbol,
                orderId=from_order_id,
                startTime=start_ms,
                endTime=end_ms,
                limit=limit,
            ),
            _ORDERS,
            priority=priority,
        )

    async def cancel(
        self, symbol: str, client_order_id: str, priority: Priority = Priority.EXIT
    ) -> OrderPayload:
        """Cancel by client id; `Refused` with GONE (-2011): there is no such open order."""
        return await self.caller.call(
            endpoints.CANCEL,
            query(symbol=symbol, origClientOrderId=check_client_id(client_order_id)),
            _answer_about(symbol),
            priority=priority,
        )

    async def cancel_order_id(
        self, symbol: str, order_id: int, priority: Priority = Priority.EXIT
    ) -> OrderPayload:
        """Cancel by the venue's id."""
        return await self.caller.call(
            endpoints.CANCEL,
            query(symbol=symbol, orderId=order_id),
            _answer_about(symbol, order_id),
            priority=priority,
        )

    async def cancel_all(self, symbol: str, priority: Priority = Priority.EXIT) -> None:
        """Cancel every open order of a symbol, protection included."""
        await self.caller.call(
            endpoints.CANCEL_ALL,
            query(symbol=symbol),
            CodePayload.model_validate,
            priority=priority,
        )

    async def cancel_after(
        self, symbol: str, milliseconds: int, priority: Priority = Priority.EXIT
    ) -> None:
        """Cancel all orders of a symbol unless called again in time; 0 switches that off.

        Takes the stops away as well: never for a symbol with a position.
        """
        await self.caller.call(
            endpoints.COUNTDOWN,
            query(symbol=symbol, countdownTime=milliseconds),
            CountdownPayload.model_validate,
            priority=priority,
        )

    async def cancel_batch(
        self, symbol: str, client_order_ids: Sequence[str], priority: Priority = Priority.EXIT
    ) -> tuple[OrderPayload | VenueError, ...]:
        """Cancel up to ten orders of a symbol; the result of each in the order given."""
        if not 1 <= len(client_order_ids) <= MOST_CANCELLED_AT_ONCE:
            raise InvalidRecord(
                f"{len(client_order_ids)} orders to cancel at once;"
                f" 1 to {MOST_CANCELLED_AT_ONCE} are allowed"
            )
        ids = [check_client_id(each) for each in client_order_ids]
        return await self.caller.call(
            endpoints.CANCEL_BATCH,
            query(symbol=symbol, origClientOrderIdList=json.dumps(ids, separators=(",", ":"))),
            lambda document: self._items(
                endpoints.CANCEL_BATCH, document, [_answer_about(symbol)] * len(ids)
            ),
            priority=priority,
        )

    def _batch(
        self, tickets: Sequence[Ticket], document: object
    ) -> tuple[OrderPayload | VenueError, ...]:
        readers = [_answer_to(ticket.symbol, ticket.client_order_id) for ticket in tickets]
        return self._items(endpoints.SUBMIT_BATCH, document, readers)

    def _items(
        self,
        endpoint: endpoints.Endpoint,
        document: object,
        readers: Sequence[Callable[[object], OrderPayload]],
    ) -> tuple[OrderPayload | VenueError, ...]:
        items = list_in(document)
        if len(items) != len(readers):
            raise WrongAnswer(f"{len(items)} results for {len(readers)} orders")
        what = f"{endpoint.method} {self.caller.signer.path_of(endpoint)}"
        return tuple(
            _item(endpoint, f"{what} item {number}", item, read)
            for number, (item, read) in enumerate(zip(items, readers, strict=True), start=1)
        )


def _item(
    endpoint: endpoints.Endpoint,
    what: str,
    item: object,
    read: Callable[[object], OrderPayload],
) -> OrderPayload | VenueError:
    code, text = error_of(item)
    return read(item) if code is None else refusal(endpoint, what, code, text)


def _answer_to(symbol: str, client_order_id: str) -> Callable[[object], OrderPayload]:
    """Reader of an order that must be the one with that client id."""

    def read(document: object) -> OrderPayload:
        order = _answer_about(symbol)(document)
        if order.client_order_id != client_order_id:
            raise WrongAnswer("the answer is about another client order id")
        return order

    return read


def _answer_about(symbol: str, order_id: int | None = None) -> Callable[[object], OrderPayload]:
    """Reader of an order that must be of that symbol, and have that id if one is given.

    A cancel is asked for by id, but the venue may answer with a client id of its own.
    """

    def read(document: object) -> OrderPayload:
        order = OrderPayload.model_validate(document)
        if order.symbol != symbol or order_id not in (None, order.order_id):
            raise WrongAnswer("the answer is about another order")
        return order

    return read
