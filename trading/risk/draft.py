"""The entry while it passes through the checks: each may lower its notional, none may raise it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from decimal import Context, Decimal

from trading.risk.state import RiskContext
from trading.risk.verdict import Approved, DenialCode, Denied, Shrunk
from trading.units import ZERO, plain

UNKNOWN = "unknown"
SHOWN = Context(prec=10)
"""Ten significant digits: enough to compare, short enough to read."""
MAX_SHOWN_EXPONENT = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Shrink:
    """One limit that took something away."""

    code: DenialCode
    limit: str
    actual: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The entry so far. `quantity` is zero until the lot step has been applied."""

    notional: Decimal
    stop_price: Decimal | None
    take_profit_price: Decimal | None
    leverage: int
    quantity: Decimal = ZERO
    stop_is_default: bool = False
    shrinks: tuple[Shrink, ...] = ()


def first_draft(context: RiskContext) -> Draft:
    """The decision as it was asked for, at the leverage that the account is set to."""
    return Draft(
        notional=context.decision.allocation_usd,
        stop_price=context.decision.stop_price,
        take_profit_price=context.decision.take_profit_price,
        leverage=context.limits.leverage,
    )


def denied(
    context: RiskContext, code: DenialCode, *, limit: object, actual: object, sentence: str
) -> Denied:
    """A refusal with its numbers as text."""
    return Denied(
        symbol=context.symbol,
        code=code,
        limit=as_text(limit),
        actual=as_text(actual),
        sentence=sentence,
    )


def capped(
    context: RiskContext, draft: Draft, code: DenialCode, *, room: Decimal, sentence: str
) -> Draft | Denied:
    """The draft cut to `room` (notional, quote): unchanged inside it, denied when there is none."""
    if draft.notional <= room:
        return draft
    if room <= ZERO:
        return denied(context, code, limit=ZERO, actual=draft.notional, sentence=sentence)
    shrink = Shrink(
        code=code, limit=as_text(room), actual=as_text(draft.notional), sentence=sentence
    )
    return replace(draft, notional=room, shrinks=(*draft.shrinks, shrink))


def finished(context: RiskContext, draft: Draft) -> Approved | Shrunk:
    """The verdict on a draft that passed every check; the last shrink is the one that binds."""
    approved = Approved(
        symbol=context.symbol,
        side=context.side,
        asked=context.decision.allocation_usd,
        notional=draft.quantity * context.price,
        quantity=draft.quantity,
        price=context.price,
        leverage=draft.leverage,
        stop_price=draft.stop_price,
        take_profit_price=draft.take_profit_price,
        stop_is_default=draft.stop_is_default,
    )
    if not draft.shrinks:
        return approved
    binding = draft.shrinks[-1]
    return Shrunk(
        symbol=approved.symbol,
        side=approved.side,
        asked=approved.asked,
        notional=approved.notional,
        quantity=approved.quantity,
        price=approved.price,
        leverage=approved.leverage,
        stop_price=approved.stop_price,
        take_profit_price=approved.take_profit_price,
        stop_is_default=approved.stop_is_default,
        code=binding.code,
        limit=binding.limit,
        actual=binding.actual,
        sentence=binding.sentence,
    )


def as_text(value: object) -> str:
    """A limit or figure for people and for the store; missing and NaN read `unknown`."""
    if value is None:
        return UNKNOWN
    if isinstance(value, Decimal):
        return _amount_as_text(value) if value.is_finite() else UNKNOWN
    return str(value)


def _amount_as_text(amount: Decimal) -> str:
    shown = SHOWN.plus(amount)
    # A model may write 1e999999; spelled out it would be a megabyte of zeros.
    return plain(shown) if abs(shown.adjusted()) <= MAX_SHOWN_EXPONENT else str(shown)
