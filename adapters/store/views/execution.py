"""How the orders of an account were filled, per leg: sums only, the ratios are `trading`'s.

The price that was meant is the reference price of the intent; of a stop or a target its trigger, or
the limit price of one that has no trigger.
"""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from trading.orders import Leg
from trading.performance.execution import LegExecution

_LEGS = text(
    """
    with filled as (
        select account_id, client_order_id, sum(quantity) as quantity,
               sum(quantity * price) as notional,
               coalesce(sum(quantity * price) filter (where is_maker), 0) as maker
        from app.fills
        where cast(:only as text) is null or account_id = :only
        group by account_id, client_order_id
    ), meant as (
        select account_id, client_order_id, leg, state,
               case when side = 'buy' then 1 else -1 end as sign,
               case when leg in ('stop', 'target') then coalesce(stop_price, price)
                    else reference_price end as price
        from app.intents
        where real_sent_at is not null and (cast(:only as text) is null or account_id = :only)
    )
    select meant.account_id, meant.leg, count(*) as sent,
           count(*) filter (where meant.state = 'filled') as filled,
           count(*) filter (where meant.state in ('submitting', 'unknown', 'open')) as unsettled,
           coalesce(sum(filled.notional), 0) as filled_notional,
           coalesce(sum(filled.maker), 0) as maker_notional,
           coalesce(sum(filled.quantity * meant.price), 0) as reference_notional,
           coalesce(sum((filled.notional - filled.quantity * meant.price) * meant.sign), 0)
               as slippage_cost
    from meant left join filled using (account_id, client_order_id)
    group by meant.account_id, meant.leg
    order by meant.account_id, meant.leg
    """
)


async def load_executions(
    conn: AsyncConnection, *, only: str | None = None
) -> dict[str, tuple[LegExecution, ...]]:
    """By account, one record per leg of which an order was sent; without any there is no entry."""
    legs: defaultdict[str, list[LegExecution]] = defaultdict(list)
    for row in await conn.execute(_LEGS, {"only": only}):
        legs[row.account_id].append(
            LegExecution(
                leg=Leg(row.leg),
                sent=row.sent,
                filled=row.filled,
                unsettled=row.unsettled,
                filled_notional=row.filled_notional,
                maker_notional=row.maker_notional,
                reference_notional=row.reference_notional,
                slippage_cost=row.slippage_cost,
            )
        )
    return {account_id: tuple(each) for account_id, each in legs.items()}
