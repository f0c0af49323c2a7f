"""For each denial code an entry that must fail by it, and one just inside the limit that passes.

A healthy entry (tests/trading/risk/conftest.py) asks for 1000 of an equity of 10000 at 100, with a
stop at 95 and a target at 110. Each example changes as little of it as it can.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from trading.account import OperatorState, TradingState
from trading.decisions import Action
from trading.positions import Direction
from trading.risk.codes import DenialCode
from trading.risk.correlation import Correlations
from trading.risk.positions import LastClose, MarkedPosition
from trading.risk.state import RiskContext

Build = Callable[..., RiskContext]
Hold = Callable[..., MarkedPosition]
Changes = Callable[[Hold], dict[str, Any]]
"""From a builder of positions to the fields of the context that differ."""

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
SELL = {"action": Action.SELL, "stop_price": Decimal(105), "take_profit_price": Decimal(90)}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Two entries on both sides of one limit."""

    fails: Changes
    passes: Changes


def _pair(fails: dict[str, Any], passes: dict[str, Any]) -> Example:
    return Example(fails=lambda _: fails, passes=lambda _: passes)


def _equity(amount: str, **more: Any) -> dict[str, Any]:
    """Equity as it is now and at the day's start, below the stored peak."""
    value = Decimal(amount)
    return {
        "equity": value,
        "equity_at_day_start": value,
        "lowest_equity_today": value,
        "available": value,
        "decide": {"allocation_usd": Decimal(500)},
        **more,
    }


def _closed(minutes: float, direction: Direction = Direction.LONG) -> LastClose:
    return LastClose(at=NOON - timedelta(minutes=minutes), direction=direction)


def _short_before(hours: float, confidence: float) -> dict[str, Any]:
    return {
        "last_close": _closed(hours * 60, Direction.SHORT),
        "decide": {"confidence": confidence, "allocation_usd": Decimal(100)},
    }


def _together(value: float) -> Correlations:
    return Correlations(by_pair={frozenset(("BTCUSDT", "ETHUSDT")): value})


ONE = {"max_leverage": 1, "leverage": 1}
FAST = {"leverage": 5}
BARE = {"stop_price": None}

