"""Funding counts against the side that pays (FR-017): its cost over the holding time.

Cost = rate x instants within the holding time, a ratio of notional; what the other side earns is
never counted as a gain. A rate that is not known is no zero.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from trading.risk.draft import Draft, as_text, denied
from trading.risk.gates import is_number
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ZERO

LONGEST_HORIZON = timedelta(hours=36)
"""The holding time of the rules; a benchmark that holds for years is measured by the same."""


def check_funding(context: RiskContext, draft: Draft) -> Draft | Denied:
    """What this side pays within the holding time stays under the limit and under its reward."""
    rate = context.quote.funding_rate
    if rate is None and not context.pays_funding:
        return draft
    if not is_number(rate):
        return _denied(context, context.limits.max_funding_ratio, None, "its rate is unknown")
    cost = max(ZERO, rate * context.side.sign) * funding_instants(context)
    words = f"{as_text(cost)} of notional would be paid at the rate {as_text(rate)}"
    if cost > context.limits.max_funding_ratio:
        return _denied(context, context.limits.max_funding_ratio, cost, words)
    target = draft.take_profit_price
    if cost == ZERO or target is None:
        return draft
    reward = (target - context.price) * context.side.sign / context.price
    if cost < reward:
        return draft
    return _denied(context, reward, cost, f"{words}, and the target earns {as_text(reward)}")


def funding_instants(context: RiskContext) -> int:
    """How often funding is paid from now until the end of the holding time."""
    hours = timedelta(hours=1) * context.limits.max_holding_hours
    horizon = min(hours, LONGEST_HORIZON)
    interval = context.instrument.funding_interval
    due = context.quote.next_funding_at
    wait = timedelta(0) if due is None else min(max(due - context.at, timedelta(0)), interval)
    return 0 if wait > horizon else (horizon - wait) // interval + 1


def _denied(context: RiskContext, limit: Decimal, cost: Decimal | None, words: str) -> Denied:
    return denied(
        context,
        DenialCode.FUNDING,
        limit=limit,
        actual=cost,
        sentence=f"Funding of {context.symbol} for a {context.side.value}: {words}.",
    )
