"""Rows of the paper venue's books to records and back; nothing is rounded on the way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

from adapters.store.order_rows import fill_columns, order_columns, request_of
from trading.orders import Fill, FillCause, Order, OrderStatus, Side
from trading.paper_book import BookState, FundingPaid, PaperFees
from trading.ports import Income
from trading.positions import Position

FUNDING = "funding"


def wallet_columns(state: BookState) -> dict[str, Any]:
    """Everything of the state but positions and orders."""
    return {
        "wallet": state.wallet,
        "matched_until": state.matched_until,
        "leverage": dict(state.leverage),
        "next_order_id": state.next_order_id,
        "next_trade_id": state.next_trade_id,
        "next_tran_id": state.next_tran_id,
        "maker": state.fees.maker,
        "taker": state.fees.taker,
        "slippage": state.fees.slippage,
    }


def book_state(wallet: Row[Any], positions: list[Row[Any]], orders: list[Row[Any]]) -> BookState:
    """The state of one account; `orders` are its open ones in order of arrival."""
    return BookState(
        wallet=wallet.wallet,
        matched_until=wallet.matched_until,
        positions={row.symbol: _position(row) for row in positions},
        orders={str(row.order_id): order_of(row) for row in orders},
        leverage=wallet.leverage,
        next_order_id=wallet.next_order_id,
        next_trade_id=wallet.next_trade_id,
        next_tran_id=wallet.next_tran_id,
        fees=PaperFees(maker=wallet.maker, taker=wallet.taker, slippage=wallet.slippage),
    )


def position_columns(account_id: str, position: Position) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "symbol": position.symbol,
        "quantity": position.quantity,
        "entry_price": position.entry_price,
        "leverage": position.leverage,
        "isolated_margin": position.isolated_margin,
        "opened_at": position.opened_at,
    }


def paper_order_columns(account_id: str, order: Order) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "order_id": int(order.venue_order_id),
        **order_columns(order),
    }


def paper_fill_columns(account_id: str, fill: Fill) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "trade_id": int(fill.trade_id),
        "order_id": int(fill.venue_order_id),
        **fill_columns(fill),
    }


def funding_columns(account_id: str, paid: FundingPaid) -> dict[str, Any]:
    return {
        "account_id": account_id,
        "tran_id": int(paid.tran_id),
        "kind": FUNDING,
        "symbol": paid.symbol,
        "amount": paid.amount,
        "rate": paid.rate,
        "mark": paid.mark,
        "at": paid.at,
    }


def order_of(row: Row[Any]) -> Order:
    return Order(
        venue_order_id=str(row.order_id),
        request=request_of(row),
        status=OrderStatus(row.status),
        filled_quantity=row.filled_quantity,
        average_price=row.average_price,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def fill_of(row: Row[Any]) -> Fill:
    return Fill(
        trade_id=str(row.trade_id),
        venue_order_id=str(row.order_id),
        client_order_id=row.client_order_id,
        symbol=row.symbol,
        side=Side(row.side),
        quantity=row.quantity,
        price=row.price,
        fee=row.fee,
        realized_pnl=row.realized_pnl,
        is_maker=row.is_maker,
        filled_at=row.filled_at,
        cause=FillCause(row.cause),
    )


def income_of(row: Row[Any]) -> Income:
    return Income(
        tran_id=str(row.tran_id), kind=row.kind, symbol=row.symbol, amount=row.amount, at=row.at
    )


def _position(row: Row[Any]) -> Position:
    return Position(
        symbol=row.symbol,
        quantity=row.quantity,
        entry_price=row.entry_price,
        leverage=row.leverage,
        isolated_margin=row.isolated_margin,
        opened_at=row.opened_at,
    )
