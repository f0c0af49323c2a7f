"""Funding: what who holds at a funding instant pays or gets. Amounts are quote.

Payment = - signed quantity x mark x rate: longs pay when the rate is positive. It moves the
wallet, never the isolated margin of the position. The instants are those of each instrument's own
interval: the market names them, this module only books what it names.
"""

from __future__ import annotations

from dataclasses import replace

from trading.market import FundingRate
from trading.paper_book import BookState, FundingPaid, VenueEvent
from trading.units import ZERO


def pay_funding(state: BookState, rate: FundingRate) -> tuple[BookState, list[VenueEvent]]:
    """Book one funding instant of one symbol; without a position nothing happens."""
    position = state.positions.get(rate.symbol)
    if position is None:
        return state, []
    amount = ZERO - position.quantity * rate.mark * rate.rate
    paid = FundingPaid(
        tran_id=str(state.next_tran_id),
        symbol=rate.symbol,
        amount=amount,
        rate=rate.rate,
        mark=rate.mark,
        at=rate.at,
    )
    after = replace(state, wallet=state.wallet + amount, next_tran_id=state.next_tran_id + 1)
    return after, [paid]
