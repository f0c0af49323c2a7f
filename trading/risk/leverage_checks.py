"""Checks of leverage and margin: what the venue is told, and whether the account can pay for it.

The asked notional holds no leverage: leverage decides the margin, never the quantity, so lowering
it can only cut. Amounts are quote.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Context, Decimal

from trading.limits import RiskLimits
from trading.risk.draft import Draft, as_text, capped, denied
from trading.risk.exposure_checks import equity_of
from trading.risk.gates import is_money
from trading.risk.sizing import market_step
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ONE, ZERO

DOWNWARDS = Context(prec=28, rounding=ROUND_DOWN)
"""A quotient rounded to nearest could spend one unit of the last digit too much."""
MOST_LEVERAGE = 125


@dataclass(frozen=True, slots=True)
class _Choice:
    """One row of the venue's margin table for a new position."""

    leverage: int
    ceiling: Decimal
    """Largest notional that the row carries, or what is asked."""
    affordable: Decimal
    """Of it, what the margin pays for."""


def volatility_leverage(atr: float | None, price: Decimal, limits: RiskLimits) -> int:
    """The highest leverage at which one ATR costs no more of the margin than is allowed.

    max_atr_of_margin / (ATR / price), a whole number from 1; 1 when ATR is not known.
    """
    if atr is None or not math.isfinite(atr) or atr <= 0.0:
        return 1
    # float() first: a numpy scalar has another repr.
    most = limits.max_atr_of_margin * price / Decimal(repr(float(atr)))
    return max(1, int(min(most, Decimal(MOST_LEVERAGE))))


def settle_leverage(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The lowest of the account's setting, the venue's bracket and what volatility allows.

    A smaller order may come into a bracket with more leverage and so need less margin; of all
    brackets the one counts that lets most be opened, or a tighter cap could approve more.
    """
    highest = min(
        context.limits.leverage, volatility_leverage(context.atr, context.price, context.limits)
    )
    if context.held is not None:
        return _keep_leverage(context, draft, context.held.position.leverage)
    best = max(
        _choices(context, draft.notional, highest),
        key=lambda choice: (choice.affordable, choice.leverage),
    )
    return capped(
        context,
        replace(draft, leverage=best.leverage),
        DenialCode.LEVERAGE,
        room=best.ceiling,
        sentence=f"At leverage {best.leverage} the venue carries at most {as_text(best.ceiling)} of"
        f" {context.symbol}, and with less leverage the margin would carry less.",
    )


def cap_margin(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Initial margin and fee at the slipped price: n x (1 + slippage) x (1 / leverage + fee)."""
    available = _available(context)
    room = _carried(context, available, draft.leverage)
    return capped(
        context,
        draft,
        DenialCode.MARGIN,
        room=room,
        sentence=f"{as_text(available)} is available; with fees and slippage it carries"
        f" {as_text(room)} at leverage {draft.leverage}, asked is {as_text(draft.notional)}.",
    )


def cap_margin_use(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The initial margin of all positions, the order's fees included, over equity."""
    left = _margin_left(context)
    room = _carried(context, left, draft.leverage)
    return capped(
        context,
        draft,
        DenialCode.MARGIN_USE,
        room=room,
        sentence=f"{as_text(left)} of margin may still be used"
        f" ({as_text(context.limits.max_margin_ratio)} of equity); it carries {as_text(room)} at"
        f" leverage {draft.leverage}, asked is {as_text(draft.notional)}.",
    )


def _keep_leverage(context: RiskContext, draft: Draft, leverage: int) -> Draft | Denied:
    """Venues refuse to lower the leverage of an open isolated position, hence a denial."""
    held = ZERO if context.held is None else context.held.notional
    allowed = min(
        context.limits.max_leverage,
        context.instrument.bracket_for(draft.notional + held).max_leverage,
        volatility_leverage(context.atr, context.price, context.limits),
    )
    if leverage <= allowed:
        return replace(draft, leverage=leverage)
    return denied(
        context,
        DenialCode.LEVERAGE,
        limit=allowed,
        actual=leverage,
        sentence=f"{context.symbol} is held at leverage {leverage}; adding needs {allowed} or less"
        " (limit, bracket and volatility).",
    )


def _choices(context: RiskContext, notional: Decimal, highest: int) -> Iterator[_Choice]:
    """What each row of the margin table would carry of a notional."""
    rows = sorted(context.instrument.brackets, key=lambda row: row.notional_floor)
    lot = market_step(context.instrument) * context.price
    margin = max(ZERO, min(_available(context), _margin_left(context)))
    for number, row in enumerate(rows):
        if number and row.notional_floor > notional:
            return
        after = rows[number + 1].notional_floor if number + 1 < len(rows) else None
        # A row ends below the floor of the next one; quantities move by whole lots.
        ceiling = notional if after is None or notional < after else after - lot
        leverage = min(highest, row.max_leverage)
        affordable = min(ceiling, _carried(context, margin, leverage))
        yield _Choice(leverage, ceiling, affordable)


def _carried(context: RiskContext, margin: Decimal, leverage: int) -> Decimal:
    """The notional for which an amount of margin pays, fee and slippage included."""
    cost = (ONE + context.slippage) * (ONE + context.taker_fee * leverage)
    return DOWNWARDS.divide(margin * leverage, cost)


def _available(context: RiskContext) -> Decimal:
    return context.available if is_money(context.available) else ZERO


def _margin_left(context: RiskContext) -> Decimal:
    used = sum((item.position.isolated_margin for item in context.positions), ZERO)
    return context.limits.max_margin_ratio * equity_of(context) - used
