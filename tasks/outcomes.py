"""Settle how the account's decisions turned out, as far as the cycle's time lets it be known.

Prices come from stored candles of the decision's own instrument. An outcome whose candle is not stored
yet waits for a later cycle, for a while; then it is given up.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import Connection

from adapters.store.candles import WantedRun, load_candles
from adapters.store.outcomes import Due, load_due, load_ended, save_outcomes
from tasks.cycle import Cycle
from tasks.market_wants import CONTEXT_CANDLES
from tasks.resources import memory_of, store_engine
from trading.candles import Candle
from trading.decision.outcomes import Outcome, due_at, outcome_by_price, outcome_by_trade
from trading.timeframes import Timeframe

LONGEST_WAIT = timedelta(hours=12)
"""For a price since it was due: about as far back as a cycle reads candles of five minutes."""
LONGEST_WAIT_FOR_TRADE = timedelta(days=7)
"""Since it was closed: the venue may close a trade while the account is off."""
MOST_IN_PASS = 200
"""Of each horizon."""


def settle_outcomes(cycle: Cycle) -> int:
    """Store what can be known now, in one transaction; how many outcomes were new.

    Once or ten times in a cycle makes no difference.
    """
    account_id, now = cycle.account.id, cycle.as_of
    timeframe = _finest(memory_of(cycle.arena).market.base_timeframe)
    with store_engine().begin() as conn:
        due = load_due(conn, account_id, since=now - LONGEST_WAIT, until=now, limit=MOST_IN_PASS)
        ended = load_ended(
            conn, account_id, since=now - LONGEST_WAIT_FOR_TRADE, until=now, limit=MOST_IN_PASS
        )
        outcomes = _by_price(conn, cycle.arena.market, due, timeframe)
        outcomes += [outcome_by_trade(made, trade) for made, trade in ended]
        return save_outcomes(conn, account_id, outcomes)


def _by_price(
    conn: Connection, market: str, due: Sequence[Due], timeframe: Timeframe
) -> list[Outcome]:
    """One look into the store for all of them; each instant of an instrument is read once."""
    instants = sorted({(each.made.symbol, due_at(each.made, each.horizon)) for each in due})
    wanted = [
        WantedRun(symbol, timeframe, since=at - 2 * timeframe.length, until=at, count=1)
        for symbol, at in instants
    ]
    runs = load_candles(conn, market, wanted)
    candles: dict[tuple[str, object], tuple[Candle, ...]] = {
        instant: run.candles for instant, run in zip(instants, runs, strict=True)
    }
    found = [
        outcome_by_price(
            each.made,
            each.horizon,
            candles[each.made.symbol, due_at(each.made, each.horizon)],
            timeframe,
        )
        for each in due
    ]
    return [each for each in found if each is not None]


def _finest(base: Timeframe) -> Timeframe:
    """The finest candles that every cycle reads and stores, whatever the account does with them."""
    there = [each for each in CONTEXT_CANDLES if each.length >= base.length]
    return min(there or [base], key=lambda each: each.length)
