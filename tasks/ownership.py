"""What of a venue's positions is the account's own, and what becomes of the rest.

Own is what our fills have made, and what an order of ours has executed whose fills are not listed
yet: never taken for somebody else's, or it would lose its stop. What is left over is foreign:
adopted or left alone, as the account says. On paper everything is the account's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from sqlalchemy import Connection

from adapters.store.fills import booked_by_order
from adapters.store.intents import without_outcome
from adapters.store.trades import apply_fills_to_trades, load_open_trades
from tasks.adoption import adopt, shrink
from tasks.cycle import Cycle
from tasks.live_venue import note_foreign
from tasks.run_log import run_log
from tasks.story import tell_difference
from trading.account import ForeignPolicy, Mode
from trading.attribution import Holdings, attribute
from trading.orders import CLIENT_ID_PREFIX, Fill, Order
from trading.ports import VenueAccount, VenuePosition
from trading.units import ZERO, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Positions split by whose they are, and symbols that are not settled."""

    own: tuple[VenuePosition, ...]
    foreign: tuple[VenuePosition, ...]
    frozen: Mapping[str, str]
    is_lagging: bool
    """An order of ours has executed more than its fills say: worth another reading."""


def settle_ownership(
    conn: Connection,
    cycle: Cycle,
    *,
    seen: VenueAccount,
    orders: Sequence[Order],
    before: Mapping[str, Decimal],
    fills: Sequence[Fill],
    is_last: bool,
) -> Ownership:
    """Book new fills on the account's trades, compare with what the venue holds, split it."""
    holdings = _apply(conn, cycle, before, fills)
    reported = {p.position.symbol: p for p in seen.positions}
    is_lagging = False
    frozen: dict[str, str] = dict(without_outcome(conn, cycle.account.id))
    for symbol in sorted(holdings.keys() | reported.keys()):
        held = holdings.get(symbol, Holdings(own=ZERO, foreign=ZERO))
        theirs = reported[symbol].position.quantity if symbol in reported else ZERO
        if theirs == held.total:
            continue
        pending = _executed_unbooked(conn, cycle, symbol, orders)
        if pending != ZERO and theirs == held.total + pending:
            is_lagging = True
            frozen[symbol] = "fills of an order of ours are not listed by the venue yet"
            holdings[symbol] = replace(held, own=held.own + pending)
        else:
            _tell(conn, cycle, symbol, ours=held.total, venue=theirs)
            holdings[symbol] = _explain(conn, cycle, symbol, held, reported.get(symbol))
    for symbol, held in holdings.items():
        if held.foreign != ZERO:
            frozen.setdefault(
                symbol, f"{plain(held.foreign)} of its position is not the account's own"
            )
    note_foreign(cycle, {s: h.foreign for s, h in holdings.items() if h.foreign != ZERO})
    return Ownership(
        own=_parts(reported, {s: h.own for s, h in holdings.items()}),
        foreign=_parts(reported, {s: h.foreign for s, h in holdings.items()}),
        frozen=frozen,
        is_lagging=is_lagging and not is_last,
    )


def _apply(
    conn: Connection, cycle: Cycle, before: Mapping[str, Decimal], fills: Sequence[Fill]
) -> dict[str, Holdings]:
    """The holdings after the new fills; the account's part of each is booked on its trades."""
    trades = load_open_trades(conn, cycle.account.id)
    own = {t.trade.symbol: t.trade.open_quantity for t in trades}
    all_ours = _takes_all(cycle)
    holdings = {
        symbol: _holdings(own.get(symbol, ZERO), before.get(symbol, ZERO), all_ours=all_ours)
        for symbol in own.keys() | before.keys()
    }
    ours: list[Fill] = []
    for fill in fills:
        held = holdings.get(fill.symbol, Holdings(own=ZERO, foreign=ZERO))
        is_ours = all_ours or fill.client_order_id.startswith(CLIENT_ID_PREFIX)
        done = attribute(fill, held, is_ours=is_ours)
        holdings[fill.symbol] = done.after
        if done.own is not None:
            ours.append(done.own)
    apply_fills_to_trades(conn, cycle.account.id, ours)
    return holdings


def _holdings(own: Decimal, total: Decimal, *, all_ours: bool) -> Holdings:
    return Holdings(own=total, foreign=ZERO) if all_ours else Holdings(own=own, foreign=total - own)


def _takes_all(cycle: Cycle) -> bool:
    account = cycle.account
    return account.mode is Mode.PAPER or account.foreign is ForeignPolicy.ADOPT


def _executed_unbooked(
    conn: Connection, cycle: Cycle, symbol: str, orders: Sequence[Order]
) -> Decimal:
    """Signed quantity that orders of ours have executed and whose fills are not booked."""
    if cycle.account.mode is Mode.PAPER:
        return ZERO
    ours = [
        order
        for order in orders
        if order.symbol == symbol
        and order.request.client_order_id.startswith(CLIENT_ID_PREFIX)
        and order.filled_quantity > ZERO
    ]
    booked = booked_by_order(
        conn, cycle.account.id, symbol, [order.venue_order_id for order in ours]
    )
    return sum(
        (
            (order.filled_quantity - booked.get(order.venue_order_id, ZERO))
            * order.request.side.sign
            for order in ours
        ),
        ZERO,
    )


def _explain(
    conn: Connection, cycle: Cycle, symbol: str, held: Holdings, reported: VenuePosition | None
) -> Holdings:
    """What a difference without fills means: the venue wins."""
    theirs = ZERO if reported is None else reported.position.quantity
    if cycle.account.mode is Mode.PAPER:
        return Holdings(own=theirs, foreign=ZERO)
    if reported is not None and _takes_all(cycle):
        adopt(conn, cycle, reported, own=held.own)
        return Holdings(own=theirs, foreign=ZERO)
    left = _no_more_than(held.own, theirs)
    if left != held.own:
        shrink(conn, cycle, symbol, to=left, at_price=None if reported is None else reported.mark)
    return Holdings(own=left, foreign=theirs - left)


def _no_more_than(own: Decimal, total: Decimal) -> Decimal:
    """Own, cut to what the venue still holds in that direction."""
    if own == ZERO or total == ZERO or (own > ZERO) != (total > ZERO):
        return ZERO
    return own if abs(own) <= abs(total) else total


def _parts(
    reported: Mapping[str, VenuePosition], quantities: Mapping[str, Decimal]
) -> tuple[VenuePosition, ...]:
    parts: list[VenuePosition] = []
    for symbol, whole in sorted(reported.items()):
        quantity, position = quantities.get(symbol, ZERO), whole.position
        if quantity == position.quantity:
            parts.append(whole)
        elif quantity != ZERO:
            share = abs(quantity) / abs(position.quantity)
            part = replace(
                position, quantity=quantity, isolated_margin=position.isolated_margin * share
            )
            parts.append(replace(whole, position=part))
    return tuple(parts)


def _tell(conn: Connection, cycle: Cycle, symbol: str, *, ours: Decimal, venue: Decimal) -> None:
    tell_difference(conn, cycle, symbol, ours=ours, venue=venue)
    run_log().error(
        "%s %s: our record says %s, the venue says %s; the venue wins.",
        cycle.account.id, symbol, plain(ours), plain(venue),
    )  # fmt: skip
