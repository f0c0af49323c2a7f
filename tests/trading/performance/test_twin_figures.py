"""A live account against its paper twin, with figures that were computed by hand."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.orders import Side
from trading.performance.twins import (
    EntryPair,
    FilledEntry,
    VenueAnswers,
    compute_divergence,
    error_rate,
    execution_success,
    summarise_tracking,
)

AT = datetime(2026, 11, 20, tzinfo=UTC)


def filled(price: str, quantity: str = "1") -> FilledEntry:
    return FilledEntry(quantity=Decimal(quantity), notional=Decimal(price) * Decimal(quantity))


def pair(live: FilledEntry | None, paper: FilledEntry | None, side: Side = Side.BUY) -> EntryPair:
    return EntryPair(
        decision_id=UUID(int=1),
        twin_decision_id=UUID(int=2),
        symbol="BTCUSDT",
        side=side,
        decided_at=AT,
        live=live,
        paper=paper,
    )


def test_paying_more_than_the_twin_and_getting_less_are_both_a_cost() -> None:
    assert pair(filled("100.1"), filled("100")).tracking_bps == pytest.approx(10)
    assert pair(filled("99.9"), filled("100"), Side.SELL).tracking_bps == pytest.approx(10)
    assert pair(filled("99.9"), filled("100")).tracking_bps == pytest.approx(-10)


def test_an_entry_that_one_of_them_did_not_get_has_no_tracking() -> None:
    assert pair(filled("100"), None).tracking_bps is None
    assert pair(None, filled("100")).tracking_bps is None


def test_pairs_together_are_weighted_by_the_live_quantities() -> None:
    pairs = [
        pair(filled("101", "3"), filled("100", "30")),
        pair(filled("198", "1"), filled("200", "0.1"), Side.SELL),
        pair(filled("100", "9"), None),
        pair(None, filled("100")),
        pair(None, None),
    ]
    tracking = summarise_tracking(pairs)
    # 3 x 1 + 1 x 2 given up, on 3 x 100 + 1 x 200.
    assert tracking.tracking_cost == Decimal(5)
    assert tracking.tracking_bps == pytest.approx(100)
    assert (tracking.both_filled, tracking.only_live, tracking.only_paper) == (2, 1, 1)


def test_without_a_pair_that_filled_twice_nothing_is_known_of_the_tracking() -> None:
    for pairs in ([], [pair(filled("100"), None)]):
        tracking = summarise_tracking(pairs)
        assert (tracking.tracking_bps, tracking.tracking_cost) == (None, None)


prices = st.decimals(min_value=1, max_value=10_000, places=2)


@given(live=prices, paper=prices, side=st.sampled_from(Side))
def test_one_pair_together_is_that_pair(live: Decimal, paper: Decimal, side: Side) -> None:
    one = pair(filled(str(live)), filled(str(paper)), side)
    assert summarise_tracking([one]).tracking_bps == pytest.approx(one.tracking_bps)


def test_the_divergence_is_live_minus_paper_and_unknown_when_either_is() -> None:
    assert compute_divergence(0.01, 0.03) == pytest.approx(-0.02)
    assert compute_divergence(None, 0.03) is None
    assert compute_divergence(0.01, None) is None


def test_success_and_errors_are_shares_of_what_was_sent() -> None:
    wanted = VenueAnswers(sent=8, filled=6, refused=1, unknown=1)
    protection = VenueAnswers(sent=12, filled=2, unreached=1)
    assert execution_success(wanted) == 0.75
    assert error_rate(wanted + protection) == pytest.approx(3 / 20)


def test_without_an_order_there_is_no_share_of_them() -> None:
    assert execution_success(VenueAnswers()) is None
    assert error_rate(VenueAnswers()) is None
