"""How decisions turned out: the price after one hour and after four, and the trade that was opened.

An outcome is keyed by `known_at`, the market time from which it may be told: what a decision is made
on can then never hold an outcome of later. Prices are quote per base, results are ratios of the price
at the decision, before fees; only the net PnL of a trade has fees and funding in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from trading.candles import Candle
from trading.decisions import Action
from trading.errors import InvalidRecord
from trading.timeframes import Timeframe
from trading.trades import Trade
from trading.units import ONE


class Horizon(StrEnum):
    """When it is looked at how a decision turned out."""

    HOUR = "1h"
    FOUR_HOURS = "4h"
    CLOSE = "close"
    """When the trade that it opened was closed."""


LENGTHS = {Horizon.HOUR: timedelta(hours=1), Horizon.FOUR_HOURS: timedelta(hours=4)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionMade:
    """What has to be known of a decision."""

    id: UUID
    symbol: str
    action: Action
    decided_at: datetime
    reference_price: Decimal
    """Of the instrument when it was decided, positive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How one decision stood at one horizon."""

    decision_id: UUID
    horizon: Horizon
    known_at: datetime
    price: Decimal
    """At that instant; of a trade the mean price of leaving it."""
    move_ratio: Decimal
    """Of the price since the decision, whatever the side."""
    result_ratio: Decimal | None
    """The move in the decision's direction; None for hold and close, which have none."""
    net_pnl: Decimal | None = None
    """Quote, of the trade at its close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionOutcome:
    """An outcome with the decision it is of, as it is told."""

    asset: str
    action: Action
    decided_at: datetime
    horizon: Horizon
    known_at: datetime
    move_ratio: Decimal
    result_ratio: Decimal | None
    net_pnl: Decimal | None
    confidence: float
    rationale: str
    """The beginning of the decider's words."""


def due_at(made: DecisionMade, horizon: Horizon) -> datetime:
    """The instant whose price counts. Raises `InvalidRecord` for `CLOSE`, which has no such instant."""
    length = LENGTHS.get(horizon)
    if length is None:
        raise InvalidRecord("a trade closes when it closes: there is no instant for it beforehand")
    return made.decided_at + length


def outcome_by_price(
    made: DecisionMade, horizon: Horizon, candles: Sequence[Candle], timeframe: Timeframe
) -> Outcome | None:
    """The outcome by the close of the last candle that is closed when it is due.

    None while that candle is not among `candles`, and for ever if it closed before the decision: a
    price of any other instant would be another result for the same decision.
    """
    due = due_at(made, horizon)
    closes_at = timeframe.floor(due)
    if closes_at <= made.decided_at:
        return None
    opened = closes_at - timeframe.length
    close = next((each.close for each in candles if each.open_time == opened), None)
    if close is None:
        return None
    move = close / made.reference_price - ONE
    return Outcome(
        decision_id=made.id,
        horizon=horizon,
        known_at=due,
        price=close,
        move_ratio=move,
        result_ratio=_in_direction(made.action, move),
    )


def outcome_by_trade(made: DecisionMade, trade: Trade) -> Outcome:
    """The outcome of the trade that the decision opened.

    Raises
    ------
    InvalidRecord
        The trade is open.
    """
    if trade.closed_at is None or trade.exit_price is None:
        raise InvalidRecord(f"the {trade.symbol} trade is open: it has no outcome yet")
    move = trade.exit_price / made.reference_price - ONE
    return Outcome(
        decision_id=made.id,
        horizon=Horizon.CLOSE,
        known_at=trade.closed_at,
        price=trade.exit_price,
        move_ratio=move,
        result_ratio=_in_direction(made.action, move),
        net_pnl=trade.net_pnl,
    )


def _in_direction(action: Action, move: Decimal) -> Decimal | None:
    if action is Action.BUY:
        return move
    return -move if action is Action.SELL else None
