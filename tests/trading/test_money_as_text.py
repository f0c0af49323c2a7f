"""Money as text: every digit, one text per value."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.units import plain

AMOUNTS = st.decimals(allow_nan=False, allow_infinity=False, places=40) | st.decimals(
    -(10**30), 10**30, allow_nan=False
)


@given(AMOUNTS)
def test_the_text_of_an_amount_reads_back_as_the_same_amount(amount: Decimal) -> None:
    words = plain(amount)
    assert Decimal(words) == amount
    assert "E" not in words
    assert words != "-0"


@given(AMOUNTS, st.integers(0, 12))
def test_zeros_behind_the_point_do_not_change_the_text(amount: Decimal, zeros: int) -> None:
    sign, digits, exponent = amount.as_tuple()
    assert isinstance(exponent, int)
    longer = Decimal((sign, digits + (0,) * zeros, exponent - zeros))
    assert plain(longer) == plain(amount)


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        ("12345678901234567890123456789.123456789", "12345678901234567890123456789.123456789"),
        (
            "0.0000000000000000000000000000000000000012",
            "0.0000000000000000000000000000000000000012",
        ),
        ("1E+3", "1000"),
        ("0E+3", "0"),
        ("100", "100"),
        ("2.500", "2.5"),
        ("-0.00", "0"),
        ("NaN", "NaN"),
        ("-Infinity", "-Infinity"),
    ],
)
def test_no_digit_is_lost_and_no_exponent_is_written(amount: str, text: str) -> None:
    assert plain(Decimal(amount)) == text
