"""The account in the venue's words. Money is USDT; what a position is worth is seen at the mark."""

from __future__ import annotations

from decimal import ROUND_DOWN, Decimal
from typing import Any

from tests.aster_sandbox.ledger import ASSET, rounded_money
from tests.aster_sandbox.market import Market
from tests.aster_sandbox.symbols import most_notional
from tests.aster_sandbox.users import User
from tests.aster_sandbox.venue import Venue
from tests.aster_sandbox.venue_time import ms_of
from trading.matching.liquidation import backing_of, liquidation_price, maintenance_margin
from trading.matching.margin import (
    balance,
    isolated_margin,
    leverage_of,
    margin_mode_of,
    order_margin,
    position_margin,
)
from trading.positions import MarginMode, Position
from trading.units import ZERO, plain

_DIGITS = Decimal("0.00000001")


def money(amount: Decimal) -> str:
    return plain(rounded_money(amount))


def balance_rows(venue: Venue, user: User) -> list[dict[str, Any]]:
    """`balance`."""
    totals = balance(user.book, venue.marks)
    crossed = [p for p in user.book.positions.values() if p.margin_mode is MarginMode.CROSS]
    profit = sum((p.unrealized_pnl(venue.marks[p.symbol]) for p in crossed), ZERO)
    return [
        {
            "accountAlias": user.alias,
            "asset": ASSET,
            "balance": money(user.ledger.wallet),
            "crossWalletBalance": money(user.ledger.wallet - isolated_margin(user.book)),
            "crossUnPnl": money(profit),
            "availableBalance": _down(totals.available),
            "maxWithdrawAmount": _down(max(ZERO, min(totals.available, user.ledger.wallet))),
            "marginAvailable": True,
            "updateTime": venue.time.now_ms,
        }
    ]


def account_document(venue: Venue, user: User) -> dict[str, Any]:
    """`account`: totals, assets, one BOTH row for each symbol."""
    totals = balance(user.book, venue.marks)
    row = balance_rows(venue, user)[0]
    maintenance = sum(
        (
            maintenance_margin(venue.instruments[p.symbol], p.notional(venue.marks[p.symbol]))
            for p in user.book.positions.values()
        ),
        ZERO,
    )
    initial = position_margin(user.book) + order_margin(user.book)
    sums = {
        "InitialMargin": money(initial),
        "MaintMargin": money(maintenance),
        "WalletBalance": money(totals.wallet),
        "UnrealizedProfit": money(totals.unrealized),
        "MarginBalance": money(totals.wallet + totals.unrealized),
        "PositionInitialMargin": money(position_margin(user.book)),
        "OpenOrderInitialMargin": money(order_margin(user.book)),
        "CrossWalletBalance": row["crossWalletBalance"],
        "CrossUnPnl": row["crossUnPnl"],
    }
    asset = {name[0].lower() + name[1:]: value for name, value in sums.items()}
    free = {
        "availableBalance": row["availableBalance"],
        "maxWithdrawAmount": row["maxWithdrawAmount"],
    }
    now = venue.time.now_ms
    return {
        "feeTier": 0,
        "canTrade": user.can_trade,
        "canDeposit": True,
        "canWithdraw": user.can_withdraw,
        "multiAssetsMargin": user.is_multi_assets,
        "updateTime": 0,
        **{f"total{name}": value for name, value in sums.items()},
        **free,
        "assets": [{"asset": ASSET, **asset, **free, "marginAvailable": True, "updateTime": now}],
        "positions": [_account_position(venue, user, market) for market in venue.markets.values()],
    }


def _account_position(venue: Venue, user: User, market: Market) -> dict[str, Any]:
    symbol = market.instrument.symbol
    position = user.book.positions.get(symbol)
    leverage = leverage_of(user.book, symbol)
    held = ZERO if position is None else position.quantity
    notional = abs(held) * market.mark
    maintenance = maintenance_margin(market.instrument, notional)
    return {
        "symbol": symbol,
        "initialMargin": money(ZERO if position is None else position.isolated_margin),
        "maintMargin": money(maintenance if position is not None else ZERO),
        "unrealizedProfit": money(_profit(position, market)),
        "positionInitialMargin": money(ZERO if position is None else position.isolated_margin),
        "openOrderInitialMargin": "0",
        "leverage": str(leverage),
        "isolated": margin_mode_of(user.book, symbol) is MarginMode.ISOLATED,
        "entryPrice": _entry(position),
        "maxNotional": str(most_notional(market.instrument, leverage)),
        "positionSide": "BOTH",
        "positionAmt": plain(held),
        "notional": money(held * market.mark),
        "isolatedWallet": _isolated(position),
        "updateTime": _updated(position),
    }


def position_row(venue: Venue, user: User, market: Market) -> dict[str, Any]:
    """`positionRisk`, with the live extras `notional` and `isolatedWallet`."""
    symbol = market.instrument.symbol
    position = user.book.positions.get(symbol)
    leverage = leverage_of(user.book, symbol)
    held = ZERO if position is None else position.quantity
    mode = margin_mode_of(user.book, symbol)
    is_isolated = position is not None and mode is MarginMode.ISOLATED
    profit = _profit(position, market)
    own = position.isolated_margin + profit if position is not None and is_isolated else ZERO
    return {
        "symbol": symbol,
        "positionAmt": plain(held),
        "entryPrice": _entry(position),
        "markPrice": plain(market.mark),
        "unRealizedProfit": money(profit),
        "liquidationPrice": _liquidation(venue, user, position, market),
        "leverage": str(leverage),
        "maxNotionalValue": str(most_notional(market.instrument, leverage)),
        "marginType": "isolated" if mode is MarginMode.ISOLATED else "cross",
        "isolatedMargin": money(own),
        "isAutoAddMargin": "false",
        "positionSide": "BOTH",
        "notional": money(held * market.mark),
        "isolatedWallet": _isolated(position),
        "updateTime": _updated(position),
    }


def _liquidation(venue: Venue, user: User, position: Position | None, market: Market) -> str:
    if position is None:
        return "0"
    backing = backing_of(user.book, position, venue.instruments)
    price = liquidation_price(position, market.instrument, backing=backing)
    return "0" if price is None else money(price)


def _profit(position: Position | None, market: Market) -> Decimal:
    return ZERO if position is None else position.unrealized_pnl(market.mark)


def _entry(position: Position | None) -> str:
    return "0.0" if position is None else money(position.entry_price)


def _isolated(position: Position | None) -> str:
    if position is None or position.margin_mode is not MarginMode.ISOLATED:
        return "0"
    return money(position.isolated_margin)


def _updated(position: Position | None) -> int:
    return 0 if position is None else ms_of(position.opened_at)


def _down(amount: Decimal) -> str:
    return plain(amount.quantize(_DIGITS, rounding=ROUND_DOWN))
