"""The account's part of the context: money, limits, positions with plans, fills, trades, outcomes.

Figures and words of ours, but for one column of past trades: what the model said when it entered.
Nothing names the account: a prompt that leaks must be harmless.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from trading.conditions import render
from trading.decision.context.figures import Json
from trading.decision.context.outside_text import outside_name, outside_words
from trading.decision.context.situation import (
    EntryRoom,
    HeldPosition,
    PastTrade,
    Situation,
)
from trading.decision.outcomes import DecisionOutcome
from trading.limits import RiskLimits
from trading.orders import Fill, Order
from trading.performance.return_on_margin import compute_return_on_margin
from trading.performance.trade_figures import summarise_trades
from trading.units import ZERO

Part = dict[str, Json]
LONGEST_REMARK = 160
"""Characters of a sentence inside of a table."""
_PAST_COLUMNS = ("asset", "direction", "opened_at", "closed_at", "entry_price", "exit_price",
                 "net_pnl", "close_reason", "your_words_at_entry")  # fmt: skip

_OUTCOME_COLUMNS = ("asset", "action", "decided_at", "horizon", "known_at", "move_ratio",
                    "result_ratio", "net_pnl")  # fmt: skip


def account_part(situation: Situation) -> Part:
    """Balance and results."""
    standing, balance = situation.standing, situation.standing.balance
    return {
        "equity": balance.equity,
        "wallet": balance.wallet,
        "available_margin": balance.available,
        "margin_used": balance.margin_used,
        "unrealized_pnl": balance.unrealized,
        "start_equity": standing.start_equity,
        "total_return_ratio": standing.total_return,
        "drawdown_ratio": standing.drawdown,
        "sharpe_ratio": standing.sharpe,
        "trading_state": standing.trading_state.value,
    }


def limits_part(situation: Situation) -> Part:
    """What the code will enforce whatever the model says, in amounts where it knows them."""
    limits = situation.limits
    return {
        "max_position_usd": _of_equity(situation, limits.max_position_ratio),
        "min_order_usd": _of_equity(situation, limits.min_position_ratio),
        "leverage": limits.leverage,
        "max_leverage": limits.max_leverage,
        "max_positions": limits.max_positions,
        "entries_left_today": _entries_left(situation.entries_today, limits),
        "cooldown_minutes": limits.cooldown_minutes,
        "max_holding_hours": limits.max_holding_hours,
        "min_reward_to_risk": limits.min_reward_to_risk,
        "stop_required": limits.requires_stop,
        "room_by_asset": [_room(room) for room in sorted(situation.rooms, key=lambda r: r.asset)],
    }


def positions_part(situation: Situation) -> list[Json]:
    """Every open position with its exit plan and the orders that rest for it."""
    ordered = sorted(situation.positions, key=lambda each: each.asset)
    return [_position(situation, each) for each in ordered]


def fills_part(fills: Sequence[Fill]) -> list[Json]:
    """Executions, oldest first."""
    return [
        {
            "at": fill.filled_at,
            "symbol": outside_name(fill.symbol),
            "side": fill.side.value,
            "quantity": fill.quantity,
            "price": fill.price,
            "fee": fill.fee,
            "realized_pnl": fill.realized_pnl,
            "cause": fill.cause.value,
        }
        for fill in fills
    ]


def past_part(past: Sequence[PastTrade], shown: Sequence[PastTrade]) -> Part:
    """Results of all closed trades that are known, and the newest of them one by one."""
    figures = summarise_trades([each.trade for each in past])
    return {
        "trades": figures.count,
        "win_rate": figures.win_rate,
        "net_pnl": figures.net_pnl if past else None,
        "fees": figures.fees if past else None,
        "funding": figures.funding if past else None,
        "mean_net_pnl": figures.expectancy,
        "newest": {
            "columns": list(_PAST_COLUMNS),
            "rows": [_past_row(each) for each in shown],
        },
    }


def outcomes_part(outcomes: Sequence[DecisionOutcome]) -> Part:
    """What the price did after decisions, oldest first; figures only."""
    return {
        "columns": list(_OUTCOME_COLUMNS),
        "rows": [
            [
                outside_name(each.asset),
                each.action.value,
                each.decided_at,
                each.horizon.value,
                each.known_at,
                _short(each.move_ratio),
                _short(each.result_ratio),
                each.net_pnl,
            ]
            for each in outcomes
        ],
    }


def _short(ratio: Decimal | None) -> Decimal | None:
    """To a hundredth of a basis point."""
    return None if ratio is None else round(ratio, 6)


def _of_equity(situation: Situation, ratio: Decimal) -> Decimal | None:
    equity = situation.standing.balance.equity
    return equity * ratio if equity.is_finite() and equity > ZERO else None


def _entries_left(entries_today: int | None, limits: RiskLimits) -> int | None:
    return None if entries_today is None else max(0, limits.max_daily_entries - entries_today)


def _room(room: EntryRoom) -> Part:
    return {
        "asset": outside_name(room.asset),
        "most_buy_usd": room.most_buy,
        "most_sell_usd": room.most_sell,
        "smallest_usd": room.smallest,
        "no_buy_because": outside_words(room.no_buy_because, LONGEST_REMARK),
        "no_sell_because": outside_words(room.no_sell_because, LONGEST_REMARK),
    }


def _position(situation: Situation, each: HeldPosition) -> Part:
    position, mark = each.held.position, each.held.mark
    return {
        "asset": outside_name(each.asset),
        "direction": position.direction.value,
        "quantity": abs(position.quantity),
        "entry_price": position.entry_price,
        "mark_price": mark,
        "notional_usd": position.notional(mark),
        "unrealized_pnl": position.unrealized_pnl(mark),
        "leveraged_pnl_ratio": compute_return_on_margin(
            position.direction,
            entry_price=position.entry_price,
            price=mark,
            leverage=position.leverage,
        ),
        "leverage": position.leverage,
        "liquidation_price": each.held.liquidation_price,
        "opened_at": position.opened_at,
        "held_hours": (situation.as_of - position.opened_at).total_seconds() / 3600,
        "leave_by": each.leave_by,
        "sl_price": each.stop_price,
        "tp_price": each.take_profit_price,
        "invalidation_conditions": [render(condition) for condition in each.conditions],
        "resting_orders": [_order(order) for order in each.orders],
    }


def _order(order: Order) -> Part:
    request = order.request
    return {
        "type": request.order_type.value,
        "side": request.side.value,
        "quantity": None if request.close_position else order.remaining,
        "limit_price": request.price,
        "trigger_price": request.stop_price,
        "only_reduces": request.only_reduces,
        "status": order.status.value,
    }


def _past_row(each: PastTrade) -> list[Json]:
    trade = each.trade
    return [
        outside_name(each.asset),
        trade.direction.value,
        trade.opened_at,
        trade.closed_at,
        trade.entry_price,
        trade.exit_price,
        trade.net_pnl,
        None if each.close_reason is None else outside_name(each.close_reason),
        outside_words(each.rationale, LONGEST_REMARK),
    ]
