"""Calls of language models: the list and its search, one call whole, the export, the budget."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine

from adapters.store.accounts import save_account
from adapters.store.views.model_usage import load_model_days, load_newest_question
from api.routes.model_calls import load_usage
from tests.api.model_call_seeding import BUY, HOUR, Asked, model_account, seed_model_calls
from tests.api.seeding import START, make_account
from tests.model_calls import REAL, store_call
from trading.decision.context.trimming import estimate_tokens
from trading.model_agent import ModelAgent
from trading.model_budget import ModelBudget

LATER = REAL + 6 * HOUR
PATH = "/api/v1/model-calls"


@pytest.fixture
def asked(engine: Engine) -> Asked:
    with engine.begin() as conn:
        return seed_model_calls(conn)


async def get(client: httpx.AsyncClient, path: str = PATH, **query: Any) -> dict[str, Any]:
    response = await client.get(path, params=query)
    assert response.status_code == 200, response.text
    return response.json()


async def ids(client: httpx.AsyncClient, **query: Any) -> list[str]:
    return [item["id"] for item in (await get(client, **query))["items"]]


async def test_without_any_call_the_page_is_empty(client: httpx.AsyncClient) -> None:
    assert await get(client) == {"items": [], "next_cursor": None, "has_more": False}


async def test_the_newest_call_comes_first(client: httpx.AsyncClient, asked: Asked) -> None:
    assert await ids(client) == asked.newest_first


async def test_pages_joined_by_cursor_are_the_whole_list(
    client: httpx.AsyncClient, engine: Engine, asked: Asked
) -> None:
    with engine.begin() as conn:  # of one instant, so that only the id tells them apart
        for _ in range(5):
            store_call(conn, "grok", BUY, at=START)
    joined: list[str] = []
    query: dict[str, Any] = {"limit": 2}
    while True:
        page = await get(client, **query)
        joined += [item["id"] for item in page["items"]]
        if not page["has_more"]:
            break
        query["cursor"] = page["next_cursor"]
    assert joined == await ids(client)
    assert len(set(joined)) == 11


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ({"account_id": "other"}, ["elsewhere"]),
        ({"asset": "btc"}, ["elsewhere", "held", "bought"]),
        ({"asset": "SOL"}, []),
        ({"action": "buy"}, ["bought"]),
        ({"action": "buy", "asset": "ETH"}, []),
        ({"action": ["buy", "hold"], "asset": "ETH"}, ["elsewhere", "held", "bought"]),
        ({"outcome": "truncated"}, ["broken"]),
        ({"outcome": ["truncated", "model_provider_failed"]}, ["failed", "broken"]),
        ({"purpose": "preview"}, ["previewed"]),
        ({"model": "other/model"}, ["previewed"]),
        ({"model": "x-ai/grok-4-0709"}, ["elsewhere"]),
        ({"text": "bullish momentum"}, ["previewed", "bought"]),
        ({"text": '"momentum bullish"'}, []),
        ({"text": "quiet -bullish"}, ["elsewhere", "held"]),
        ({"text": "quiet", "account_id": "grok"}, ["held"]),
        ({"text": "' ) | & ! :* <-> \\"}, []),
        ({"since": START + 3 * HOUR, "until": START + 5 * HOUR}, ["previewed", "failed"]),
    ],
)
async def test_filters_narrow_the_list(
    client: httpx.AsyncClient, asked: Asked, query: dict[str, Any], wanted: list[str]
) -> None:
    asking = {k: v.isoformat() if isinstance(v, datetime) else v for k, v in query.items()}
    assert await ids(client, **asking) == [str(getattr(asked, name)) for name in wanted]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("action", "short"),
        ("purpose", "chat"),
        ("outcome", "A B"),
        ("text", "a\x00b"),
        ("text", "x" * 401),
        ("text", ""),
        ("model", "\x00"),
        ("limit", "1001"),
        ("cursor", "xx"),
    ],
)
async def test_a_wrong_parameter_is_a_422_that_names_it(
    client: httpx.AsyncClient, parameter: str, value: str
) -> None:
    for path in (PATH, f"{PATH}.jsonl"):
        response = await client.get(path, params={parameter: value})
        assert response.status_code == 422, path
        assert parameter in response.json()["errors"][0]["pointer"]


@pytest.mark.parametrize(
    "path", [f"{PATH}?account_id=nobody", f"{PATH}.jsonl?account_id=nobody",
             "/api/v1/accounts/nobody/model-usage", "/api/v1/accounts/a%00b/model-usage"],
)  # fmt: skip
async def test_an_unknown_account_is_a_404_that_names_no_other(
    client: httpx.AsyncClient, asked: Asked, path: str
) -> None:
    response = await client.get(path)
    assert (response.status_code, response.json()["code"]) == (404, "account_unknown")
    assert "grok" not in response.text


async def test_a_listed_call_tells_what_came_of_it_and_holds_no_document(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    (item,) = (await get(client, action="buy"))["items"]
    assert (item["outcome"], item["purpose"], item["cost"]) == ("accepted", "decide", 0.0123)
    made = [(each["asset"], each["action"], each["verdict"]) for each in item["decisions"]]
    assert made == [("BTC", "buy", "denied"), ("ETH", "hold", "held")]
    assert not {"call", "reading", "reply_text"} & set(item)


async def test_an_unknown_cost_is_null_and_never_zero(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    (item,) = [each for each in (await get(client))["items"] if each["id"] == str(asked.held)]
    assert (item["cost"], item["known_cost"], item["unknown_costs"]) == (None, 0, 1)


async def test_one_call_is_told_whole(client: httpx.AsyncClient, asked: Asked) -> None:
    found = await get(client, f"{PATH}/{asked.bought}")
    assert [each["role"] for each in found["call"]["messages"]] == ["system", "user"]
    assert found["call"]["rounds"][0]["parameters"] == {"temperature": 0.2}
    assert found["reply_text"] == BUY
    assert found["reading"]["path"] == ["in prose"]
    btc, eth = found["decisions"]
    assert (btc["verdict"], btc["verdict_code"]) == ("denied", "cooldown")
    assert eth["action"] == "hold"
    (outcome,) = found["outcomes"]
    assert (outcome["decision_id"], outcome["horizon"]) == (btc["id"], "1h")


async def test_a_call_without_an_answer_has_no_reading(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    found = await get(client, f"{PATH}/{asked.failed}")
    assert (found["outcome"], found["reading"]) == ("model_provider_failed", None)
    assert found["decisions"] == []


async def test_a_call_that_is_not_there_is_a_404(client: httpx.AsyncClient, asked: Asked) -> None:
    missing = await client.get(f"{PATH}/00000000-0000-0000-0000-000000000000")
    assert (missing.status_code, missing.json()["code"]) == (404, "model_call_unknown")
    assert (await client.get(f"{PATH}/latest")).status_code == 422


async def test_an_unchanged_call_is_a_304_without_a_body(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    for path in (PATH, f"{PATH}/{asked.bought}", "/api/v1/accounts/grok/model-usage"):
        first = await client.get(path)
        again = await client.get(path, headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b""), path


async def test_the_export_holds_the_same_calls_whole_one_a_line(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    response = await client.get(f"{PATH}.jsonl", params={"download": 1})
    assert response.headers["content-type"].startswith("application/jsonl")
    assert response.headers["content-disposition"] == 'attachment; filename="model-calls.jsonl"'
    lines = [json.loads(line) for line in response.text.splitlines()]
    assert [line["id"] for line in lines] == asked.newest_first
    whole = await get(client, f"{PATH}/{asked.bought}")
    assert lines[-1] == whole


async def test_the_export_takes_the_filters_and_the_limit(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    response = await client.get(f"{PATH}.jsonl", params={"text": "quiet", "limit": 1})
    assert [json.loads(line)["id"] for line in response.text.splitlines()] == [str(asked.elsewhere)]


async def test_an_export_of_many_pages_loses_nothing(
    client: httpx.AsyncClient, engine: Engine, asked: Asked
) -> None:
    with engine.begin() as conn:
        for number in range(45):
            store_call(conn, "grok", BUY, at=START - number * HOUR)
    response = await client.get(f"{PATH}.jsonl")
    assert len({json.loads(line)["id"] for line in response.text.splitlines()}) == 51


async def test_a_decision_names_the_call_that_it_comes_from(
    client: httpx.AsyncClient, asked: Asked
) -> None:
    items = (await get(client, "/api/v1/decisions", action="buy"))["items"]
    assert [item["model_call_id"] for item in items] == [str(asked.bought)]


async def test_what_a_model_wrote_arrives_as_it_is(
    client: httpx.AsyncClient, engine: Engine, asked: Asked
) -> None:
    words = '<script>alert(1)</script> \x1b[31m \u202e "quoted" \\u0000 \u2028'
    with engine.begin() as conn:
        call = store_call(conn, "grok", words, at=START)
    assert (await get(client, f"{PATH}/{call}"))["reply_text"] == words


async def test_usage_counts_today_and_thirty_days_against_the_budget(
    client: httpx.AsyncClient, engine: Engine, async_engine: Any, asked: Asked
) -> None:
    with engine.begin() as conn:
        for days in (1, 29, 30):
            store_call(conn, "grok", BUY, at=START, real_at=LATER - timedelta(days=days))
    async with async_engine.connect() as conn:
        usage = await load_usage(conn, "grok", LATER)
    assert (usage.today.questions, usage.today.calls, usage.today.unknown_money) == (5, 5, 1)
    assert usage.today.money == Decimal("0.0123") * 4
    assert usage.counted_money == Decimal("0.0123") * 4 + Decimal("0.50")
    assert usage.exhausted is not None
    assert "6 of 4 calls" in usage.exhausted
    assert [each.day for each in usage.days] == [
        date(2026, 11, 28),
        date(2026, 11, 27),
        date(2026, 10, 30),
    ]
    assert (usage.last_30_days.calls, usage.last_30_days.tokens) == (7, 7_000)


async def test_a_day_without_room_for_the_next_questions_tokens_is_exhausted_as_in_the_cycle(
    engine: Engine, async_engine: Any, asked: Asked
) -> None:
    used = 5_000  # of `grok` today
    async with async_engine.connect() as conn:
        told = await load_newest_question(conn, "grok")
    assert told is not None
    short = estimate_tokens(told)

    async def exhausted(tokens: int) -> str | None:
        budget = ModelBudget(tokens=tokens, assumed_tokens=0)
        with engine.begin() as conn:
            save_account(conn, model_account(model_agent=ModelAgent(budget=budget)))
        async with async_engine.connect() as conn:
            return (await load_usage(conn, "grok", LATER)).exhausted

    assert await exhausted(used + short) is None
    assert f"{used + short} of {used + short - 1} tokens" in str(await exhausted(used + short - 1))


async def test_a_day_is_a_utc_day_whatever_the_session_speaks(
    engine: Engine, async_engine: Any, asked: Asked
) -> None:
    midnight = datetime(2026, 11, 27, tzinfo=UTC)
    with engine.begin() as conn:
        store_call(conn, "grok", BUY, at=START, real_at=midnight)
        store_call(conn, "grok", BUY, at=START, real_at=midnight - timedelta(microseconds=1))
    async with async_engine.connect() as conn:
        await conn.exec_driver_sql("set time zone 'Asia/Tokyo'")
        days = await load_model_days(
            conn, "grok", since=date(2026, 11, 20), until=date(2026, 11, 28)
        )
    assert [(each.used.day.day, each.questions) for each in days] == [(27, 1), (26, 1)]


async def test_usage_of_an_account_without_a_model_has_no_budget(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    with engine.begin() as conn:
        save_account(conn, make_account("momentum"))
        save_account(conn, model_account("fresh", model_agent=None))
    found = await get(client, "/api/v1/accounts/momentum/model-usage")
    assert (found["model"], found["budget"], found["exhausted"]) == (None, None, None)
    fresh = await get(client, "/api/v1/accounts/fresh/model-usage")
    assert (fresh["budget"]["calls"], fresh["today"]["calls"], fresh["days"]) == (500, 0, [])
