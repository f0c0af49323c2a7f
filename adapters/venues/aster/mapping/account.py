"""Money and positions as the venue reports them, in our words. Amounts are in the quote asset.

Size and side of a position come from its signed amount alone. Hedge mode is told by the rows
themselves, at no cost: there a symbol has a row for each side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal

from adapters.venues.aster.mapping.instants import instant_of
from adapters.venues.aster.payloads.account import AccountPayload, PositionPayload
from adapters.venues.aster.payloads.payload import WrongAnswer
from trading.errors import SettingRefused
from trading.ports import Balance, VenuePosition
from trading.positions import MarginMode, Position
from trading.units import ZERO

HEDGE_MODE = (
    "the account is in hedge mode, where long and short of a symbol are kept apart; nothing was sent."
    " Switch the account to one-way mode at the venue (settings of the trading page, position mode;"
    " it takes no open positions and orders); it is never switched from here"
)
MULTI_ASSETS_MODE = (
    "the account is in multi-assets mode, which has no isolated margin; nothing was changed. Switch"
    " the account to single-asset mode at the venue (settings of the trading page, asset mode), or"
    " trade it with cross margin; it is never switched from here"
)


def balance_of(payload: AccountPayload, quote: str) -> Balance:
    """Money in the quote asset; equity is the venue's margin balance, to the digit.

    Raises
    ------
    WrongAnswer
        There is money in the account, but no row of the quote asset.
    """
    for row in payload.assets:
        if row.asset == quote:
            free = row.available_balance
            return Balance(
                wallet=row.wallet_balance,
                unrealized=row.margin_balance - row.wallet_balance,
                margin_used=row.initial_margin,
                available=payload.available_balance if free is None else free,
            )
    if payload.total_wallet_balance != ZERO:
        raise WrongAnswer(f"no row of {quote} among the assets of the account")
    return Balance(wallet=ZERO, unrealized=ZERO, margin_used=ZERO, available=ZERO)


def require_one_way(rows: Iterable[PositionPayload]) -> None:
    """Raises `SettingRefused` when the account is in hedge mode."""
    if any(row.position_side != "BOTH" for row in rows):
        raise SettingRefused(HEDGE_MODE)


def margin_mode_of(row: PositionPayload) -> MarginMode:
    """Of the symbol, whether it holds anything or not."""
    is_isolated = row.margin_type.lower().startswith("isolated")
    return MarginMode.ISOLATED if is_isolated else MarginMode.CROSS


def position_of(
    row: PositionPayload, opened_at: Callable[[str], datetime | None]
) -> VenuePosition | None:
    """An open position; None for a flat row.

    The venue says when a position changed last, not when it was opened: that is asked of the caller,
    and only where he does not know it the change stands for it.
    """
    if row.position_amt == ZERO:
        return None
    return VenuePosition(
        position=Position(
            symbol=row.symbol,
            quantity=row.position_amt,
            entry_price=row.entry_price,
            leverage=row.leverage,
            isolated_margin=_margin_of(row),
            opened_at=opened_at(row.symbol) or instant_of(row.update_time),
            margin_mode=margin_mode_of(row),
        ),
        mark=row.mark_price,
        liquidation_price=row.liquidation_price if row.liquidation_price > ZERO else None,
    )


def _margin_of(row: PositionPayload) -> Decimal:
    """What was set aside: the venue's isolated margin contains the unrealised profit as well."""
    if margin_mode_of(row) is MarginMode.CROSS:
        return abs(row.position_amt) * row.entry_price / row.leverage
    if row.isolated_wallet:
        return row.isolated_wallet
    return row.isolated_margin - row.un_realized_profit
