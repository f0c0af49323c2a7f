"""The liquidation price is where margin balance meets maintenance margin, in every bracket."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.matching.paper_builders import BTC, position
from trading.matching.liquidation import liquidation_price, maintenance_margin
from trading.positions import Position

HAIR = Decimal("1e-15")


def is_liquidated(held: Position, mark: Decimal) -> bool:
    """The rule as it is written: margin balance <= maintenance of the notional at that price."""
    balance = held.isolated_margin + held.unrealized_pnl(mark)
    return balance <= maintenance_margin(BTC, held.notional(mark))


@given(
    size=st.decimals("0.001", "20000", places=3),
    entry=st.decimals("1", "200000", places=1),
    leverage=st.integers(2, 50),
    is_long=st.booleans(),
)
def test_one_hair_beyond_it_is_liquidated_and_one_hair_before_it_is_not(
    size: Decimal, entry: Decimal, leverage: int, is_long: bool
) -> None:
    held = position(str(size if is_long else -size), str(entry), leverage=leverage)
    price = liquidation_price(held, BTC)
    assert price is not None
    worse, better = (1 - HAIR, 1 + HAIR) if is_long else (1 + HAIR, 1 - HAIR)
    assert is_liquidated(held, price * worse)
    assert not is_liquidated(held, price * better)


@pytest.mark.parametrize(
    ("quantity", "leverage", "price"),
    [
        ("1", 5, "80.32128514"),  # 80 / 0.996
        ("-1", 5, "119.52191235"),  # 120 / 1.004
        ("-1000", 10, "109.20792079"),  # (110000 + 300) / 1010: the second bracket
    ],
)
def test_worked_examples(quantity: str, leverage: int, price: str) -> None:
    found = liquidation_price(position(quantity, leverage=leverage), BTC)
    assert found is not None
    assert round(found, 8) == Decimal(price)


def test_an_unborrowed_long_is_never_liquidated() -> None:
    assert liquidation_price(position("1", leverage=1), BTC) is None


def test_an_unborrowed_short_is_liquidated_below_twice_its_entry() -> None:
    price = liquidation_price(position("-1", leverage=1), BTC)
    assert price is not None
    assert 199 < price < 200


def test_more_margin_moves_it_away() -> None:
    held = position("1")
    safer = replace(held, isolated_margin=held.isolated_margin + 10)
    near, far = liquidation_price(held, BTC), liquidation_price(safer, BTC)
    assert near is not None
    assert far is not None
    assert far < near
