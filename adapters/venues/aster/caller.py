"""From a call to its value: clock, budget, nonce, signature, one exchange, and a definite verdict.

A request is sent at most once. Whatever fails before the exchange means that nothing was sent; an
answer to a write that cannot be read means that its outcome is unknown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from pydantic import ValidationError

from adapters.venues.aster.answers import Answer, NoAnswer, value_of
from adapters.venues.aster.codes import BAD_NONCE, BAD_TIMESTAMP
from adapters.venues.aster.endpoints import Access, Endpoint
from adapters.venues.aster.errors import (
    MissingField,
    Refused,
    Unreachable,
    Unsettled,
    Unusable,
)
from adapters.venues.aster.payloads.payload import MissingFields, WrongAnswer, fields_in
from adapters.venues.aster.signers import Signer
from adapters.venues.aster.signing import Parameters
from adapters.venues.aster.spending import Spending
from adapters.venues.aster.transport import SignedRequest
from adapters.venues.aster.venue_clock import VenueClock
from trading.errors import TradingError
from trading.weights import Priority

Value = TypeVar("Value")


class Transport(Protocol):
    """Sends a request once."""

    async def exchange(self, request: SignedRequest) -> Answer | NoAnswer: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Carries out the calls of one account."""

    signer: Signer
    transport: Transport
    spending: Spending
    clock: VenueClock

    async def call(
        self,
        endpoint: Endpoint,
        parameters: Parameters,
        read: Callable[[object], Value],
        *,
        priority: Priority,
        weight: int | None = None,
        orders: int | None = None,
    ) -> Value:
        """What `read` makes of the answer's document.

        Raises
        ------
        VenueError
            One of errors.py, or `WeightRefused`.
        KeyRefused
            The keys do not know this call; nothing was sent.
        """
        what = f"{endpoint.method} {self.signer.path_of(endpoint)}"
        now_us = 0
        if endpoint.access is not Access.OPEN:
            now_us = await self.clock.now_us(priority)
        await self.spending.spend(
            what,
            endpoint.weight if weight is None else weight,
            endpoint.orders if orders is None else orders,
            priority,
        )
        request = await self._signed(what, endpoint, parameters, now_us)
        outcome = await self.transport.exchange(request)
        retry_at = await self.spending.hear(outcome)
        try:
            document = value_of(endpoint, what, outcome, retry_at)
        except (Refused, Unsettled) as error:
            if error.code in (BAD_TIMESTAMP, BAD_NONCE):
                self.clock.mark_wrong()
            raise
        return _read(endpoint, what, read, document)

    async def _signed(
        self, what: str, endpoint: Endpoint, parameters: Parameters, now_us: int
    ) -> SignedRequest:
        try:
            return await self.signer.signed(endpoint, parameters, now_us)
        except TradingError:
            raise
        except Exception as error:
            raise Unreachable(
                what, f"nothing was sent: no nonce could be had ({type(error).__name__})"
            ) from error


def _read(
    endpoint: Endpoint, what: str, read: Callable[[object], Value], document: object
) -> Value:
    try:
        return read(document)
    except ValidationError as error:
        wrong: WrongAnswer = MissingFields(fields_in(error))
    except WrongAnswer as error:
        wrong = error
    if endpoint.is_write:
        raise Unsettled(what, str(wrong))
    if isinstance(wrong, MissingFields):
        raise MissingField(what, wrong.fields)
    raise Unusable(what, str(wrong))
