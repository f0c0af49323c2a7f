"""What an open position looks like to its exits now: best price, levels, conditions.

Each look is one transaction that locks the position's state, so a repeated one changes nothing. The
one rule: a level that a tier has earned is committed before any order is moved; a process that dies
then leaves a stop behind, the old one or the new one, and the next cycle moves it on.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import Connection

from adapters.store.exit_states import last_increase_at, load_exit_state, save_exit_state
from adapters.store.trades import StoredTrade, set_trade_levels
from tasks.cycle import Cycle
from tasks.protection import Levels
from tasks.resources import store_engine
from tasks.run_log import run_log
from tasks.story import tell_stop_moved
from trading.errors import InvalidCondition
from trading.exits.checks import ExitView
from trading.exits.invalidation.evaluate import Evaluation, evaluate
from trading.exits.invalidation.parse import parse_condition
from trading.exits.plan import ExitPlan, key_of, tighter_stop
from trading.exits.protection import resting_stop
from trading.exits.state import ExitState, Look, look
from trading.exits.tiers import earned_stop
from trading.instruments import Instrument
from trading.market import MarketView
from trading.orders import Order
from trading.ports import VenuePosition
from trading.risk.level_checks import default_stop
from trading.risk.stop_distance import stop_atr
from trading.units import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """One position: what the exit checks ask, and where its orders are to rest."""

    exits: ExitView
    levels: Levels


def review_position(
    cycle: Cycle,
    held: VenuePosition,
    trade: StoredTrade | None,
    instrument: Instrument,
    view: MarketView | None,
    open_orders: tuple[Order, ...],
) -> Review:
    """Look at a position and commit what was seen; without a view only the clock goes on."""
    takes_stop = cycle.account.limits.requires_stop
    with store_engine().begin() as conn:
        state = _look(conn, cycle, held, view) if takes_stop else None
        # A position that is in no trade of ours has no stored level: what rests counts.
        known = resting_stop(held.position, open_orders) if trade is None else trade.stop_price
        levels = _levels(conn, cycle, held, trade, known, instrument, view, state)
    position = held.position
    return Review(
        exits=ExitView(
            plan=ExitPlan(
                symbol=position.symbol,
                opened_at=position.opened_at,
                direction=position.direction,
                entry_price=position.entry_price,
                stop_price=levels.stop,
                take_profit_price=levels.target,
                time_to_live=cycle.account.max_holding if takes_stop else None,
            ),
            position=position,
            price=None if view is None else view.quote.last,
            at=cycle.as_of,
            state=state,
            settings=cycle.account.exits,
            invalidations=_evaluate(cycle, position.symbol, trade, view),
        ),
        levels=levels,
    )


def _look(
    conn: Connection, cycle: Cycle, held: VenuePosition, view: MarketView | None
) -> ExitState:
    key = key_of(held.position)
    seen = Look(
        position=held.position,
        at=cycle.as_of,
        price=None if view is None else view.quote.last,
        windows={} if view is None else view.windows,
        increased_at=last_increase_at(conn, cycle.account.id, key),
    )
    state = look(load_exit_state(conn, cycle.account.id, key), seen)
    save_exit_state(conn, cycle.account.id, state)
    return state


def _levels(
    conn: Connection,
    cycle: Cycle,
    held: VenuePosition,
    trade: StoredTrade | None,
    before: Decimal | None,
    instrument: Instrument,
    view: MarketView | None,
    state: ExitState | None,
) -> Levels:
    """The known levels, the stop moved on by tiers; a stop that nobody knows is the default."""
    target = None if trade is None else trade.take_profit_price
    if state is None:
        return Levels(stop=before, target=target)
    position = held.position
    earned = earned_stop(state, position.leverage, cycle.account.exits, tick=instrument.tick_size)
    stop = tighter_stop(position.direction.entry_side, before, earned)
    if stop is None and view is not None:
        stop = default_stop(
            position.direction.entry_side,
            view.quote.last,
            atr=stop_atr(view),
            multiple=cycle.account.limits.stop_atr_multiple,
            tick=view.instrument.tick_size,
        )
    if stop != before:
        words = "" if trade is None else trade.exit_plan
        set_trade_levels(conn, cycle.account.id, position.symbol, stop, target, words)
    if stop is not None and stop != before and stop == earned:
        _tell_moved(conn, cycle, position.symbol, before, stop)
    return Levels(stop=stop, target=target)


def _tell_moved(
    conn: Connection, cycle: Cycle, symbol: str, before: Decimal | None, stop: Decimal
) -> None:
    was = "there was none" if before is None else f"it was {plain(before)}"
    sentence = f"The profit has reached a tier: the stop moves to {plain(stop)}, {was}."
    tell_stop_moved(conn, cycle, symbol, stop=stop, sentence=sentence)
    run_log().info("%s %s: %s", cycle.account.id, symbol, sentence)


def _evaluate(
    cycle: Cycle, symbol: str, trade: StoredTrade | None, view: MarketView | None
) -> tuple[Evaluation, ...]:
    """How the plan's conditions stand; what is not known is said, and closes nothing."""
    found: list[Evaluation] = []
    for text in () if trade is None else trade.exit_conditions:
        try:
            condition = parse_condition(text)
        except InvalidCondition as error:
            # Of another version of the language: it must not stop the other exits.
            run_log().error(
                "%s %s: a stored condition cannot be read: %s", cycle.account.id, symbol, error
            )
            continue
        windows, quote = ({}, None) if view is None else (view.windows, view.quote)
        evaluation = evaluate(condition, windows, quote)
        if evaluation.holds is None:
            run_log().warning(
                "%s %s: nobody knows whether %s: %s.",
                cycle.account.id, symbol, text, "; ".join(evaluation.missing),
            )  # fmt: skip
        found.append(evaluation)
    return tuple(found)
