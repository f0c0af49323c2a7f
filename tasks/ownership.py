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

from adapters.store.intents import without_outcome
from adapters.store.positions import load_foreign
from adapters.store.trades import apply_fills_to_trades, load_open_trades
from tasks.adoption import adopt, shrink
from tasks.cycle import Cycle
from tasks.live_venue import note_foreign
from tasks.own_record import OwnRecord, own_records
from tasks.run_log import run_log
from tasks.story import tell_difference
from trading.account import ForeignPolicy, Mode
from trading.attribution import Holdings, attribute
from trading.orders import CLIENT_ID_PREFIX, Fill
from trading.ports import VenueAccount, VenuePosition
from trading.units import ZERO, plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Ownership:
    """Positions split by whose they are, and symbols that are not settled."""

    whole: tuple[VenuePosition, ...]
    """As the venue lists them, with what our orders have executed and its list does not show yet."""
    own: tuple[VenuePosition, ...]
    foreign: tuple[VenuePosition, ...]
    foreign_quantities: Mapping[str, Decimal]
    """Signed, by symbol, where there is any."""
    frozen: Mapping[str, str]
    is_lagging: bool
    """An order of ours has executed more than the lists show: worth another reading."""


def settle_ownership(
    conn: Connection,
    cycle: Cycle,
    *,
    seen: VenueAccount,
    fills: Sequence[Fill],
    is_last: bool,
) -> Ownership:
    """Book new fills on the account's trades, compare with what the venue holds, split it."""
    holdings = _apply(conn, cycle, fills)
    reported = {p.position.symbol: p for p in seen.positions}
    is_lagging = False
    frozen: dict[str, str] = dict(without_outcome(conn, cycle.account.id))
    records = own_records(conn, cycle, traded={s: h.own for s, h in holdings.items()})
    for symbol in sorted(holdings.keys() | reported.keys() | records.keys()):
        held = holdings.get(symbol, Holdings(own=ZERO, foreign=ZERO))
        theirs = reported[symbol].position.quantity if symbol in reported else ZERO
        ours = records.get(symbol, OwnRecord(traded=held.own))
        late = _what_is_late(ours, held, reported.get(symbol))
        if late is not None:
            is_lagging = True
            frozen[symbol] = f"{late} an order of ours are not listed by the venue yet"
            holdings[symbol] = replace(held, own=held.own + ours.pending)
            if theirs != holdings[symbol].total:
                listed = reported.pop(symbol, None)
                later = ours.as_listed_later(symbol, listed, foreign=held.foreign)
                reported |= {} if later is None else {symbol: later}
        elif theirs != held.total:
            _tell(conn, cycle, symbol, ours=held.total, venue=theirs)
            holdings[symbol] = _explain(conn, cycle, symbol, held, reported.get(symbol))
    for symbol, held in holdings.items():
        if held.foreign != ZERO:
            frozen.setdefault(
                symbol, f"{plain(held.foreign)} of its position is not the account's own"
            )
    foreign = {s: h.foreign for s, h in holdings.items() if h.foreign != ZERO}
    note_foreign(cycle, foreign)
    return Ownership(
        whole=tuple(reported[symbol] for symbol in sorted(reported)),
        own=_parts(reported, {s: h.own for s, h in holdings.items()}),
        foreign=_parts(reported, foreign),
        foreign_quantities=foreign,
        frozen=frozen,
        is_lagging=is_lagging and not is_last,
    )


def _apply(conn: Connection, cycle: Cycle, fills: Sequence[Fill]) -> dict[str, Holdings]:
    """The holdings after the new fills; the account's part of each is booked on its trades."""
    trades = load_open_trades(conn, cycle.account.id)
    own = {t.trade.symbol: t.trade.open_quantity for t in trades}
    all_ours = _takes_all(cycle)
    foreign = {} if all_ours else load_foreign(conn, cycle.account.id)
    holdings = {
        symbol: Holdings(own=own.get(symbol, ZERO), foreign=foreign.get(symbol, ZERO))
        for symbol in own.keys() | foreign.keys()
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


def _takes_all(cycle: Cycle) -> bool:
    account = cycle.account
    return account.mode is Mode.PAPER or account.foreign is ForeignPolicy.ADOPT


def _what_is_late(ours: OwnRecord, held: Holdings, listed: VenuePosition | None) -> str | None:
    """Which list does not show yet what orders of ours have executed."""
    if ours.is_ahead_of(listed, foreign=held.foreign):
        return "the effects of"
    theirs = ZERO if listed is None else listed.position.quantity
    if ours.pending != ZERO and theirs == held.total + ours.pending:
        return "fills of"
    return None


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