EXAMPLES: dict[DenialCode, Example] = {
    DenialCode.OPERATOR_HALT: _pair(
        {"operator_state": OperatorState.HALTED}, {"operator_state": OperatorState.ACTIVE}
    ),
    DenialCode.EQUITY_UNKNOWN: _pair({"peak_equity": None}, {"peak_equity": Decimal("10000.01")}),
    DenialCode.TRADING_STATE: _pair(
        {"trading_state": TradingState.REDUCING}, {"trading_state": TradingState.ACTIVE}
    ),
    DenialCode.DRAWDOWN: _pair(_equity("8500"), _equity("8500.01")),
    DenialCode.DAILY_LOSS: _pair(
        {"lowest_equity_today": Decimal(9500)}, {"lowest_equity_today": Decimal("9500.01")}
    ),
    DenialCode.DAILY_ENTRIES: _pair({"entries_today": 20}, {"entries_today": 19}),
    DenialCode.SYMBOL_FROZEN: _pair(
        {"frozen": "order pf-1 has no known outcome"}, {"frozen": None}
    ),
    DenialCode.LATE: _pair(
        {"judged_at": NOON + timedelta(minutes=5)},
        {"judged_at": NOON + timedelta(minutes=4, seconds=59)},
    ),
    DenialCode.DATA_PROBLEM: _pair(
        {"quoted": {"bid": Decimal("100.2"), "ask": Decimal("100.1")}},
        {"quoted": {"bid": Decimal("100.1"), "ask": Decimal("100.1")}},
    ),
    DenialCode.QUOTE_STALE: Example(
        fails=lambda _: {"at": _closed(-61 / 60).at}, passes=lambda _: {"at": _closed(-1).at}
    ),
    DenialCode.PRICE_OFF_MARK: _pair(
        {"quoted": {"last": Decimal("103.1")}}, {"quoted": {"last": Decimal(103)}}
    ),
    DenialCode.SPREAD: _pair(
        {"quoted": {"bid": Decimal("99.7"), "ask": Decimal("100.3")}},
        {"quoted": {"bid": Decimal("99.75"), "ask": Decimal("100.25")}},
    ),
    DenialCode.OPPOSITE_POSITION: Example(
        fails=lambda hold: {"positions": (hold("-5"),)},
        passes=lambda hold: {"positions": (hold("5"),)},
    ),
    DenialCode.COOLDOWN: _pair({"last_close": _closed(29.9)}, {"last_close": _closed(30)}),
    DenialCode.MAX_POSITIONS: Example(
        fails=lambda hold: {"positions": tuple(hold("0.1", symbol=f"A{n}USDT") for n in range(5))},
        passes=lambda hold: {"positions": tuple(hold("0.1", symbol=f"A{n}USDT") for n in range(4))},
    ),
    DenialCode.CONFIDENCE: _pair(
        {"decide": {"confidence": 0.4999, "allocation_usd": Decimal(100)}},
        {"decide": {"confidence": 0.5, "allocation_usd": Decimal(100)}},
    ),
    DenialCode.DIRECTION_CHANGE: _pair(_short_before(23.9, 0.59), _short_before(23.9, 0.6)),
    DenialCode.ALLOCATION_INVALID: _pair(
        {"decide": {"allocation_usd": Decimal(-1)}}, {"decide": {"allocation_usd": Decimal(100)}}
    ),
    DenialCode.STOP_MISSING: _pair(
        {"decide": BARE, "atr": float("nan")}, {"decide": BARE, "atr": 2.0}
    ),
    DenialCode.LEVEL_TOO_FAR: _pair(
        {"decide": {"take_profit_price": Decimal("150.1")}},
        {"decide": {"take_profit_price": Decimal(150)}},
    ),
    DenialCode.LEVEL_WRONG_SIDE: _pair(
        {"decide": {"stop_price": Decimal(100)}}, {"decide": {"stop_price": Decimal("99.9")}}
    ),
    DenialCode.REWARD_TO_RISK: _pair(
        {"decide": {"take_profit_price": Decimal("100.4")}},
        {"decide": {"take_profit_price": Decimal("100.5")}},
    ),
    # Paid at 16:00, 00:00, 08:00, 16:00 and 00:00: five times within 36 hours.
    DenialCode.FUNDING: _pair(
        {"quoted": {"funding_rate": Decimal("0.00101")}},
        {"quoted": {"funding_rate": Decimal("0.001")}},
    ),
    DenialCode.ORDER_SIZE: _pair(
        {"limit": {"max_order_ratio": Decimal("0.0999")}},
        {"limit": {"max_order_ratio": Decimal("0.1")}},
    ),
    DenialCode.SYMBOL_EXPOSURE: Example(
        fails=lambda hold: {"positions": (hold("20"),)},
        passes=lambda hold: {"positions": (hold("10"),)},
    ),
    # A confidence of 0.75 carries half of the largest position.
    DenialCode.CONFIDENCE_SIZE: _pair(
        {"decide": {"confidence": 0.75, "allocation_usd": Decimal(1001)}},
        {"decide": {"confidence": 0.75, "allocation_usd": Decimal(1000)}},
    ),
    DenialCode.CORRELATED_EXPOSURE: Example(
        fails=lambda hold: {
            "positions": (hold("50", symbol="ETHUSDT"),),
            "correlations": _together(0.8),
            "limit": {"max_correlated_ratio": Decimal("0.5")},
        },
        passes=lambda hold: {
            "positions": (hold("50", symbol="ETHUSDT"),),
            "correlations": _together(0.79),
            "limit": {"max_correlated_ratio": Decimal("0.5")},
        },
    ),
    DenialCode.GROSS_EXPOSURE: Example(
        fails=lambda hold: {"positions": (hold("-90.1", symbol="ETHUSDT"),), "limit": ONE},
        passes=lambda hold: {"positions": (hold("-90", symbol="ETHUSDT"),), "limit": ONE},
    ),
    DenialCode.LEVERAGE: Example(
        fails=lambda hold: {"positions": (hold("1", leverage=6),)},
        passes=lambda hold: {"positions": (hold("1", leverage=5),)},
    ),
    # 1000 x 1.0005 x (1 / 3 + 0.0006) = 334.1...
    DenialCode.MARGIN: _pair({"available": Decimal(334)}, {"available": Decimal("334.2")}),
    DenialCode.MARGIN_USE: _pair(
        {"limit": {"max_margin_ratio": Decimal("0.0334")}},
        {"limit": {"max_margin_ratio": Decimal("0.03342")}},
    ),
    DenialCode.VENUE_MAXIMUM: _pair(
        {"listed": {"max_market_quantity": Decimal("9.999")}},
        {"listed": {"max_market_quantity": Decimal(10)}},
    ),
    DenialCode.SIZE_BELOW_MINIMUM: _pair(
        {"decide": {"allocation_usd": Decimal("99.99")}},
        {"decide": {"allocation_usd": Decimal(100)}},
    ),
    DenialCode.VENUE_MINIMUM: _pair(
        {"listed": {"min_notional": Decimal("950.01")}}, {"listed": {"min_notional": Decimal(950)}}
    ),
    # At leverage 5 a long from 100.05 is liquidated at about 80.44.
    DenialCode.LIQUIDATION: _pair(
        {"limit": FAST, "decide": {"stop_price": Decimal("80.4")}},
        {"limit": FAST, "decide": {"stop_price": Decimal("80.5")}},
    ),
}
