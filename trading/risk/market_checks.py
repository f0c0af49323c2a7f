"""Checks of the market before an entry: can its data be trusted, and is it fit to be traded?

Bad data stop entries, never exits. Spread and distances are ratios of a price, ages market time.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal

from trading.risk.draft import Draft, as_text, denied
from trading.risk.gates import is_money, is_number
from trading.risk.positions import MarkedPosition
from trading.risk.state import RiskContext
from trading.risk.verdict import DenialCode, Denied
from trading.units import ZERO

MAX_MARK_DIVERGENCE = Decimal("0.03")
"""Last over mark; 3 % is where a frozen feed has shown itself (costly bugs, row 18)."""


def check_market_data(context: RiskContext, draft: Draft) -> Draft | Denied:
    """Stale, gapped, crossed or broken data stop entries, not exits."""
    problem = context.data_problem or next(_defects(context), None)
    if problem is None:
        return draft
    return denied_by_data(context.symbol, problem)


def denied_by_data(symbol: str, problem: str) -> Denied:
    """The refusal of an entry whose market data are not fit to be traded on."""
    return Denied(
        symbol=symbol,
        code=DenialCode.DATA_PROBLEM,
        limit="current and consistent data",
        actual=problem,
        sentence=f"The market data of {symbol} cannot be traded on: {problem}.",
    )


def check_quote_age(context: RiskContext, draft: Draft) -> Draft | Denied:
    """The quote is of the cycle's time; one from later would be a look into the future."""
    age = context.at - context.quote.at
    limit = timedelta(seconds=context.limits.max_quote_age_seconds)
    if -limit <= age <= limit:
        return draft
    return denied(
        context,
        DenialCode.QUOTE_STALE,
        limit=f"{limit.total_seconds():g} s",
        actual=f"{age.total_seconds():g} s",
        sentence=f"The quote of {context.symbol} is {age.total_seconds():g} s old.",
    )


def check_mark_divergence(context: RiskContext, draft: Draft) -> Draft | Denied:
    """A last price far from the mark is frozen or moved by a single trade."""
    last, mark = context.quote.last, context.quote.mark
    apart = abs(last - mark)
    if apart <= MAX_MARK_DIVERGENCE * mark:
        return draft
    return denied(
        context,
        DenialCode.PRICE_OFF_MARK,
        limit=MAX_MARK_DIVERGENCE,
        actual=apart / mark,
        sentence=f"The last price {as_text(last)} is {as_text(apart / mark)} away from the mark"
        f" price {as_text(mark)}.",
    )


def check_spread(context: RiskContext, draft: Draft) -> Draft | Denied:
    """A wide spread is a cost that no fill price shows: paid on the way in and out."""
    bid, ask = context.quote.bid, context.quote.ask
    middle = (bid + ask) / 2
    if ask - bid <= context.limits.max_spread_ratio * middle:
        return draft
    spread = (ask - bid) / middle
    return denied(
        context,
        DenialCode.SPREAD,
        limit=context.limits.max_spread_ratio,
        actual=spread,
        sentence=f"The spread of {context.symbol} is {as_text(spread)} (bid {as_text(bid)}, ask"
        f" {as_text(ask)}).",
    )


def _defects(context: RiskContext) -> Iterator[str]:
    """One by one: nothing is compared after the first defect, which might be a NaN."""
    quote = context.quote
    for name in ("last", "mark", "bid", "ask"):
        price = getattr(quote, name)
        if not is_money(price):
            yield f"the {name} price is {as_text(price)}"
    if quote.bid > quote.ask:
        yield f"the bid {as_text(quote.bid)} is above the ask {as_text(quote.ask)}"
    yield from _filter_defects(context)
    for item in context.positions:
        yield from _position_defects(item)


def _filter_defects(context: RiskContext) -> Iterator[str]:
    instrument = context.instrument
    for name in ("tick_size", "step_size", "min_quantity", "max_quantity"):
        if not is_money(getattr(instrument, name)):
            yield f"its {name} is {as_text(getattr(instrument, name))}"
    optional = ("market_step_size", "min_market_quantity")  # None: as for limit orders
    for name in ("max_market_quantity", "min_notional", *optional):
        amount = getattr(instrument, name)
        is_left_out = amount is None and name in optional
        if not is_left_out and not (is_number(amount) and amount >= ZERO):
            yield f"its {name} is {as_text(amount)}"
    for row in instrument.brackets:
        figures = (row.notional_floor, row.maintenance_ratio, row.cumulative)
        if not all(map(is_number, figures)) or not _is_leverage(row.max_leverage):
            yield "a row of its margin table is no number"
    if instrument.funding_interval <= timedelta(0):
        yield f"its funding interval is {instrument.funding_interval}"


def _position_defects(item: MarkedPosition) -> Iterator[str]:
    held = item.position
    for name, amount in (("mark price", item.mark), ("entry price", held.entry_price)):
        if not is_money(amount):
            yield f"the {name} of {held.symbol} is {as_text(amount)}"
    figures = (held.quantity, held.isolated_margin)
    if not all(map(is_number, figures)) or not _is_leverage(held.leverage):
        yield f"quantity, margin or leverage of {held.symbol} is unknown"


def _is_leverage(leverage: int | None) -> bool:
    return leverage is not None and leverage >= 1
