"""Checks of the account before an entry: may anything be opened now at all?

Each function compares one figure with one limit and either passes the draft on or denies. A
figure that is missing or not a number denies; it never switches its check off.
"""

from __future__ import annotations

from decimal import Decimal

from trading.account import OperatorState, TradingState
from trading.risk.draft import Draft, as_text, denied
from trading.risk.gates import drawdown, is_money, is_number, trading_state_for
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ONE, ZERO

_SECOND = "%Y-%m-%d %H:%M:%S UTC"


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


def check_not_frozen(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Nothing is opened in a symbol whose state at the venue is not known for sure."""
    if context.frozen is None:
        return draft
    return denied(
        context,
        DenialCode.SYMBOL_FROZEN,
        limit="a settled state",
        actual=context.frozen,
        sentence=f"{context.symbol} is frozen for entries: {context.frozen}.",
    )


def check_on_time(context: RiskContext, draft: Draft) -> Draft | Denied:
    """From the beginning of the next slot on, nothing is opened for this one."""
    if context.judged_at < context.next_slot:
        return draft
    return denied(
        context,
        DenialCode.LATE,
        limit=f"before {context.next_slot:{_SECOND}}",
        actual=f"{context.judged_at:{_SECOND}}",
        sentence=f"The decision for {context.at:{_SECOND}} was ready at"
        f" {context.judged_at:{_SECOND}}, when the next slot of the account had begun.",
    )


def check_equity(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Every figure that the limits are measured against must be known, costs included."""
    figures = {
        "equity": context.equity,
        "stored peak equity": context.peak_equity,
        "equity at the start of the day": context.equity_at_day_start,
    }
    for name, amount in figures.items():
        if not is_money(amount):
            return _unknown(context, name, amount, "a positive number")
    if not is_number(context.available):
        return _unknown(context, "available balance", context.available, "a number")
    # An available balance of zero is known: cap_margin denies it by name.
    for name, ratio in (("taker fee", context.taker_fee), ("slippage", context.slippage)):
        if not _is_ratio(ratio):
            return _unknown(context, name, ratio, "a ratio from 0 to below 1")
    return draft


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
    loss = _deepest_loss(context)
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
    count, most = context.entries_today, context.limits.max_daily_entries
    if count is not None and 0 <= count < most:
        return draft
    return denied(
        context,
        DenialCode.DAILY_ENTRIES,
        limit=most,
        actual=count,
        sentence=f"{as_text(count)} entries were made today; the limit is {most}.",
    )


def _deepest_loss(context: RiskContext) -> Decimal | None:
    """Of the equity at the start of the day; None when a figure of it is not known."""
    start, lowest = context.equity_at_day_start, context.lowest_equity_today
    readings = [context.equity] if lowest is None else [context.equity, lowest]
    known = [each for each in readings if is_number(each)]
    if not is_money(start) or len(known) < len(readings):
        return None
    return ONE - min(known) / start


def _is_ratio(ratio: Decimal | None) -> bool:
    return is_number(ratio) and ZERO <= ratio < ONE


def _unknown(context: RiskContext, name: str, amount: Decimal | None, limit: str) -> Denied:
    return denied(
        context,
        DenialCode.EQUITY_UNKNOWN,
        limit=limit,
        actual=amount,
        sentence=f"The {name} is {as_text(amount)}, so no limit can be measured; entries wait until"
        " it can be read again.",
    )
