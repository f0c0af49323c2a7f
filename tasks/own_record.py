"""What the account itself holds by our own evidence: its trades, and what its orders were answered.

A position list that lags behind an order's answer is no proof that nothing is held. What the list
lacks is waited for, and after a moment the answer is believed: a position gets its stop while its
venue still calls it flat, and is never called somebody else's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from adapters.store.executions import Execution, load_executions
from adapters.store.trades import load_open_trades
from tasks.resources import store_engine
from trading.account import Mode
from trading.attribution import lags_behind
from trading.ports import VenuePosition
from trading.positions import Position
from trading.units import ZERO

if TYPE_CHECKING:
    from tasks.cycle import Cycle

LATE_FOR = timedelta(seconds=30)
"""A list of positions that does not show an execution for longer than this is believed instead."""
_FILLS_LATE_FOR = timedelta(days=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnRecord:
    """Our evidence in one symbol; quantities are signed base."""

    traded: Decimal
    """Of the open trade: booked fills."""
    pending: Decimal = ZERO
    """Executed by orders of ours whose fills are not booked."""
    recent: tuple[Execution, ...] = ()
    """Executed by orders that ended within `LATE_FOR`, newest first."""

    @property
    def quantity(self) -> Decimal:
        return self.traded + self.pending

    def is_ahead_of(self, listed: VenuePosition | None, *, foreign: Decimal = ZERO) -> bool:
        """Whether that is what was held before the last of our executions."""
        quantity = ZERO if listed is None else listed.position.quantity
        steps = tuple(each.quantity for each in self.recent)
        return lags_behind(quantity - foreign, self.quantity, steps)

    def as_listed_later(
        self, symbol: str, listed: VenuePosition | None, *, foreign: Decimal = ZERO
    ) -> VenuePosition | None:
        """The position as it will be listed; only with something `recent`."""
        quantity = self.quantity + foreign
        if quantity == ZERO:
            return None
        if listed is not None:
            return replace(listed, position=replace(listed.position, quantity=quantity))
        newest = self.recent[0]
        position = Position(
            symbol=symbol,
            quantity=quantity,
            entry_price=newest.price,
            leverage=1,
            isolated_margin=ZERO,
            opened_at=newest.real_settled_at or datetime.now(UTC),
        )
        return VenuePosition(position=position, mark=newest.price, liquidation_price=None)


def own_records(
    conn: Connection, cycle: Cycle, *, traded: Mapping[str, Decimal] | None = None
) -> dict[str, OwnRecord]:
    """By symbol, where there is anything. `traded`: of the open trades, where the caller knows it."""
    account_id, now = cycle.account.id, datetime.now(UTC)
    if traded is None:
        stored = load_open_trades(conn, account_id)
        traded = {each.trade.symbol: each.trade.open_quantity for each in stored}
    executed: dict[str, tuple[Execution, ...]] = {}
    if cycle.account.mode is Mode.LIVE:
        executed = load_executions(conn, account_id, since=now - _FILLS_LATE_FOR)
    return {
        symbol: OwnRecord(
            traded=traded.get(symbol, ZERO),
            pending=sum((each.unbooked for each in executed.get(symbol, ())), ZERO),
            recent=tuple(
                each
                for each in executed.get(symbol, ())
                if each.real_settled_at is not None and now - each.real_settled_at <= LATE_FOR
            ),
        )
        for symbol in traded.keys() | executed.keys()
    }


def own_record(cycle: Cycle, symbol: str) -> OwnRecord:
    """Of one symbol, as it is stored now."""
    with store_engine().connect() as conn:
        return own_records(conn, cycle).get(symbol, OwnRecord(traded=ZERO))
