"""Checks of size at the venue: what is asked, the smallest trade, the lot step, the filters.

A notional (quote) becomes a quantity (base), rounded down; nothing is ever rounded up to a minimum.
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from trading.risk.draft import Draft, as_text, capped, denied
from trading.risk.exposure_checks import equity_of
from trading.risk.gates import is_number
from trading.risk.sizing import largest_quantity, quantity_for
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ZERO


def check_allocation(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The asked notional is a number and not negative."""
    if is_number(draft.notional) and draft.notional >= ZERO:
        return draft
    return denied(
        context,
        DenialCode.ALLOCATION_INVALID,
        limit="0 or more",
        actual=draft.notional,
        sentence=f"The decision allocates {draft.notional}, which is not an amount of money.",
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
    smallest = context.limits.min_position_ratio * equity_of(context)
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
