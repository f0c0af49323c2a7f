"""The key of the user stream: valid for an hour, renewed by half-hourly calls."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr

from adapters.venues.aster import endpoints
from adapters.venues.aster.caller import Caller
from adapters.venues.aster.payloads.account import ListenKeyPayload
from trading.weights import Priority


@dataclass(frozen=True, slots=True)
class StreamCalls:
    """Start, keep, close. A lost answer harms nothing: the call is repeated."""

    caller: Caller

    async def start(self, priority: Priority = Priority.RECONCILE) -> SecretStr:
        """The account's key, a new one or the one that is in use."""
        answer = await self.caller.call(
            endpoints.START_STREAM, (), ListenKeyPayload.model_validate, priority=priority
        )
        return answer.listen_key

    async def keep(self, priority: Priority = Priority.RECONCILE) -> None:
        """Valid for another hour; -1125: take a new one."""
        await self.caller.call(endpoints.KEEP_STREAM, (), lambda _: None, priority=priority)

    async def close(self, priority: Priority = Priority.RECONCILE) -> None:
        """End the stream."""
        await self.caller.call(endpoints.CLOSE_STREAM, (), lambda _: None, priority=priority)
