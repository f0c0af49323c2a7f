"""Rows of the paper venue's books to records and back; nothing is rounded on the way."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sqlalchemy import Row

from adapters.store.documents import to_document
from adapters.store.order_rows import fill_columns, fill_from, order_columns, order_from
from trading.orders import Fill, Order, OrderStatus
from trading.paper_book import BookState, FundingPaid, FundsMoved
from trading.paper_terms import PaperExecution, PaperFees, PaperTerms, SlippagePolicy
from trading.ports import Income, IncomeKind
from trading.positions import MarginMode, Position


def wallet_columns(state: BookState) -> dict[str, Any]:
    """Everything of the state but positions and orders."""
    return {
        "wallet": state.wallet,
        "matched_until": state.matched_until,
        "leverage": dict(state.leverage),
        "margin_modes": to_document(state.margin_modes),
        "marks": to_document(state.marks),
        "next_order_id": state.next_order_id,
        "next_trade_id": state.next_trade_id,
        "next_tran_id": state.next_tran_id,
        **terms_columns(PaperTerms(fees=state.fees, execution=state.execution)),
    }


def terms_columns(terms: PaperTerms) -> dict[str, Any]:
    return {
        "maker": terms.fees.maker,
        "taker": terms.fees.taker,
        "slippage": terms.fees.slippage,
        "slippage_policy": terms.execution.slippage.value,
        "volume_share": terms.execution.volume_share,
    }


def book_state(wallet: Row[Any], positions: list[Row[Any]], orders: list[Row[Any]]) -> BookState:
    """The state of one account; `orders` are its open and pending ones in order of arrival."""
    placed = [order_of(row) for row in orders]
    return BookState(
        wallet=wallet.wallet,
        matched_until=wallet.matched_until,
        positions={row.symbol: _position(row) for row in positions},
        orders={each.venue_order_id: each for each in placed if each.status.is_open},
        waiting={
            each.venue_order_id: each for each in placed if each.status is OrderStatus.PENDING
        },
        leverage=wallet.leverage,
        margin_modes={name: MarginMode(mode) for name, mode in wallet.margin_modes.items()},
        marks={name: Decimal(mark) for name, mark in wallet.marks.items()},
        next_order_id=wallet.next_order_id,
        next_trade_id=wallet.next_trade_id,
        next_tran_id=wallet.next_tran_id,
        fees=PaperFees(maker=wallet.maker, taker=wallet.taker, slippage=wallet.slippage),
        execution=PaperExecution(
            slippage=SlippagePolicy(wallet.slippage_policy), volume_share=wallet.volume_share
        ),
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
        "margin_mode": position.margin_mode.value,
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


def income_columns(account_id: str, event: FundingPaid | FundsMoved) -> dict[str, Any]:
    """A line of income; a transfer belongs to no symbol."""
    is_funding = isinstance(event, FundingPaid)
    return {
        "account_id": account_id,
        "tran_id": int(event.tran_id),
        "kind": IncomeKind.FUNDING if is_funding else IncomeKind.TRANSFER,
        "symbol": event.symbol if is_funding else None,
        "amount": event.amount,
        "rate": event.rate if is_funding else None,
        "mark": event.mark if is_funding else None,
        "at": event.at,
    }


def order_of(row: Row[Any]) -> Order:
    return order_from(row, str(row.order_id))


def fill_of(row: Row[Any]) -> Fill:
    return fill_from(row, trade_id=str(row.trade_id), venue_order_id=str(row.order_id))


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
        margin_mode=MarginMode(row.margin_mode),
    )
