"""Lists: filters, limits, cursors, downloads."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from tests.api.seeding import add_cycle, add_decision, money

LISTS = ("decisions", "trades", "orders", "positions", "diary")


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    response = await client.get(f"/api/v1/{path}", params=query)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.mark.parametrize("name", LISTS)
async def test_an_empty_database_gives_an_empty_page(client: httpx.AsyncClient, name: str) -> None:
    assert await get(client, name) == {"items": [], "next_cursor": None, "has_more": False}


@pytest.mark.parametrize("name", LISTS)
async def test_pages_joined_by_cursor_are_the_whole_list_without_repeats(
    client: httpx.AsyncClient, seeded: datetime, name: str
) -> None:
    whole = (await get(client, name, limit=1000))["items"]
    joined: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        page = await get(client, name, limit=7, **({"cursor": cursor} if cursor else {}))
        assert page["has_more"] is (page["next_cursor"] is not None)
        joined += page["items"]
        cursor = page["next_cursor"]
    assert joined == whole
    assert whole


@pytest.mark.parametrize("name", LISTS)
async def test_an_account_filter_shows_that_account_only(
    client: httpx.AsyncClient, seeded: datetime, name: str
) -> None:
    items = (await get(client, name, account_id="momentum"))["items"]
    assert {item["account_id"] for item in items} == {"momentum"}


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize(
    "account_id", ["nobody", "momentum' or '1'='1", "../momentum", "\x00", "%"]
)
async def test_an_unknown_account_is_a_404_that_names_no_other_account(
    client: httpx.AsyncClient, seeded: datetime, name: str, account_id: str
) -> None:
    response = await client.get(f"/api/v1/{name}", params={"account_id": account_id})
    assert response.status_code == 404
    assert response.json()["code"] == "account_unknown"
    assert "mean_reversion" not in response.text


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("limit", "0"),
        ("limit", "-1"),
        ("limit", "1001"),
        ("limit", "1000000000000000000000"),
        ("limit", "abc"),
        ("limit", "NaN"),
        ("since", "yesterday"),
        ("since", "2026-03-02T00:00:00"),
        ("asset", "BTC'; drop table app.orders; --"),
        ("cursor", "!!!"),
        ("cursor", "MjAyNi0wMy0xMg=="),
        ("cursor", "MjAyNi0wMy0xMlQwMDowMDowMFp8AA=="),
        ("format", "xml"),
    ],
)
async def test_a_wrong_parameter_is_a_422_that_names_it(
    client: httpx.AsyncClient, parameter: str, value: str
) -> None:
    for name in LISTS:
        response = await client.get(f"/api/v1/{name}", params={parameter: value})
        assert response.status_code == 422
        assert response.headers["content-type"] == "application/problem+json"
        problem = response.json()
        assert problem["errors"][0]["pointer"] == f"query/{parameter}"
        assert problem["request_id"] == response.headers["x-request-id"]


async def test_a_cursor_of_another_list_is_a_422(
    client: httpx.AsyncClient, seeded: datetime
) -> None:
    cursor = (await get(client, "diary", limit=1))["next_cursor"]
    response = await client.get("/api/v1/trades", params={"cursor": cursor})
    assert (response.status_code, response.json()["code"]) == (422, "invalid_parameter")


async def test_since_is_inclusive_and_until_is_exclusive(
    client: httpx.AsyncClient, seeded: datetime
) -> None:
    before = (seeded - timedelta(minutes=5)).isoformat()
    items = (await get(client, "decisions", since=before, until=seeded.isoformat()))["items"]
    assert {item["decided_at"] for item in items} == {before.replace("+00:00", "Z")}


@pytest.mark.parametrize("name", LISTS)
async def test_an_asset_filter_takes_either_case(
    client: httpx.AsyncClient, seeded: datetime, name: str
) -> None:
    asset = "eth" if name == "trades" else "btc"
    items = (await get(client, name, asset=asset))["items"]
    assert {item["asset"] for item in items} == {asset.upper()}
    assert not (await get(client, name, asset="DOGE"))["items"]


async def test_decisions_can_be_narrowed_to_actions(
    client: httpx.AsyncClient, seeded: datetime
) -> None:
    items = (await get(client, "decisions", action=["buy", "close"], limit=1000))["items"]
    assert {item["action"] for item in items} == {"buy", "close"}


async def test_open_orders_and_closed_trades_can_be_asked_for(
    client: httpx.AsyncClient, seeded: datetime
) -> None:
    assert all(o["status"] == "new" for o in (await get(client, "orders", open=1))["items"])
    trades = (await get(client, "trades", status="closed", limit=1000))["items"]
    assert {trade["status"] for trade in trades} == {"closed"}


async def test_money_keeps_every_digit_of_the_database(
    client: httpx.AsyncClient, engine: Engine, seeded: datetime
) -> None:
    exact = Decimal("12345678901234567.000000001234567891")
    with engine.begin() as conn:
        cycle = add_cycle(conn, "grid", seeded + timedelta(hours=1), real_at=seeded)
        add_decision(
            conn, "grid", cycle, "BTCUSDT", seeded + timedelta(hours=1), approved_notional=exact
        )
    response = await client.get("/api/v1/decisions", params={"limit": 1})
    assert f'"approved_notional":{exact}' in response.text


async def test_net_pnl_is_gross_minus_fees_plus_funding(
    client: httpx.AsyncClient, seeded: datetime
) -> None:
    text = (await client.get("/api/v1/trades")).text
    for trade in json.loads(text, parse_float=Decimal)["items"]:
        assert trade["net_pnl"] == trade["gross_pnl"] - trade["fees"] + trade["funding"]


async def test_a_csv_download_holds_all_rows_and_no_formula(
    client: httpx.AsyncClient, engine: Engine, seeded: datetime
) -> None:
    with engine.begin() as conn:
        cycle = add_cycle(conn, "grid", seeded + timedelta(hours=1), real_at=seeded)
        add_decision(conn, "grid", cycle, "BTCUSDT", seeded, rationale='=HYPERLINK("http://x","y")')
    response = await client.get("/api/v1/decisions", params={"format": "csv", "download": 1})
    assert response.headers["content-disposition"] == 'attachment; filename="decisions.csv"'
    rows = list(csv.DictReader(io.StringIO(response.text)))
    assert len(rows) == 5 * 21 * 3 + 1
    assert [r["rationale"][:6] for r in rows if "HYPER" in r["rationale"]] == ["'=HYPE"]
    assert money(0.62, 2) == Decimal(rows[0]["confidence"])


async def test_the_diary_as_json_lines_has_the_form_of_the_requirements(
    client: httpx.AsyncClient, seeded: datetime
) -> None:
    response = await client.get(
        "/diary", params={"format": "jsonl", "download": 1, "account_id": "momentum", "limit": 5}
    )
    assert response.headers["content-disposition"] == 'attachment; filename="diary.jsonl"'
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert len(lines) == 5
    assert lines[0]["account_id"] == "momentum"
    assert lines[0]["allocation_usd"] == 812.5
    assert lines[0]["timestamp"].endswith("Z")


@pytest.mark.parametrize("name", LISTS)
async def test_the_path_of_the_seed_documents_is_the_same_list(
    client: httpx.AsyncClient, seeded: datetime, name: str
) -> None:
    alias = await client.get(f"/{name}", params={"limit": 3})
    canonical = await client.get(f"/api/v1/{name}", params={"limit": 3})
    assert alias.content == canonical.content
    assert alias.headers["link"] == f'</api/v1/{name}>; rel="canonical"'


async def test_an_unchanged_answer_is_a_304_without_a_body(
    client: httpx.AsyncClient, seeded: datetime
) -> None:
    first = await client.get("/api/v1/trades")
    assert first.headers["cache-control"] == "private, max-age=10"
    again = await client.get("/api/v1/trades", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
