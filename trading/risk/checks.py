"""Pre-trade risk: the ordered list of checks that stands between a decision and an order.

Risk may only shrink or refuse, never add, enlarge or invent a trade; a way out always passes.
The order is the policy. First the operator's word and what is wrong with the account, because then
nothing else matters; then the market; then the wish itself and its levels, so that a wrong one is
named even where there would be no room; then the caps, largest idea first; then minimum and lot
step on what is left; last what needs the final quantity.
"""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from trading.positions import Position
from trading.risk.account_checks import (
    check_daily_entries,
    check_daily_loss,
    check_drawdown,
    check_equity,
    check_not_frozen,
    check_on_time,
    check_operator_halt,
    check_trading_state,
)
from trading.risk.draft import Draft, finished, first_draft
from trading.risk.evidence_checks import (
    check_confidence,
    check_cooldown,
    check_direction,
    check_direction_change,
    check_position_count,
)
from trading.risk.exposure_checks import (
    cap_confidence_size,
    cap_correlated_exposure,
    cap_gross_exposure,
    cap_order_size,
    cap_symbol_exposure,
)
from trading.risk.funding_check import check_funding
from trading.risk.gates import is_money
from trading.risk.level_checks import (
    check_level_distance,
    check_level_sides,
    check_liquidation,
    check_reward_to_risk,
    require_stop,
)
from trading.risk.leverage_checks import cap_margin, cap_margin_use, settle_leverage
from trading.risk.market_checks import (
    check_mark_divergence,
    check_market_data,
    check_quote_age,
    check_spread,
)
from trading.risk.size_checks import (
    apply_lot_step,
    cap_venue_quantity,
    check_allocation,
    check_minimum_size,
    check_protection_legs,
)
from trading.risk.state import RiskContext
from trading.risk.verdict import Approved, Denied, Shrunk

EntryCheck = Callable[[RiskContext, Draft], Draft | Denied]

ENTRY_CHECKS: tuple[EntryCheck, ...] = (
    check_operator_halt,
    check_equity,
    check_trading_state,
    check_drawdown,
    check_daily_loss,
    check_daily_entries,
    check_not_frozen,
    check_on_time,
    check_market_data,
    check_quote_age,
    check_mark_divergence,
    check_spread,
    check_direction,
    check_cooldown,
    check_position_count,
    check_confidence,
    check_direction_change,
    check_allocation,
    require_stop,
    check_level_distance,
    check_level_sides,
    check_reward_to_risk,
    check_funding,
    cap_order_size,
    cap_symbol_exposure,
    cap_confidence_size,
    cap_correlated_exposure,
    cap_gross_exposure,
    settle_leverage,
    cap_margin,
    cap_margin_use,
    cap_venue_quantity,
    check_minimum_size,
    apply_lot_step,
    check_protection_legs,
    check_liquidation,
)


def check_entry(context: RiskContext) -> Approved | Shrunk | Denied:
    """The verdict on a decision to open or add; the first denial ends the list."""
    draft = first_draft(context)
    for check in ENTRY_CHECKS:
        outcome = check(context, draft)
        if isinstance(outcome, Denied):
            return outcome
        draft = outcome
    return finished(context, draft)


def check_close(position: Position, price: Decimal | None) -> Approved:
    """A close passes whatever the account, the market or the gates look like.

    The quantity is the position's own; send it reduce-only. `price` (quote per base) is only what
    the notional is shown at; unknown, the entry price stands in.
    """
    shown_at = price if is_money(price) else position.entry_price
    quantity = abs(position.quantity)
    return Approved(
        symbol=position.symbol,
        side=position.exit_side,
        asked=quantity * shown_at,
        notional=quantity * shown_at,
        quantity=quantity,
        price=shown_at,
        leverage=position.leverage,
        stop_price=None,
        take_profit_price=None,
    )
