"""Errors tell what to do and nothing else; health tells alive from able to serve."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy import Engine, make_url

from adapters.store.engine import open_async_engine
from adapters.store.errors import SchemaMismatch
from api.app import create_app
from api.problem_details import CATALOGUE
from tests.api.conftest import Client, running, settings_for


@pytest.fixture
async def cut_off(app: FastAPI, database_url: str) -> AsyncIterator[FastAPI]:
    """The app after its database went away."""
    nowhere = make_url(database_url).set(port=1).render_as_string(hide_password=False)
    held = app.state.open
    lost = open_async_engine(nowhere, application="perpflow-tests")
    app.state.open = type(held)(
        **{name: getattr(held, name) for name in held.__slots__ if name != "engine"}, engine=lost
    )
    yield app
    app.state.open = held
    await lost.dispose()


async def test_every_problem_is_a_complete_document(client: httpx.AsyncClient) -> None:
    response = await client.get("/api/v1/nothing/here")
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert response.headers["cache-control"] == "no-store"
    assert response.json() == {
        "type": "/problems/not_found",
        "title": "Nothing is here",
        "status": 404,
        "detail": "GET /docs lists the routes of this API.",
        "instance": "/api/v1/nothing/here",
        "code": "not_found",
        "request_id": response.headers["x-request-id"],
    }


async def test_a_method_that_is_not_there_is_a_405(client: httpx.AsyncClient) -> None:
    response = await client.post("/api/v1/trades", json={})
    assert (response.status_code, response.json()["code"]) == (405, "method_not_allowed")


async def test_an_unforeseen_error_shows_no_trace_and_keeps_the_headers(
    app: FastAPI, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    @app.get("/api/v1/broken")
    async def broken() -> None:
        raise ZeroDivisionError("secret-detail /work/main select * from app.accounts")

    response = await client.get("/api/v1/broken")
    assert (response.status_code, response.json()["code"]) == (500, "internal_error")
    assert "secret-detail" not in response.text
    assert "Traceback" not in response.text
    assert "default-src 'self'" in response.headers["content-security-policy"]
    logged = next(record for record in caplog.records if record.exc_info)
    assert response.json()["request_id"] in logged.getMessage()


async def test_a_lost_database_is_a_503_that_says_nothing_about_it(
    cut_off: FastAPI, client: httpx.AsyncClient, database_url: str
) -> None:
    for path in ("status", "trades", "leaderboard", "accounts/momentum"):
        response = await client.get(f"/api/v1/{path}")
        assert (response.status_code, response.json()["code"]) == (503, "database_unavailable")
        assert str(make_url(database_url).password) not in response.text
        # The request's own random id may hold any digits.
        assert "5432" not in response.text.replace(response.headers["x-request-id"], "")


async def test_liveness_does_not_ask_for_the_database_but_readiness_does(
    cut_off: FastAPI, client: httpx.AsyncClient
) -> None:
    assert (await client.get("/health")).json() == {"status": "ok"}
    ready = await client.get("/health/ready", params={"verbose": 1})
    assert ready.status_code == 503
    checks = {check["name"]: check["status"] for check in ready.json()["checks"]}
    assert checks["database"] == "failed"


async def test_a_running_api_is_ready(client: httpx.AsyncClient) -> None:
    for _ in range(50):
        ready = await client.get("/health/ready")
        if ready.status_code == 200:
            break
    assert ready.json()["status"] == "ready"
    assert ready.json()["checks"] is None


async def test_the_api_refuses_a_database_of_another_revision(
    empty_database_url: str,
) -> None:
    with pytest.raises(SchemaMismatch, match="perpflow up"):
        async with running(create_app(settings_for(empty_database_url))):
            pass


async def test_a_problem_code_has_a_page_that_explains_it(client: httpx.AsyncClient) -> None:
    for code, kind in CATALOGUE.items():
        page = await client.get(f"/problems/{code}")
        assert page.status_code == 200
        assert kind.title in page.text
    assert (await client.get("/problems/<script>")).status_code == 404


async def test_every_operation_has_a_stable_id_a_tag_and_a_sentence(app: FastAPI) -> None:
    operations = [op for path in app.openapi()["paths"].values() for op in path.values()]
    ids = [op["operationId"] for op in operations]
    assert len(ids) == len(set(ids))
    assert {"get_leaderboard", "get_leaderboard_alias", "open_session"} <= set(ids)
    for op in operations:
        assert op["tags"]
        assert op["description"].endswith(".")
        assert re.fullmatch("[a-z_]+", op["operationId"])


async def test_the_documents_of_the_api_say_that_money_is_a_number(app: FastAPI) -> None:
    shape = app.openapi()["components"]["schemas"]["TradeShape"]["properties"]
    assert shape["net_pnl"]["type"] == "number"


async def test_many_viewers_at_once_share_one_computation(
    app: FastAPI, client_of: Client, engine: Engine, seeded: object
) -> None:

    async with client_of(app) as client:
        answers = await asyncio.gather(*(client.get("/api/v1/leaderboard") for _ in range(40)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.headers["etag"] for answer in answers}) == 1
