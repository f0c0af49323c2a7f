"""How large: from confidence to a share of capital, from notional to a quantity the venue takes.

Ratios are fractions of capital, notional is quote, quantity is base. The one rule: rounding and
clamping to the venue's filters only ever make an order smaller, never larger than was asked for.
"""

from __future__ import annotations

import math
from decimal import Decimal

from trading.instruments import Instrument
from trading.limits import RiskLimits
from trading.units import ONE, ZERO, round_down


def size_ratio(confidence: float | None, limits: RiskLimits) -> Decimal | None:
    """Notional over capital for a confidence, or None for no trade (seed 004's formula).

    max_position_ratio x (confidence - min_confidence) / (1 - min_confidence), kept between
    min_position_ratio and max_position_ratio. None below the threshold and for anything that is
    no confidence at all (missing, NaN, infinite, above 1): a broken number must not become a full size.
    """
    if confidence is None or not math.isfinite(confidence):
        return None
    if confidence > 1.0 or confidence < limits.min_confidence:
        return None
    threshold = Decimal(repr(limits.min_confidence))
    # float() first: a numpy scalar has another repr.
    share = (Decimal(repr(float(confidence))) - threshold) / (ONE - threshold)
    ratio = limits.max_position_ratio * share
    return max(limits.min_position_ratio, min(ratio, limits.max_position_ratio))


def largest_quantity(instrument: Instrument) -> Decimal:
    """The most base quantity that one market order may have, a multiple of the step."""
    largest = instrument.max_quantity
    if instrument.max_market_quantity > ZERO:  # some venues list 0 for "no limit of its own"
        largest = min(largest, instrument.max_market_quantity)
    return round_down(largest, market_step(instrument))


def market_step(instrument: Instrument) -> Decimal:
    """The step of quantities of market orders: the coarser one, where a venue names two."""
    return max(instrument.step_size, instrument.market_step_size or ZERO)


def quantity_for(notional: Decimal, price: Decimal, instrument: Instrument) -> Decimal:
    """Base quantity for a notional at a price, rounded down to the step; zero means no order.

    Zero when the result is under a smallest quantity or `min_notional`, or when an input is not a
    positive finite number; cut at the venue's largest market order.
    """
    if not (notional.is_finite() and price.is_finite()) or notional <= ZERO or price <= ZERO:
        return ZERO
    largest = largest_quantity(instrument)
    if notional >= largest * price:
        quantity = largest
    else:
        # Whole steps by integer division: a plain quotient is rounded half-even at 28 digits and
        # could come out one step too high.
        step = market_step(instrument)
        quantity = notional // (price * step) * step
    smallest = max(instrument.min_quantity, instrument.min_market_quantity or ZERO)
    if quantity < smallest or quantity * price < instrument.min_notional:
        return ZERO
    return quantity
