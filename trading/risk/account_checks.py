"""Checks of the account and the market before an entry: may anything be opened now at all?

Each function compares one figure with one limit and either passes the draft on or denies. A
figure that is missing or not a number denies; it never switches its check off.
"""

from __future__ import annotations

from decimal import Decimal

from trading.account import OperatorState, TradingState
from trading.risk.draft import Draft, as_text, denied
from trading.risk.gates import drawdown, is_money, trading_state_for
from trading.risk.sizing import size_ratio
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ONE, ZERO

MAX_MARK_DIVERGENCE = Decimal("0.03")
"""Last over mark; 3 % is where a frozen feed has shown itself (costly bugs, row 18)."""


def check_operator_halt(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The operator's halt: nothing is opened until it is released."""
    if context.operator_state is OperatorState.ACTIVE:
        return draft
    return denied(
        context,
        DenialCode.OPERATOR_HALT,
        limit=OperatorState.ACTIVE.value,
        actual=context.operator_state.value,
        sentence="The operator has halted the account; only closing is allowed until"
        " perpflow release.",
    )


def check_equity(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Every figure that the limits are measured against must be known."""
    figures = {
        "equity": context.equity,
        "stored peak equity": context.peak_equity,
        "equity at the start of the day": context.equity_at_day_start,
    }
    for name, amount in figures.items():
        if not is_money(amount):
            return denied(
                context,
                DenialCode.EQUITY_UNKNOWN,
                limit="a positive number",
                actual=amount,
                sentence=f"The {name} is {as_text(amount)}, so no limit can be measured;"
                " entries wait until it can be read again.",
            )
    if context.available is not None and context.available.is_finite():
        return draft  # zero is known, and cap_margin denies it by name
    return denied(
        context,
        DenialCode.EQUITY_UNKNOWN,
        limit="a number",
        actual=context.available,
        sentence="The available balance is unknown; entries wait until it can be read again.",
    )


def check_trading_state(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The stored state: the last drawdown gate."""
    if context.trading_state is TradingState.ACTIVE:
        return draft
    return denied(
        context,
        DenialCode.TRADING_STATE,
        limit=TradingState.ACTIVE.value,
        actual=context.trading_state.value,
        sentence=f"The account is {context.trading_state.value}; only closing is allowed.",
    )


def check_drawdown(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Drawdown from the stored peak, measured now and not only at the last cycle."""
    state = trading_state_for(context.equity, context.peak_equity, context.limits)
    if state is TradingState.ACTIVE:
        return draft
    fallen = drawdown(context.equity, context.peak_equity)
    return denied(
        context,
        DenialCode.DRAWDOWN,
        limit=context.limits.reduce_at_drawdown,
        actual=fallen,
        sentence=f"Drawdown is {as_text(fallen)} of the peak of {as_text(context.peak_equity)},"
        f" so the account is {state.value}.",
    )


def check_daily_loss(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The deepest loss of the day counts, so a recovery does not reopen entries (latched)."""
    start, equity, lowest = (
        context.equity_at_day_start,
        context.equity,
        context.lowest_equity_today,
    )
    if start is None or equity is None or (lowest is not None and not lowest.is_finite()):
        loss = None
    else:
        deepest = equity if lowest is None else min(equity, lowest)
        loss = ONE - deepest / start
    if loss is not None and loss < context.limits.max_daily_loss_ratio:
        return draft
    return denied(
        context,
        DenialCode.DAILY_LOSS,
        limit=context.limits.max_daily_loss_ratio,
        actual=loss,
        sentence=f"The day's deepest loss is {as_text(loss)} of the equity at 00:00 UTC;"
        " entries start again on the next day.",
    )


def check_daily_entries(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Entries made since 00:00 UTC."""
    if context.entries_today < context.limits.max_daily_entries:
        return draft
    return denied(
        context,
        DenialCode.DAILY_ENTRIES,
        limit=context.limits.max_daily_entries,
        actual=context.entries_today,
        sentence=f"{context.entries_today} entries were made today; the limit is"
        f" {context.limits.max_daily_entries}.",
    )


def check_market_data(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Stale, gapped, crossed or broken data stop entries, not exits."""
    problem = context.data_problem or _quote_problem(context) or _mark_problem(context)
    if problem is None:
        return draft
    return denied(
        context,
        DenialCode.DATA_PROBLEM,
        limit="current and consistent data",
        actual=problem,
        sentence=f"The market data of {context.symbol} cannot be traded on: {problem}.",
    )


def check_mark_divergence(context: RiskContext, draft: Draft) -> Draft | Denied:
    """A last price far from the mark is frozen or moved by a single trade."""
    apart = abs(context.quote.last / context.quote.mark - ONE)
    if apart <= MAX_MARK_DIVERGENCE:
        return draft
    return denied(
        context,
        DenialCode.PRICE_OFF_MARK,
        limit=MAX_MARK_DIVERGENCE,
        actual=apart,
        sentence=f"The last price {as_text(context.quote.last)} is {as_text(apart)} away from"
        f" the mark price {as_text(context.quote.mark)}.",
    )


def check_direction(context: RiskContext, draft: Draft) -> Draft | Denied:
    """An entry may open or add, never turn a position round in one order."""
    held = context.held
    if held is None or held.position.direction.entry_side is context.side:
        return draft
    return denied(
        context,
        DenialCode.OPPOSITE_POSITION,
        limit="flat or the same direction",
        actual=held.position.direction.value,
        sentence=f"{context.symbol} is held {held.position.direction.value}; close it before a"
        f" {context.side.value} can open.",
    )


def check_position_count(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Adding to a held symbol opens nothing new."""
    count = sum(1 for item in context.positions if item.position.quantity != ZERO)
    if context.held is not None or count < context.limits.max_positions:
        return draft
    return denied(
        context,
        DenialCode.MAX_POSITIONS,
        limit=context.limits.max_positions,
        actual=count,
        sentence=f"{count} positions are open; the limit is {context.limits.max_positions}.",
    )


def check_confidence(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Under the threshold there is no trade, whatever was allocated."""
    if size_ratio(context.decision.confidence, context.limits) is not None:
        return draft
    return denied(
        context,
        DenialCode.CONFIDENCE,
        limit=context.limits.min_confidence,
        actual=context.decision.confidence,
        sentence=f"The confidence is {context.decision.confidence}; an entry needs"
        f" {context.limits.min_confidence} to 1.",
    )


def _quote_problem(context: RiskContext) -> str | None:
    quote = context.quote
    for name in ("last", "mark", "bid", "ask"):
        if not is_money(getattr(quote, name)):
            return f"the {name} price is {as_text(getattr(quote, name))}"
    if quote.bid > quote.ask:
        return f"the bid {as_text(quote.bid)} is above the ask {as_text(quote.ask)}"
    return None


def _mark_problem(context: RiskContext) -> str | None:
    for item in context.positions:
        if not is_money(item.mark):
            return f"the mark price of {item.position.symbol} is {as_text(item.mark)}"
    return None
