"""What goes into JSONB and text columns, and what a database URL may look like."""

from __future__ import annotations

import json
from datetime import UTC
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.store.documents import to_document
from adapters.store.engine import normalise_url
from adapters.store.errors import StoreError

documents = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text()
    | st.decimals() | st.datetimes(timezones=st.just(UTC)) | st.uuids(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)  # fmt: skip


@given(documents)
def test_every_document_becomes_json_that_postgres_can_hold(value):
    written = json.dumps(to_document(value), allow_nan=False)
    assert "\\u0000" not in written
    written.encode("utf-8")


@given(st.decimals(allow_nan=False, allow_infinity=False, places=40) | st.integers().map(Decimal))
def test_decimals_keep_every_digit_as_text(amount: Decimal):
    words = to_document(amount)
    assert Decimal(words) == amount
    assert "E" not in words
    assert words != "-0"


@pytest.mark.parametrize(
    "url",
    [
        "postgres://u:p%40ss@db.example/perpflow?sslmode=require",
        "postgresql://u:p%40ss@db.example/perpflow?sslmode=require",
        " postgresql+psycopg://u:p%40ss@db.example/perpflow?sslmode=require\n",
    ],
)
def test_every_usual_form_of_a_database_url_is_understood(url: str):
    assert normalise_url(url) == "postgresql+psycopg://u:p%40ss@db.example/perpflow?sslmode=require"


@pytest.mark.parametrize("url", ["mysql://u:hunter2@h/d", "not a url hunter2", ""])
def test_a_wrong_database_url_is_refused_without_showing_it(url: str):
    with pytest.raises(StoreError) as refusal:
        normalise_url(url)
    assert "postgresql://" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)
