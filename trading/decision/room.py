"""How large an entry may be right now: asked of the risk rules themselves, not computed beside them.

A probe that wants far more than any account has passes through every check of an entry; what is
left of it is the largest notional (quote) that would be approved. So the figure that a model is
told is the one that the code enforces, free margin included.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trading.decision.context.situation import EntryRoom
from trading.decisions import Action
from trading.risk.checks import check_entry
from trading.risk.exposure_checks import equity_of
from trading.risk.state import RiskContext
from trading.risk.verdict import Denied
from trading.units import ZERO

_FAR_TOO_MUCH = Decimal("1e12")


def entry_room(context: RiskContext) -> EntryRoom:
    """The room of one instrument; the decision in the context only gives its form."""
    most_buy, no_buy = _most(context, Action.BUY)
    most_sell, no_sell = _most(context, Action.SELL)
    limits, instrument = context.limits, context.instrument
    return EntryRoom(
        asset=instrument.base,
        most_buy=most_buy,
        most_sell=most_sell,
        smallest=max(limits.min_position_ratio * equity_of(context), instrument.min_notional),
        no_buy_because=no_buy,
        no_sell_because=no_sell,
    )


def _most(context: RiskContext, action: Action) -> tuple[Decimal, str]:
    probe = replace(
        context.decision,
        action=action,
        allocation_usd=_FAR_TOO_MUCH,
        take_profit_price=None,
        stop_price=None,
        confidence=1.0,
    )
    verdict = check_entry(replace(context, decision=probe))
    if isinstance(verdict, Denied):
        return ZERO, verdict.sentence
    return verdict.notional, ""
