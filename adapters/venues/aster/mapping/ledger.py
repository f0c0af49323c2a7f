"""Fills and income as the venue lists them, in our words. Amounts are in the quote asset.

The fee of a fill is what was paid, positive: the venue's documents show it negative, other places
positive, so its size is taken from the fill and its sign from the ledger where that was read (a
rebate is a positive line there). The trade lines of the ledger say again what fills say; only the
others become income.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from adapters.venues.aster.mapping.instants import instant_of
from adapters.venues.aster.mapping.orders import UnknownWord
from adapters.venues.aster.payloads.account import IncomePayload
from adapters.venues.aster.payloads.orders import FillPayload
from trading.orders import Fill, FillCause, Side
from trading.ports import Income, IncomeKind
from trading.units import ZERO, plain

COMMISSION = "COMMISSION"
LIQUIDATION_FEE = "INSURANCE_CLEAR"
_TRADE_LINES = ("REALIZED_PNL", COMMISSION)
_KINDS = {
    "FUNDING_FEE": IncomeKind.FUNDING,
    "TRANSFER": IncomeKind.TRANSFER,
    LIQUIDATION_FEE: IncomeKind.LIQUIDATION_FEE,
}
_LIQUIDATION_ID = "autoclose-"
_ADL_ID = "adl_autoclose"
_SIDES = {"BUY": Side.BUY, "SELL": Side.SELL}


def fill_of(payload: FillPayload, *, client_order_id: str, quote: str) -> Fill:
    """One execution. A fee in another asset than the quote moves no money here: it is only named."""
    is_foreign = payload.commission != ZERO and payload.commission_asset != quote
    if payload.side not in _SIDES:
        raise UnknownWord(f"fill {payload.id}: side {payload.side[:40]!r}")
    return Fill(
        trade_id=str(payload.id),
        venue_order_id=str(payload.order_id),
        client_order_id=client_order_id,
        symbol=payload.symbol,
        side=_SIDES[payload.side],
        quantity=payload.qty,
        price=payload.price,
        fee=ZERO if is_foreign else abs(payload.commission),
        foreign_fee=f"{plain(abs(payload.commission))} {payload.commission_asset[:20]}"
        if is_foreign
        else None,
        realized_pnl=payload.realized_pnl,
        is_maker=payload.maker,
        filled_at=instant_of(payload.time),
        cause=cause_of(client_order_id),
    )


def cause_of(client_order_id: str) -> FillCause:
    """The venue's own orders are told by their client ids."""
    if client_order_id.startswith(_LIQUIDATION_ID):
        return FillCause.LIQUIDATION
    return FillCause.ADL if client_order_id.startswith(_ADL_ID) else FillCause.ORDER


def is_trade_line(line: IncomePayload) -> bool:
    """Whether it says what a fill says."""
    return line.income_type in _TRADE_LINES


def trade_number(line: IncomePayload) -> int | None:
    """The fill that a line belongs to; None where it does not say."""
    return int(line.trade_id) if line.trade_id.isascii() and line.trade_id.isdigit() else None


def is_fee_of(line: IncomePayload, fill: FillPayload) -> bool:
    """Whether a liquidation fee is told by the fill already: then it is no second payment."""
    number = trade_number(line)
    return (
        line.symbol == fill.symbol
        and number in (None, fill.id)
        and line.income != ZERO
        and abs(line.income) == abs(fill.commission)
    )


def income_of(line: IncomePayload) -> Income:
    """A line that is no trade line. Ids are unique within type and symbol only, ours in the account."""
    symbol = line.symbol or None
    parts = (line.income_type, line.tran_id, *((symbol,) if symbol else ()))
    return Income(
        tran_id=":".join(parts),
        kind=_KINDS.get(line.income_type, line.income_type.lower()),
        symbol=symbol,
        amount=line.income,
        at=instant_of(line.time),
    )


def with_signs(
    fills: Mapping[tuple[str, int], Fill], lines: Iterable[IncomePayload]
) -> dict[tuple[str, int], Fill]:
    """The fills, by symbol and number, with the sign of each fee as the ledger tells it."""
    signed = dict(fills)
    for line in lines:
        number = trade_number(line)
        if line.income_type != COMMISSION or number is None:
            continue
        fill = signed.get((line.symbol, number))
        if fill is not None and abs(line.income) == abs(fill.fee):
            signed[line.symbol, number] = replace(fill, fee=-line.income)
    return signed
