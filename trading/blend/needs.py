"""What an account's deciders read: their catalogue entries and the candles of each timeframe.

The one place that knows that an account may have no strategy, one, or several.
"""

from __future__ import annotations

from typing import Any

from trading.account import Account, AgentKind
from trading.regime.detection import REGIME_CANDLES
from trading.strategies.catalogue import Strategy, find_strategy
from trading.timeframes import Timeframe


def strategies_of(account: Account) -> tuple[Strategy[Any], ...]:
    """The account's strategy, those of its blend, or the one that decides when its model may not.

    Raises `UnknownName` with the known strategies.
    """
    if account.kind is AgentKind.LLM:
        fallback = None if account.model_agent is None else account.model_agent.fallback
        return () if fallback is None else (find_strategy(fallback),)
    if account.blend is None:
        return (find_strategy(account.strategy),)
    names = dict.fromkeys(member.strategy for member in account.blend.working)
    return tuple(find_strategy(name) for name in names)


def candles_to_decide(account: Account) -> dict[Timeframe, int]:
    """Closed candles by timeframe that the deciders read; of a blend also those of its regime.

    A language model reads what every cycle reads, so it adds only what its fallback needs.
    """
    counts: dict[Timeframe, int] = {}
    for strategy in strategies_of(account):
        for timeframe, count in strategy.timeframes.items():
            counts[timeframe] = max(count, counts.get(timeframe, 0))
    if account.blend is not None:
        timeframe = account.blend.regime.timeframe
        counts[timeframe] = max(REGIME_CANDLES, counts.get(timeframe, 0))
    return counts
