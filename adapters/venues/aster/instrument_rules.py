"""From the venue's rules of its symbols to our instruments: every filter, nothing guessed but margins.

Taken are perpetuals in USDT that are traded now. Margin tables are told to accounts only; for a symbol
without one a cautious table stands in, and the instrument says so (`has_venue_brackets`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from decimal import Decimal

from adapters.venues.aster.payloads.market import (
    ExchangeInfo,
    FundingRules,
    SymbolFilter,
    SymbolRules,
)
from trading.errors import InvalidRecord
from trading.instrument_defaults import BracketRow, build_brackets
from trading.instruments import Instrument, MaintenanceBracket
from trading.units import ZERO

QUOTE = "USDT"
TRADING = "TRADING"
USUAL_FUNDING = timedelta(hours=8)
"""Of a symbol that `fundingInfo` leaves out, which it does where nothing is special (reference: 2.1)."""
SMALLEST_NOTIONAL = Decimal(5)
"""Of a live row whose filter is missing: what the venue's refusal -5076 names."""
MOST_ORDERS, MOST_CONDITIONAL_ORDERS = 200, 10
"""Of a live row (reference: aster 2.2)."""
CAUTIOUS_ROWS: tuple[BracketRow, ...] = (
    (0, 20, "0.025"),
    (100_000, 10, "0.05"),
    (500_000, 5, "0.10"),
    (2_000_000, 2, "0.25"),
    (10_000_000, 1, "0.50"),
)
"""Stricter than any table of a large symbol: margin is called and leverage capped too early, not late."""
_NOTHING = SymbolFilter(filter_type="")


def instruments_of(
    info: ExchangeInfo,
    fundings: Iterable[FundingRules],
    brackets: Mapping[str, tuple[MaintenanceBracket, ...]],
) -> tuple[Instrument, ...]:
    """Instruments by symbol; `brackets` are the venue's own tables, as far as they are known.

    One for each base asset: where several contracts share it, the one that is named after it. A symbol
    whose filters cannot make an instrument is left out.
    """
    intervals = {each.symbol: timedelta(hours=each.funding_interval_hours) for each in fundings}
    by_base: dict[str, SymbolRules] = {}
    for rules in sorted(info.symbols, key=_is_named_after_its_base):
        if is_traded_here(rules) and rules.status == TRADING:
            by_base.setdefault(rules.base_asset, rules)
    built = (
        instrument_of(
            rules,
            funding_interval=intervals.get(rules.symbol, USUAL_FUNDING),
            brackets=brackets.get(rules.symbol),
        )
        for rules in by_base.values()
    )
    return tuple(sorted((each for each in built if each is not None), key=lambda each: each.symbol))


def is_traded_here(rules: SymbolRules) -> bool:
    """Whether it is a perpetual with margin and price in USDT, whatever its status."""
    return (
        rules.contract_type == "PERPETUAL"
        and rules.quote_asset == QUOTE
        and rules.margin_asset == QUOTE
    )


def instrument_of(
    rules: SymbolRules,
    *,
    funding_interval: timedelta,
    brackets: tuple[MaintenanceBracket, ...] | None,
) -> Instrument | None:
    """One symbol; None where a step or a largest quantity is missing, so that it cannot be traded."""
    price = rules.filter("PRICE_FILTER") or _NOTHING
    lot = rules.filter("LOT_SIZE") or _NOTHING
    market = rules.filter("MARKET_LOT_SIZE") or _NOTHING
    percent = rules.filter("PERCENT_PRICE") or _NOTHING
    try:
        return Instrument(
            symbol=rules.symbol,
            base=rules.base_asset,
            quote=rules.quote_asset,
            tick_size=price.tick_size or ZERO,
            step_size=lot.step_size or ZERO,
            min_quantity=lot.min_qty or lot.step_size or ZERO,
            max_quantity=lot.max_qty or ZERO,
            max_market_quantity=market.max_qty or lot.max_qty or ZERO,
            min_notional=_notional(rules.filter("MIN_NOTIONAL")),
            brackets=brackets or build_brackets(CAUTIOUS_ROWS),
            has_venue_brackets=bool(brackets),
            funding_interval=funding_interval,
            max_open_orders=_limit(rules.filter("MAX_NUM_ORDERS"), MOST_ORDERS),
            max_conditional_orders=_limit(
                rules.filter("MAX_NUM_ALGO_ORDERS"), MOST_CONDITIONAL_ORDERS
            ),
            min_price=price.min_price or ZERO,
            max_price=price.max_price or ZERO,
            min_market_quantity=market.min_qty or None,
            market_step_size=market.step_size or None,
            multiplier_up=percent.multiplier_up or None,
            multiplier_down=percent.multiplier_down or None,
            order_types=frozenset(name.lower() for name in rules.order_types),
            times_in_force=frozenset(name.lower() for name in rules.time_in_force),
            price_precision=_precision(rules.price_precision, price.tick_size),
            quantity_precision=_precision(rules.quantity_precision, lot.step_size),
        )
    except InvalidRecord:
        return None


def _is_named_after_its_base(rules: SymbolRules) -> tuple[bool, str]:
    return rules.symbol != rules.base_asset + rules.quote_asset, rules.symbol


def _notional(found: SymbolFilter | None) -> Decimal:
    return SMALLEST_NOTIONAL if found is None or found.notional is None else found.notional


def _limit(found: SymbolFilter | None, usual: int) -> int:
    return usual if found is None or found.limit is None else found.limit


def _precision(published: int | None, step: Decimal | None) -> int | None:
    """Published precisions are for display: one that is coarser than the step says nothing."""
    if published is None or not step:
        return None
    exponent = step.normalize().as_tuple().exponent
    needed = -exponent if isinstance(exponent, int) else 0
    return published if published >= needed else None
