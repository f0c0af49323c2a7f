"""Prices of this very moment, on a market whose time is real.

Who decides may take its time: a model answers after seconds, a twin waits for its original. What comes
of it is judged by the prices that it will meet, not by those it was asked with (costs a reading, and
only where something is to be opened).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

from tasks.cycle import Cycle
from tasks.market import Markets
from tasks.resources import market_of
from tasks.run_log import run_log
from trading.account import AgentKind
from trading.decisions import Action, TradeDecision
from trading.errors import BadMarketData, VenueError
from trading.market import Quote


async def quotes_now(cycle: Cycle, symbols: Sequence[str]) -> dict[str, Quote | BadMarketData]:
    """By symbol; nothing is asked for no symbol. Raises `VenueError`."""
    if not symbols:
        return {}
    now = cycle.arena.clock.market_at(datetime.now(UTC))
    return dict(await market_of(cycle.arena).quotes(symbols, now))


async def with_prices_of_now(
    cycle: Cycle, markets: Markets, decisions: Sequence[TradeDecision]
) -> Markets:
    """The same markets, with a new price of each symbol that a slow decision wants to open in.

    A symbol without one now is a problem like any other: it denies entries and no exits.
    """
    opening = [
        each.symbol
        for each in decisions
        if each.action in (Action.BUY, Action.SELL) and each.symbol in markets.views
    ]
    if not opening or not _is_slow(cycle):
        return markets
    try:
        quotes = await quotes_now(cycle, opening)
    except VenueError as error:
        run_log().warning("%s: no price since the decision: %s", cycle.account.id, error)
        quotes = {}
    views, problems = dict(markets.views), dict(markets.problems)
    for symbol in opening:
        quote = quotes.get(symbol)
        if isinstance(quote, Quote):
            views[symbol] = replace(views[symbol], quote=quote)
            continue
        del views[symbol]
        why = "nothing was answered" if quote is None else quote.reason
        problems[symbol] = f"no price since it was decided: {why}"
    renewed = Markets(markets.reading, views, problems, is_shared=markets.is_shared)
    renewed.scan = markets.scan
    return renewed


def _is_slow(cycle: Cycle) -> bool:
    account = cycle.account
    return cycle.arena.is_real_time and (
        account.kind is AgentKind.LLM or account.twin_of is not None
    )
