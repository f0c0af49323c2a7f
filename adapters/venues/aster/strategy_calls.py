"""Groups of orders that the venue keeps together: OTO, OCO, OTOCO (V3 only, thinly documented).

The group's own client id is what an unknown outcome is looked up by.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from adapters.venues.aster import endpoints
from adapters.venues.aster.caller import Caller
from adapters.venues.aster.payloads.orders import StrategyPayload, StrategyStatePayload
from adapters.venues.aster.payloads.payload import WrongAnswer, list_in
from adapters.venues.aster.queries import query
from adapters.venues.aster.tickets import Ticket, check_client_id
from trading.errors import InvalidRecord
from trading.weights import Priority

GroupType = Literal["OTO", "OCO", "OTOCO"]
_SIZES: dict[GroupType, int] = {"OTO": 2, "OCO": 2, "OTOCO": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class SubOrder:
    """One order of a group, and what brings it to life or ends it."""

    ticket: Ticket
    conditions: tuple[tuple[str, str], ...] = ()
    """`firstDrivenId`, `firstDrivenOn`, `firstTrigger` and the same with `second`."""


@dataclass(frozen=True, slots=True)
class StrategyCalls:
    """Place and look up groups."""

    caller: Caller

    async def place(
        self,
        group_type: GroupType,
        client_group_id: str,
        orders: Sequence[SubOrder],
        *,
        priority: Priority,
    ) -> StrategyPayload:
        """Place a group; raises as `OrderCalls.submit` does, and `Refused` when the group failed."""
        if len(orders) != _SIZES[group_type]:
            raise InvalidRecord(
                f"{group_type} takes {_SIZES[group_type]} orders, not {len(orders)}"
            )
        items = [
            {
                "strategySubId": str(number),
                "securityType": "USDT_FUTURES",
                **order.ticket.sub_order(),
                **dict(order.conditions),
            }
            for number, order in enumerate(orders, start=1)
        ]
        parameters = query(
            clientStrategyId=check_client_id(client_group_id),
            strategyType=group_type,
            subOrderList=json.dumps(items, separators=(",", ":")),
        )

        def read(document: object) -> StrategyPayload:
            group = StrategyPayload.model_validate(document)
            if group.client_strategy_id != client_group_id:
                raise WrongAnswer("the answer is about another group")
            return group

        return await self.caller.call(
            endpoints.PLACE_STRATEGY, parameters, read, priority=priority, orders=len(orders)
        )

    async def state(
        self,
        group_type: GroupType,
        client_group_id: str,
        *,
        is_open: bool = True,
        priority: Priority = Priority.RECONCILE,
    ) -> StrategyStatePayload:
        """A group as it stands, among the open ones or those of the last ninety days."""

        def read(document: object) -> StrategyStatePayload:
            groups = [StrategyStatePayload.model_validate(row) for row in list_in(document)]
            for group in groups:
                if group.client_strategy_id == client_group_id:
                    return group
            raise WrongAnswer("the answer is about another group")

        return await self.caller.call(
            endpoints.OPEN_STRATEGY if is_open else endpoints.PAST_STRATEGY,
            query(clientStrategyId=check_client_id(client_group_id), strategyType=group_type),
            read,
            priority=priority,
        )
