"""JSON of money: every digit, no exponent, nothing that is not a number."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.exact_json import render


@given(st.decimals(allow_nan=False, allow_infinity=False, places=None))
def test_a_decimal_comes_back_with_all_its_digits_and_without_an_exponent(amount: Decimal) -> None:
    text = render(amount).decode()
    assert json.loads(text, parse_float=Decimal, parse_int=Decimal) == amount
    assert "e" not in text.lower()


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_comes_back_as_the_same_float(value: float) -> None:
    assert float(json.loads(render(value))) == value


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), Decimal("NaN"), Decimal("-Infinity")]
)
def test_what_is_not_finite_is_null(value: float | Decimal) -> None:
    assert render({"figure": value}) == b'{"figure":null}'


def test_an_instant_is_written_in_utc_with_z() -> None:
    east = datetime(2026, 3, 2, 9, tzinfo=timezone(timedelta(hours=9)))
    assert render([east, east + timedelta(milliseconds=5)]) == (
        b'["2026-03-02T00:00:00Z","2026-03-02T00:00:00.005000Z"]'
    )
    assert render(datetime(2026, 1, 1, tzinfo=UTC)) == b'"2026-01-01T00:00:00Z"'


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(),
                    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12))  # fmt: skip
def test_documents_read_back_as_they_were(document: object) -> None:
    text = render(document).decode()
    plain = json.loads(json.dumps(document).encode("utf-8", "replace"))
    assert json.loads(text) == plain or "\\ud" in json.dumps(document)


def test_a_type_without_a_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object"):
        render(object())
