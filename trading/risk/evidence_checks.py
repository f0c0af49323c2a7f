"""Checks of the wish itself: this symbol, this direction, now, with this much confidence?

Confidence is a ratio from 0 to 1, times are market times. A change of direction asks for more than
an entry does, and a symbol that was just closed waits (FR-016, FR-018).
"""

from __future__ import annotations

from datetime import timedelta

from trading.positions import Direction
from trading.risk.draft import Draft, as_text, denied
from trading.risk.sizing import size_ratio
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ZERO


def check_direction(context: RiskContext, draft: Draft) -> Draft | Denied:
    """An entry may open or add, never turn a position round in one order."""
    held = context.held
    if held is None or held.position.direction.entry_side is context.side:
        return draft
    return denied(
        context,
        DenialCode.OPPOSITE_POSITION,
        limit="flat or the same direction",
        actual=held.position.direction.value,
        sentence=f"{context.symbol} is held {held.position.direction.value}; close it before a"
        f" {context.side.value} can open.",
    )


def check_cooldown(context: RiskContext, draft: Draft) -> Draft | Denied:
    """After its position was closed, a symbol waits; a close from later than now waits as well."""
    if context.last_close is None:
        return draft
    passed = context.at - context.last_close.at
    wait = timedelta(minutes=context.limits.cooldown_minutes)
    if passed >= wait:
        return draft
    return denied(
        context,
        DenialCode.COOLDOWN,
        limit=f"{wait.total_seconds() / 60:g} min",
        actual=f"{passed.total_seconds() / 60:g} min",
        sentence=f"{context.symbol} was closed {passed.total_seconds() / 60:g} minutes ago; it"
        f" waits for {wait.total_seconds() / 60:g}.",
    )


def check_position_count(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Adding to a held symbol opens nothing new."""
    count = sum(1 for item in context.positions if item.position.quantity != ZERO)
    if context.held is not None or count < context.limits.max_positions:
        return draft
    return denied(
        context,
        DenialCode.MAX_POSITIONS,
        limit=context.limits.max_positions,
        actual=count,
        sentence=f"{count} positions are open; the limit is {context.limits.max_positions}.",
    )


def check_confidence(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Under the threshold there is no trade, whatever was allocated."""
    if size_ratio(context.decision.confidence, context.limits) is not None:
        return draft
    return denied(
        context,
        DenialCode.CONFIDENCE,
        limit=context.limits.min_confidence,
        actual=context.decision.confidence,
        sentence=f"The confidence is {context.decision.confidence}; an entry needs"
        f" {context.limits.min_confidence} to 1.",
    )


def check_direction_change(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Against the direction that was held last, an entry needs more confidence (hysteresis)."""
    needed = context.limits.turn_confidence
    if not _is_a_change(context) or context.decision.confidence >= needed:
        return draft
    was = Direction.FLAT if context.last_close is None else context.last_close.direction
    return denied(
        context,
        DenialCode.DIRECTION_CHANGE,
        limit=needed,
        actual=context.decision.confidence,
        sentence=f"{context.symbol} was last held {was.value}; a {context.side.value} now needs a"
        f" confidence of {as_text(needed)}, it has {context.decision.confidence}.",
    )


def _is_a_change(context: RiskContext) -> bool:
    """Whether the other direction was held lately and nothing is held now."""
    last = context.last_close
    if last is None or context.held is not None:
        return False
    remembered = timedelta(hours=context.limits.turn_hours)
    return last.direction.entry_side is not context.side and context.at - last.at < remembered
