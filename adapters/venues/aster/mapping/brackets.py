"""The venue's leverage brackets put into the instruments of the market, which knows none of its own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from adapters.venues.aster.payloads.account import BracketPayload, BracketsPayload
from trading.instruments import Instrument, MaintenanceBracket


def with_brackets(
    instruments: Iterable[Instrument], brackets: Iterable[BracketsPayload]
) -> tuple[Instrument, ...]:
    """The instruments with the venue's brackets; one that it lists none for keeps its own."""
    known = {each.symbol: each.brackets for each in brackets if each.brackets}
    return tuple(
        replace(each, brackets=_rows(known[each.symbol]), has_venue_brackets=True)
        if each.symbol in known
        else each
        for each in instruments
    )


def _rows(brackets: Iterable[BracketPayload]) -> tuple[MaintenanceBracket, ...]:
    return tuple(
        MaintenanceBracket(
            notional_floor=each.notional_floor,
            max_leverage=each.initial_leverage,
            maintenance_ratio=each.maint_margin_ratio,
            cumulative=each.cum,
        )
        for each in sorted(brackets, key=lambda each: each.notional_floor)
    )
