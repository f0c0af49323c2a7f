"""Any account, any orders, any market: the ledger adds up and no order does what it must not.

After every step: wallet - start = gross - fees + funding + transfers, the fills add up to the
positions, reduce-only never grew or flipped one, a liquidation cost what stood behind it, exits
follow their entry, no sibling is left behind, and a restart from the store changes nothing.
"""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule, run_state_machine_as_test

from tests.trading.matching.any_trader import AnyTrader
from tests.trading.matching.stored_state import RowBook
from trading.paper_book import BookState

STEPS_PER_TRADER = 50
FEWEST_STEPS = 40
"""Of a trader on average: hypothesis ends some of them early."""
LONG_STEPS_PER_EXAMPLE = 10
"""The long run takes ten steps for each example of the profile: 100,000 of the profile `long`."""


class TraderWithRows(AnyTrader):
    """Restarts through the rows of the store."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = RowBook()

    def restarted(self, state: BookState) -> BookState:
        for order in self.own.orders.values():
            self.rows.changed(order)
        return self.rows.restarted(state)

    @invariant()
    def the_books_agree(self) -> None:
        AnyTrader.steps_taken += 1
        self.own.agree_with(self.state)

    @rule(data=st.data())
    def fills_come_in_any_order_and_twice(self, data: st.DataObject) -> None:
        seen = data.draw(st.permutations(self.own.fills[-6:]))
        self.own.agrees_in_any_order([*seen, *self.own.fills, *reversed(self.own.fills)])


TraderWithRows.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestAnyTrader = TraderWithRows.TestCase


@pytest.mark.slow
@pytest.mark.timeout(7200)
def test_the_books_of_any_trader_agree_over_a_long_run() -> None:
    wanted = LONG_STEPS_PER_EXAMPLE * settings.default.max_examples
    before = AnyTrader.steps_taken
    run_state_machine_as_test(
        TraderWithRows,
        settings=settings(
            max_examples=max(1, wanted // FEWEST_STEPS),
            stateful_step_count=STEPS_PER_TRADER,
            deadline=None,
        ),
    )
    taken = AnyTrader.steps_taken - before
    print(f"{taken} steps")
    assert taken >= wanted
