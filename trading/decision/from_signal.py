"""From what a strategy believes to what the account decides, for one instrument.

Amounts are notional in quote, rounded down to cents. A position in the signal's direction is held
and never turned in one cycle: a change of direction closes now, and the opposite entry needs the
same opinion again in a later cycle (FR-018). Leaving is never gated by size or confidence.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from trading.decisions import Action, TradeDecision
from trading.limits import RiskLimits
from trading.market import MarketView, Quote
from trading.orders import Side
from trading.positions import Direction, Position
from trading.risk.sizing import size_ratio
from trading.signals import Signal
from trading.units import ZERO, plain, round_down

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class _Choice:
    """What to do and how much of it; `because` is the decision's half of the rationale."""

    action: Action
    allocation: Decimal
    because: str


def decide_from_signal(
    signal: Signal,
    *,
    view: MarketView,
    held: Position | None,
    capital: Decimal,
    limits: RiskLimits,
    decided_by: str,
    takes_stop: bool = True,
) -> TradeDecision:
    """The decision of a rule agent or benchmark, before risk has spoken.

    `capital` is the account's equity (quote), `takes_stop` that of the strategy's catalogue entry.
    A signal that scales in (grid) grows a smaller position by the difference, one that pyramids
    only while the position is in profit. It never shrinks one in part: when it asks for less than
    is held, the position stays until the signal is flat.
    """
    choice = _choose(signal, held, view.quote, capital, limits)
    is_entry = choice.action in (Action.BUY, Action.SELL)
    return TradeDecision(
        symbol=view.symbol,
        action=choice.action,
        allocation_usd=choice.allocation,
        take_profit_price=signal.take_profit_price if is_entry else None,
        stop_price=signal.stop_price if is_entry else None,
        exit_plan=_exit_plan(choice.action, signal, held, limits),
        rationale=f"{signal.reason}. {choice.because}",
        confidence=signal.confidence,
        decided_by=decided_by,
        takes_stop=takes_stop,
    )


def _choose(
    signal: Signal, held: Position | None, quote: Quote, capital: Decimal, limits: RiskLimits
) -> _Choice:
    if signal.hold:
        return _hold("No opinion, nothing changes.")
    if signal.direction is Direction.FLAT:
        return _hold("Already flat.") if held is None else _close("The position is closed.")

    ratio = size_ratio(signal.confidence, limits)
    if ratio is None:
        return _hold(
            f"Confidence {signal.confidence:.2f} is below the account's {limits.min_confidence:g}."
        )
    if held is not None and held.direction is not signal.direction:
        return _close("The direction changed: close now, the other side may come later.")
    if held is not None and not signal.scales_in:
        return _hold("The position already has this direction.")
    if held is not None and signal.adds_in_profit_only and not _is_in_profit(held, quote):
        return _hold("The position is not in profit: only a winner is added to.")
    return _size(signal, held, capital, ratio, limits)


def _size(
    signal: Signal, held: Position | None, capital: Decimal, ratio: Decimal, limits: RiskLimits
) -> _Choice:
    """An entry, or the missing part of a position that scales in."""
    if not capital.is_finite() or capital <= ZERO:
        return _hold(f"The capital is {capital}, there is nothing to size with.")
    wanted = capital * ratio * Decimal(repr(float(signal.weight)))
    # What was paid, not what it is worth now: a level that lost value is still a level held.
    missing = wanted if held is None else wanted - held.notional(held.entry_price)
    if missing <= ZERO:
        return _hold("The position is as large as the signal asks for, or larger.")
    smallest = capital * limits.min_position_ratio
    if missing < smallest:
        return _hold(f"{_cents(missing)} more is wanted, the smallest order is {_cents(smallest)}.")
    # Rounding down must not push an order of the smallest size under the smallest size.
    allocation = max(round_down(missing, CENT), smallest.quantize(CENT, rounding=ROUND_CEILING))
    side = signal.direction.entry_side
    action = Action.BUY if side is Side.BUY else Action.SELL
    verb = "Open" if held is None else "Add"
    share = f"{float(ratio) * signal.weight:.4f} of capital {_cents(capital)} wanted"
    return _Choice(action, allocation, f"{verb} {allocation}, {share}.")


def _is_in_profit(held: Position, quote: Quote) -> bool:
    """At the mark and at the price at which it could be closed; fees are left out."""
    if held.direction is Direction.LONG:
        return min(quote.mark, quote.bid) > held.entry_price
    return max(quote.mark, quote.ask) < held.entry_price


def _hold(because: str) -> _Choice:
    return _Choice(Action.HOLD, ZERO, because)


def _close(because: str) -> _Choice:
    return _Choice(Action.CLOSE, ZERO, because)


def _exit_plan(action: Action, signal: Signal, held: Position | None, limits: RiskLimits) -> str:
    """Stop, target and holding time in words."""
    if action is Action.CLOSE:
        return "Close the whole position at market."
    if action is Action.HOLD:
        return "No position." if held is None else "The plan of the position stays as it is."
    stop = "no stop" if signal.stop_price is None else f"stop at {plain(signal.stop_price)}"
    target = (
        "no target"
        if signal.take_profit_price is None
        else f"target at {plain(signal.take_profit_price)}"
    )
    return f"{stop}, {target}, at most {limits.max_holding_hours} h.".capitalize()


def _cents(amount: Decimal) -> str:
    return f"{amount:.2f}"
