"""Closed trades by what they have in common: asset, direction, reason of closing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence

from trading.performance.trade_figures import TradeFigures, summarise_trades
from trading.trades import Trade


def summarise_groups(
    trades: Sequence[Trade], key: Callable[[Trade], str]
) -> dict[str, TradeFigures]:
    """Figures of each group by its key, in order of the keys; the groups add up to all trades."""
    groups: defaultdict[str, list[Trade]] = defaultdict(list)
    for trade in trades:
        groups[key(trade)].append(trade)
    return {name: summarise_trades(groups[name]) for name in sorted(groups)}
