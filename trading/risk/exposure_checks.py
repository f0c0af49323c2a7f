"""Checks of exposure: how much of the equity one order, one symbol, one bet and all may hold.

Each limit is a room (notional, quote) that cuts the order or, at zero, denies. Positions count at
their mark, shorts by their magnitude. Unknown equity is no room at all.
"""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from trading.risk.correlation import one_bet
from trading.risk.draft import Draft, as_text, capped
from trading.risk.gates import is_money
from trading.risk.positions import MarkedPosition
from trading.risk.sizing import size_ratio
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ZERO


def cap_confidence_size(context: RiskContext, draft: Draft) -> Draft | Denied:
    """A position is at most what its confidence carries (seed 004), counted at what was paid.

    At cost and not at mark, so that a position that was scaled in on purpose is not cut for
    having won or lost meanwhile.
    """
    ratio = size_ratio(context.decision.confidence, context.limits) or ZERO
    held = ZERO if context.held is None else context.held.cost
    allowed = ratio * equity_of(context)
    return capped(
        context,
        draft,
        DenialCode.CONFIDENCE_SIZE,
        room=allowed - held,
        sentence=f"A confidence of {context.decision.confidence} carries {as_text(allowed)},"
        f" {as_text(held)} is in already; the order asks for {as_text(draft.notional)}.",
    )


def cap_order_size(context: RiskContext, draft: Draft) -> Draft | Denied:
    """One order is at most a fifth of equity unless the account says otherwise (seed 001)."""
    ratio = context.limits.order_ratio
    room = ratio * equity_of(context)
    return capped(
        context,
        draft,
        DenialCode.ORDER_SIZE,
        room=room,
        sentence=f"The order of {as_text(draft.notional)} is above {as_text(room)},"
        f" {as_text(ratio)} of equity.",
    )


def cap_symbol_exposure(context: RiskContext, draft: Draft) -> Draft | Denied:
    """What is held already (at mark) and the order together; adds sum, they do not replace."""
    held = ZERO if context.held is None else context.held.notional
    allowed = context.limits.max_position_ratio * equity_of(context)
    return capped(
        context,
        draft,
        DenialCode.SYMBOL_EXPOSURE,
        room=_room(context, allowed, () if context.held is None else (context.held,)),
        sentence=f"{as_text(held)} of {context.symbol} is held and {as_text(allowed)} allowed; the"
        f" order asks for {as_text(draft.notional)} more.",
    )


def cap_correlated_exposure(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Positions that move together are one bet; an unknown correlation counts as one."""
    bet = one_bet(
        context.symbol,
        context.side.sign,
        context.positions,
        context.correlations,
        context.limits.correlation_threshold,
    )
    held = sum((item.notional for item in bet), ZERO)
    allowed = context.limits.correlated_ratio * equity_of(context)
    names = ", ".join(sorted(item.position.symbol for item in bet)) or "nothing"
    return capped(
        context,
        draft,
        DenialCode.CORRELATED_EXPOSURE,
        room=_room(context, allowed, bet),
        sentence=f"{context.symbol} is one bet with {names}: {as_text(held)} is held and"
        f" {as_text(allowed)} allowed; the order asks for {as_text(draft.notional)} more.",
    )


def cap_gross_exposure(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Effective leverage after the order; before it, an order that only adds could slip through."""
    gross = sum((item.notional for item in context.positions), ZERO)
    allowed = context.limits.max_leverage * equity_of(context)
    return capped(
        context,
        draft,
        DenialCode.GROSS_EXPOSURE,
        room=_room(context, allowed, context.positions),
        sentence=f"Gross exposure is {as_text(gross)} and {as_text(allowed)} is allowed"
        f" ({context.limits.max_leverage} times equity); the order asks for"
        f" {as_text(draft.notional)} more.",
    )


def _room(context: RiskContext, allowed: Decimal, positions: Iterable[MarkedPosition]) -> Decimal:
    """The notional with which the order and `positions` stay within `allowed`, all after its fill.

    The position that grows counts whole at its mark or at the order's price, whichever is higher:
    as the next entry of the cycle will find it.
    """
    held = context.held
    others = sum((item.notional for item in positions if item is not held), ZERO)
    if held is None:
        return allowed - others
    mark = max(held.mark, context.price)
    return (allowed - others - held.position.notional(mark)) * context.price / mark


def equity_of(context: RiskContext) -> Decimal:
    """The account's equity (quote); zero when it is not known."""
    return context.equity if is_money(context.equity) else ZERO
