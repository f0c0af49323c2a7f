"""Checks of stop and take profit: there, on the right side, near enough, before liquidation.

Levels are quote per base. A level is moved to a tick of the instrument only towards the price,
so rounding never loosens a stop.
"""

from __future__ import annotations

import math
from dataclasses import replace
from decimal import Decimal

from trading.orders import Side
from trading.risk.draft import Draft, as_text, denied
from trading.risk.gates import is_number
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ONE, ZERO, ceil_to, floor_to, to_float, to_price

MAX_LEVEL_DISTANCE = Decimal("0.5")
"""Of the price (rules section 5, point 9)."""
STOP = "stop"
TARGET = "take profit"


def default_stop(
    side: Side, price: Decimal, *, atr: float | None, multiple: float, tick: Decimal
) -> Decimal | None:
    """Price against the entry by `multiple` x ATR(14), on a tick; None without a usable ATR.

    Also None when the stop would not be a positive price on the losing side.
    """
    if atr is None or not math.isfinite(atr) or atr <= 0.0:
        return None
    level = to_float(price) - side.sign * multiple * atr
    if level < to_float(tick):
        return None
    stop = to_price(level, tick)
    return stop if (price - stop) * side.sign > ZERO else None


def require_stop(context: RiskContext, draft: Draft) -> Draft | Denied:
    """A stop is mandatory; a decision without one gets the account's ATR stop.

    Only a benchmark account whose decision says so as well (both settings) goes without.
    """
    if draft.stop_price is not None:
        return draft
    if not context.limits.requires_stop and not context.decision.takes_stop:
        return draft
    stop = default_stop(
        context.side,
        context.price,
        atr=context.atr,
        multiple=context.limits.stop_atr_multiple,
        tick=context.instrument.tick_size,
    )
    if stop is not None:
        return replace(draft, stop_price=stop, stop_is_default=True)
    return denied(
        context,
        DenialCode.STOP_MISSING,
        limit="a stop",
        actual="no stop in the decision and no usable ATR(14)",
        sentence=f"{context.symbol} has no stop and ATR(14) is {context.atr}, so none can be set.",
    )


def check_level_distance(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Levels are positive finite prices within half of the price; then moved to their tick."""
    # Compared by multiplication: dividing a level like 1e999999 would overflow.
    nearest = context.price * (ONE - MAX_LEVEL_DISTANCE)
    farthest = context.price * (ONE + MAX_LEVEL_DISTANCE)
    for name, level in _levels(draft):
        if not is_number(level) or not nearest <= level <= farthest:
            return denied(
                context,
                DenialCode.LEVEL_TOO_FAR,
                limit=f"{as_text(nearest)} to {as_text(farthest)}",
                actual=level,
                sentence=f"The {name} {as_text(level)} is not within half of the price"
                f" {as_text(context.price)}.",
            )
    return _to_tick(context, draft)


def check_level_sides(context: RiskContext, draft: Draft) -> Draft | Denied:
    """buy: stop < price < target; sell: the reverse; against bid, ask, last and mark alike.

    A stop between mark and ask would trigger the moment it rests, so every known price counts.
    """
    quote = context.quote
    prices = (quote.bid, quote.ask, quote.last, quote.mark)
    low, high = min(prices), max(prices)
    for name, level in _levels(draft):
        must_be_below = (name == STOP) == (context.side is Side.BUY)
        if level < low if must_be_below else level > high:
            continue
        limit = f"below {as_text(low)}" if must_be_below else f"above {as_text(high)}"
        return denied(
            context,
            DenialCode.LEVEL_WRONG_SIDE,
            limit=limit,
            actual=level,
            sentence=f"The {name} of a {context.side.value} must be {limit}, it is"
            f" {as_text(level)}.",
        )
    return draft


def check_reward_to_risk(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Target over stop distance, both from the price that is paid, never from one another.

    Without a target there is no reward to measure, and the exits let it run; without a stop (a
    benchmark) there is no risk to measure it by.
    """
    stop, target = draft.stop_price, draft.take_profit_price
    floor = context.limits.min_reward_to_risk
    if stop is None or target is None:
        return draft
    reward = (target - context.price) * context.side.sign
    risk = (context.price - stop) * context.side.sign
    if reward >= floor * risk:
        return draft
    return denied(
        context,
        DenialCode.REWARD_TO_RISK,
        limit=floor,
        actual=reward / risk,
        sentence=f"From {as_text(context.price)} the target is {as_text(reward)} away and the stop"
        f" {as_text(risk)}: {as_text(reward / risk)} for 1 at risk.",
    )


def check_liquidation(context: RiskContext, draft: Draft) -> Draft | Denied:
    """At the stop the isolated margin must still be above maintenance, or the stop is no stop.

    The whole position after the order counts, entered at the slipped price. Isolated is the
    stricter of the two margin modes.
    """
    if draft.stop_price is None:
        return draft
    left, needed = _margin_at(context, draft, draft.stop_price)
    if left > needed:
        return draft
    return denied(
        context,
        DenialCode.LIQUIDATION,
        limit=needed,
        actual=left,
        sentence=f"At the stop {as_text(draft.stop_price)} the position would have"
        f" {as_text(left)} of margin and need {as_text(needed)}: at leverage {draft.leverage} it"
        " is liquidated first.",
    )


def _margin_at(context: RiskContext, draft: Draft, price: Decimal) -> tuple[Decimal, Decimal]:
    """Isolated margin plus unrealised PnL, and maintenance margin, of the position at a price."""
    sign = context.side.sign
    entry = context.price * (ONE + sign * context.slippage)
    margin = draft.quantity * entry / draft.leverage
    unrealized = (price - entry) * draft.quantity * sign
    quantity = draft.quantity
    if context.held is not None:
        held = context.held.position
        margin += held.isolated_margin
        unrealized += held.unrealized_pnl(price)
        quantity += abs(held.quantity)
    notional = quantity * price
    bracket = context.instrument.bracket_for(notional)
    return margin + unrealized, notional * bracket.maintenance_ratio - bracket.cumulative


def _levels(draft: Draft) -> tuple[tuple[str, Decimal], ...]:
    named = ((STOP, draft.stop_price), (TARGET, draft.take_profit_price))
    return tuple((name, level) for name, level in named if level is not None)


def _to_tick(context: RiskContext, draft: Draft) -> Draft:
    """Both levels on a tick, moved towards the price: up when below it, down when above."""
    stop_to, target_to = (ceil_to, floor_to) if context.side is Side.BUY else (floor_to, ceil_to)
    tick = context.instrument.tick_size
    stop, target = draft.stop_price, draft.take_profit_price
    return replace(
        draft,
        stop_price=None if stop is None else stop_to(stop, tick),
        take_profit_price=None if target is None else target_to(target, tick),
    )
