"""Exits that the runtime makes itself: the ordered list of reasons to leave a position now.

Resting stop and target orders are the first line; these checks are the second: a price beyond a
level whose order did not fill, and the exits that no order can stand for. The first exit wins, so
the order is the policy: a loss is named before a gain, a price before a reason, and a reason before
the clock. An unknown price or measure never closes a position, but it does not stop the clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from trading.conditions import render
from trading.errors import InvalidRecord
from trading.exit_settings import ExitSettings
from trading.exits.invalidation.evaluate import Evaluation
from trading.exits.plan import ExitPlan, key_of
from trading.exits.prices import is_price
from trading.exits.state import ExitState, peak_profit
from trading.exits.tiers import fell_back
from trading.positions import Position
from trading.units import ZERO, plain


class ExitReason(StrEnum):
    """Why a position was closed by the runtime."""

    STOP = "stop"
    TARGET = "target"
    PULLBACK = "pullback"
    INVALIDATION = "invalidation"
    TIME_TO_LIVE = "time_to_live"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitDecision:
    """Close the whole position at market, reduce-only."""

    symbol: str
    reason: ExitReason
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExitView:
    """One open position, its plan, and what is known at `at`."""

    plan: ExitPlan
    position: Position
    price: Decimal | None
    """The price on which the resting orders trigger; None when it is not known."""
    at: datetime
    state: ExitState | None = None
    """Its best price so far; None for a benchmark, whose profit is left to run."""
    settings: ExitSettings = field(default_factory=ExitSettings)
    invalidations: tuple[Evaluation, ...] = ()
    """The plan's conditions as they stand at `at`."""

    def __post_init__(self) -> None:
        if self.plan.key != key_of(self.position):
            raise InvalidRecord(
                f"the exit plan of {self.plan.symbol} opened at {self.plan.opened_at.isoformat()}"
                f" is not that of the {self.position.direction} {self.position.symbol} position"
                f" opened at {self.position.opened_at.isoformat()}; make a plan for this position"
            )
        if self.state is not None and self.state.key != self.plan.key:
            raise InvalidRecord(
                f"the exit state of {self.state.key.symbol} opened at"
                f" {self.state.key.opened_at.isoformat()} is not that of the {self.plan.symbol}"
                f" position opened at {self.plan.opened_at.isoformat()}; look at it first"
            )

    @property
    def known_price(self) -> Decimal | None:
        return self.price if is_price(self.price) else None


ExitCheck = Callable[[ExitView], ExitDecision | None]


def check_stop(view: ExitView) -> ExitDecision | None:
    """The price is at or beyond the stop, and the position is still there."""
    stop, price = view.plan.stop_price, view.known_price
    if stop is None or price is None or (price - stop) * view.plan.direction.sign > ZERO:
        return None
    return _leave(
        view,
        ExitReason.STOP,
        f"The price {plain(price)} is beyond the stop {plain(stop)} and its order has not filled.",
    )


def check_target(view: ExitView) -> ExitDecision | None:
    """The price is at or beyond the take profit, and the position is still there."""
    target, price = view.plan.take_profit_price, view.known_price
    if target is None or price is None or (price - target) * view.plan.direction.sign < ZERO:
        return None
    return _leave(
        view,
        ExitReason.TARGET,
        f"The price {plain(price)} has reached the take profit {plain(target)} and its order has"
        " not filled.",
    )


def check_pullback(view: ExitView) -> ExitDecision | None:
    """After the first tier, too much of the peak profit has been given back."""
    if view.state is None:
        return None
    leverage = view.position.leverage
    profit = fell_back(view.state, leverage, view.settings, view.known_price)
    if profit is None:
        return None
    peak = peak_profit(view.state, leverage)
    return _leave(
        view,
        ExitReason.PULLBACK,
        f"The leverage-adjusted profit fell from its peak of {_percent(peak)} to"
        f" {_percent(profit)}; at most {_percent(view.settings.pullback or ZERO)} of a peak may be"
        " given back.",
    )


def check_invalidation(view: ExitView) -> ExitDecision | None:
    """A condition of the plan is known to hold; one that is not known closes nothing."""
    for evaluation in view.invalidations:
        if evaluation.holds:
            return _leave(
                view,
                ExitReason.INVALIDATION,
                f"The reason for the position is gone: {render(evaluation.condition)}"
                f" ({evaluation.values}).",
            )
    return None


def check_time_to_live(view: ExitView) -> ExitDecision | None:
    """The position has been held as long as it may."""
    longest = view.plan.time_to_live
    held = view.at - view.plan.opened_at
    if longest is None or held < longest:
        return None
    return _leave(
        view,
        ExitReason.TIME_TO_LIVE,
        f"The position has been open for {_hours(held.total_seconds())}; the longest is"
        f" {_hours(longest.total_seconds())}.",
    )


EXIT_CHECKS: tuple[ExitCheck, ...] = (
    check_stop,
    check_target,
    check_pullback,
    check_invalidation,
    check_time_to_live,
)


def check_exit(view: ExitView) -> ExitDecision | None:
    """The first exit that applies, or None: the position stays."""
    for check in EXIT_CHECKS:
        decision = check(view)
        if decision is not None:
            return decision
    return None


def _leave(view: ExitView, reason: ExitReason, sentence: str) -> ExitDecision:
    return ExitDecision(symbol=view.plan.symbol, reason=reason, sentence=sentence)


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} hours"


def _percent(ratio: Decimal) -> str:
    return f"{ratio * 100:.1f} %"
