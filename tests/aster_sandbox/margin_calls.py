"""MARGIN_CALL: said once when little is left above the maintenance margin, and again after it was better.

The documents name the event and no threshold: it comes here when maintenance takes four fifths of what
backs the positions.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.aster_sandbox.ledger import rounded_money
from tests.aster_sandbox.users import User
from trading.instruments import Instrument
from trading.matching.liquidation import maintenance_margin
from trading.matching.margin import isolated_margin
from trading.positions import MarginMode, Position
from trading.units import ZERO, plain

_THRESHOLD = Decimal("0.8")


def margin_call(
    user: User, instruments: Mapping[str, Instrument], marks: Mapping[str, Decimal], now_ms: int
) -> dict[str, Any] | None:
    """The event, when one is due; the user remembers what was called."""
    called = _in_danger(user, instruments, marks)
    fresh = called - user.margin_called
    user.margin_called = called
    if not fresh:
        return None
    crossed = user.ledger.wallet - isolated_margin(user.book)
    rows = [
        _row(user.book.positions[symbol], instruments[symbol], marks[symbol])
        for symbol in sorted(called)
    ]
    return {"e": "MARGIN_CALL", "E": now_ms, "cw": plain(rounded_money(crossed)), "p": rows}


def _in_danger(
    user: User, instruments: Mapping[str, Instrument], marks: Mapping[str, Decimal]
) -> set[str]:
    danger: set[str] = set()
    crossed: list[Position] = []
    for symbol, position in user.book.positions.items():
        if position.margin_mode is MarginMode.CROSS:
            crossed.append(position)
            continue
        backing = position.isolated_margin + position.unrealized_pnl(marks[symbol])
        if _maintenance(position, instruments, marks) >= backing * _THRESHOLD:
            danger.add(symbol)
    wallet = user.ledger.wallet - isolated_margin(user.book)
    backing = wallet + sum((p.unrealized_pnl(marks[p.symbol]) for p in crossed), ZERO)
    needed = sum((_maintenance(p, instruments, marks) for p in crossed), ZERO)
    if crossed and needed >= backing * _THRESHOLD:
        danger |= {position.symbol for position in crossed}
    return danger


def _maintenance(
    position: Position, instruments: Mapping[str, Instrument], marks: Mapping[str, Decimal]
) -> Decimal:
    symbol = position.symbol
    return maintenance_margin(instruments[symbol], position.notional(marks[symbol]))


def _row(position: Position, instrument: Instrument, mark: Decimal) -> dict[str, Any]:
    is_isolated = position.margin_mode is MarginMode.ISOLATED
    return {
        "s": position.symbol,
        "ps": "BOTH",
        "pa": plain(position.quantity),
        "mt": "ISOLATED" if is_isolated else "CROSSED",
        "iw": plain(position.isolated_margin) if is_isolated else "0",
        "mp": plain(mark),
        "up": plain(rounded_money(position.unrealized_pnl(mark))),
        "mm": plain(rounded_money(maintenance_margin(instrument, position.notional(mark)))),
    }
