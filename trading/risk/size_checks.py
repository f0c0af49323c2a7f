"""Checks of size: each limit is a room (notional, quote) that cuts the order or, at zero, denies.

The asked notional holds no leverage: leverage decides the margin, never the quantity, so lowering
it can only cut. Unknown equity is no room at all.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import ROUND_DOWN, Context, Decimal

from trading.risk.draft import Draft, as_text, capped, denied
from trading.risk.gates import is_money
from trading.risk.sizing import largest_quantity, quantity_for
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ONE, ZERO

DOWNWARDS = Context(prec=28, rounding=ROUND_DOWN)
"""A quotient rounded to nearest could spend one unit of the last digit too much."""


def check_allocation(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The asked notional is a number and not negative."""
    if draft.notional.is_finite() and draft.notional >= ZERO:
        return draft
    return denied(
        context,
        DenialCode.ALLOCATION_INVALID,
        limit="0 or more",
        actual=draft.notional,
        sentence=f"The decision allocates {draft.notional}, which is not an amount of money.",
    )


def cap_order_size(context: RiskContext, draft: Draft) -> Draft | Denied:
    """One order is at most the largest position."""
    room = context.limits.max_position_ratio * _equity(context)
    return capped(
        context,
        draft,
        DenialCode.ORDER_SIZE,
        room=room,
        sentence=f"The order of {as_text(draft.notional)} is above {as_text(room)},"
        f" {as_text(context.limits.max_position_ratio)} of equity.",
    )


def cap_symbol_exposure(context: RiskContext, draft: Draft) -> Draft | Denied:
    """What is held already (at mark) and the order together; adds sum, they do not replace."""
    held = ZERO if context.held is None else context.held.notional
    allowed = context.limits.max_position_ratio * _equity(context)
    return capped(
        context,
        draft,
        DenialCode.SYMBOL_EXPOSURE,
        room=allowed - held,
        sentence=f"{as_text(held)} of {context.symbol} is held and {as_text(allowed)} allowed; the"
        f" order asks for {as_text(draft.notional)} more.",
    )


def cap_gross_exposure(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Effective leverage after the order; before it, an order that only adds could slip through."""
    gross = sum((item.notional for item in context.positions), ZERO)
    allowed = context.limits.max_leverage * _equity(context)
    return capped(
        context,
        draft,
        DenialCode.GROSS_EXPOSURE,
        room=allowed - gross,
        sentence=f"Gross exposure is {as_text(gross)} and {as_text(allowed)} is allowed"
        f" ({context.limits.max_leverage} times equity); the order asks for"
        f" {as_text(draft.notional)} more.",
    )


def settle_leverage(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The lowest of the account's setting and the venue's bracket; a held position keeps its own.

    Venues refuse to lower the leverage of an open isolated position, hence the denial there.
    """
    if context.held is None:
        bracket = context.instrument.bracket_for(draft.notional)
        return replace(draft, leverage=min(context.limits.leverage, bracket.max_leverage))
    leverage = context.held.position.leverage
    bracket = context.instrument.bracket_for(draft.notional + context.held.notional)
    allowed = min(context.limits.max_leverage, bracket.max_leverage)
    if leverage <= allowed:
        return replace(draft, leverage=leverage)
    return denied(
        context,
        DenialCode.LEVERAGE,
        limit=allowed,
        actual=leverage,
        sentence=f"{context.symbol} is held at leverage {leverage}; adding needs {allowed} or less.",
    )


def cap_margin(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Initial margin and fee at the slipped price: n x (1 + slippage) x (1 / leverage + fee)."""
    available = context.available if is_money(context.available) else ZERO
    cost = (ONE + context.slippage) * (ONE + context.taker_fee * draft.leverage)
    room = DOWNWARDS.divide(available * draft.leverage, cost)
    return capped(
        context,
        draft,
        DenialCode.MARGIN,
        room=room,
        sentence=f"{as_text(available)} is available; with fees and slippage it carries"
        f" {as_text(room)} at leverage {draft.leverage}, asked is {as_text(draft.notional)}.",
    )


def cap_venue_quantity(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The whole position must fit into one market order, because its stop is one order."""
    held = ZERO if context.held is None else abs(context.held.position.quantity)
    largest = largest_quantity(context.instrument)
    return capped(
        context,
        draft,
        DenialCode.VENUE_MAXIMUM,
        room=(largest - held) * context.price,
        sentence=f"The venue takes at most {as_text(largest)} {context.instrument.base} in one"
        f" market order and {as_text(held)} is held.",
    )


def check_minimum_size(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Applied to what the caps left over, before the lot step: a rest of an order is no trade."""
    smallest = context.limits.min_position_ratio * _equity(context)
    if draft.notional >= smallest > ZERO:
        return draft
    because = f" after {draft.shrinks[-1].code.value}" if draft.shrinks else ""
    return denied(
        context,
        DenialCode.SIZE_BELOW_MINIMUM,
        limit=smallest,
        actual=draft.notional,
        sentence=f"{as_text(draft.notional)}{because} is below {as_text(smallest)},"
        f" {as_text(context.limits.min_position_ratio)} of equity.",
    )


def apply_lot_step(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The quantity, rounded down; nothing under the venue's minimum is rounded up to it."""
    quantity = quantity_for(draft.notional, context.price, context.instrument)
    if quantity > ZERO:
        return replace(draft, quantity=quantity)
    return _below_venue_minimum(context, "entry", draft.notional)


def check_protection_legs(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Stop and target must be placeable for the entry alone: it may be all that is ever held."""
    for leg, level in (("stop", draft.stop_price), ("take profit", draft.take_profit_price)):
        if level is None:
            continue
        notional = draft.quantity * level
        if notional < context.instrument.min_notional:
            return _below_venue_minimum(context, leg, notional)
    return draft


def _below_venue_minimum(context: RiskContext, leg: str, notional: Decimal) -> Denied:
    instrument = context.instrument
    limit = (
        f"{as_text(instrument.min_quantity)} {instrument.base} and"
        f" {as_text(instrument.min_notional)} {instrument.quote}"
    )
    return denied(
        context,
        DenialCode.VENUE_MINIMUM,
        limit=limit,
        actual=notional,
        sentence=f"The {leg} of {context.symbol} would be worth {as_text(notional)}; the venue"
        f" takes nothing under {limit}.",
    )


def _equity(context: RiskContext) -> Decimal:
    return context.equity if is_money(context.equity) else ZERO
