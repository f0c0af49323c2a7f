"""Who may read: this machine without a token, everybody else with one, nobody by a trick."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from pydantic import ValidationError
from sqlalchemy import Engine, select

from adapters.store.tables import api_tokens
from adapters.store.tokens import revoke
from api.app import NoToken, create_app
from api.settings import ApiSettings
from tests.api.conftest import LOCAL, Client, running, settings_for

FAR = {"address": "203.0.113.9", "base": "http://arena.example.com"}
GUARDED = (
    "/api/v1/status",
    "/api/v1/leaderboard",
    "/api/v1/equity",
    "/api/v1/performance",
    "/api/v1/accounts",
    "/api/v1/accounts/momentum",
    "/api/v1/accounts/momentum/status",
    "/api/v1/positions",
    "/api/v1/decisions",
    "/api/v1/orders",
    "/api/v1/trades",
    "/api/v1/diary",
    "/api/v1/model-calls",
    "/api/v1/model-calls.jsonl",
    "/api/v1/model-calls/00000000-0000-0000-0000-000000000000",
    "/api/v1/accounts/momentum/model-usage",
    "/api/v1/health/ready",
    "/status",
    "/diary",
    "/docs",
    "/redoc",
    "/openapi.json",
    "/static-offline-docs/swagger-ui.css",
    "/no-such-path",
)


async def test_another_machine_without_a_token_gets_401_and_nothing_else(
    app: FastAPI, client_of: Client
) -> None:
    async with client_of(app, **FAR) as client:
        for path in GUARDED:
            response = await client.get(path)
            assert response.status_code == 401, path
            assert response.headers["content-type"] == "application/problem+json"
            assert response.headers["www-authenticate"].startswith("Bearer")
            assert response.json()["code"] == "token_required"


async def test_every_route_is_either_guarded_or_on_the_list_of_open_ones(
    app: FastAPI, client_of: Client
) -> None:
    opened = set()
    async with client_of(app, **FAR) as client:
        for path in {*app.openapi()["paths"], "/", "/docs", "/redoc", "/openapi.json"}:
            if (await client.get(path.replace("{account_id}", "momentum"))).status_code != 401:
                opened.add(path)
    assert opened == {"/", "/health", "/api/v1/health", "/api/v1/session"}


async def test_another_machine_with_a_token_may_read(
    app: FastAPI, client_of: Client, token: str
) -> None:
    async with client_of(app, **FAR, headers={"Authorization": f"Bearer {token}"}) as client:
        assert (await client.get("/api/v1/status")).status_code == 200


@pytest.mark.parametrize(
    "value", ["Bearer pf_wrong", "Bearer wrong", "Basic pf_x", "Bearer ", "Bearer " + "x" * 5000]
)
async def test_a_wrong_token_gets_401_from_anywhere(
    app: FastAPI, client_of: Client, token: str, value: str
) -> None:
    async with client_of(app, **FAR, headers={"Authorization": value}) as client:
        assert (await client.get("/api/v1/status")).status_code == 401


async def test_a_revoked_token_ends_at_once(
    app: FastAPI, client_of: Client, token: str, engine: Engine
) -> None:
    async with client_of(app, **FAR, headers={"Authorization": f"Bearer {token}"}) as client:
        assert (await client.get("/api/v1/status")).status_code == 200
        with engine.begin() as conn:
            assert revoke(conn, conn.scalar(select(api_tokens.c.id)))
        assert (await client.get("/api/v1/status")).status_code == 401


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
async def test_this_machine_reads_without_a_token(
    app: FastAPI, client_of: Client, address: str
) -> None:
    for base in (LOCAL, "http://localhost:3000", "http://[::1]:3000"):
        async with client_of(app, address=address, base=base) as client:
            assert (await client.get("/api/v1/status")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"X-Real-IP": "203.0.113.9"},
        {"Host": "evil.example.com"},
        {"Host": "localhost.evil.example.com"},
        {"Host": "127.0.0.1.evil.example.com:3000"},
        {"Host": ""},
    ],
)
async def test_a_proxy_or_a_rebound_name_on_this_machine_needs_a_token(
    app: FastAPI, client_of: Client, headers: dict[str, str]
) -> None:
    async with client_of(app, headers=headers) as client:
        assert (await client.get("/api/v1/status")).status_code == 401


async def test_a_token_becomes_a_cookie_that_scripts_cannot_read(
    app: FastAPI, client_of: Client, token: str
) -> None:
    async with client_of(app, **FAR) as client:
        answer = await client.post("/api/v1/session", json={"token": token})
        assert answer.status_code == 204
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert (await client.get("/api/v1/status")).status_code == 200


async def test_a_wrong_token_gets_no_cookie(app: FastAPI, client_of: Client) -> None:
    async with client_of(app, **FAR) as client:
        answer = await client.post("/api/v1/session", json={"token": "pf_wrong"})
        assert (answer.status_code, answer.json()["code"]) == (401, "token_refused")
        assert "set-cookie" not in answer.headers


async def test_guessing_tokens_is_stopped_after_ten_in_a_minute(
    app: FastAPI, client_of: Client, token: str
) -> None:
    async with client_of(app, **FAR) as client:
        codes = [
            (await client.post("/api/v1/session", json={"token": f"pf_{n}"})).status_code
            for n in range(12)
        ]
        assert codes == [401] * 10 + [429] * 2
        right = {"Authorization": f"Bearer {token}"}
        assert (await client.get("/api/v1/status", headers=right)).status_code == 429
    async with client_of(app, address="203.0.113.10", base=FAR["base"], headers=right) as other:
        assert (await other.get("/api/v1/status")).status_code == 200


@pytest.mark.parametrize("origin", ["http://evil.example.com", "null", "http://127.0.0.1:3001"])
async def test_a_foreign_origin_cannot_open_a_session(
    app: FastAPI, client_of: Client, token: str, origin: str
) -> None:
    async with client_of(app, headers={"Origin": origin}) as client:
        answer = await client.post("/api/v1/session", json={"token": token})
    assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused")


async def test_a_large_body_is_refused_before_it_is_read(client: httpx.AsyncClient) -> None:
    answer = await client.post("/api/v1/session", content=b"x" * 70_000)
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


async def test_a_body_without_a_length_is_refused(client: httpx.AsyncClient) -> None:
    async def endless() -> Any:
        yield b"{}"

    answer = await client.post("/api/v1/session", content=endless())
    assert (answer.status_code, answer.json()["code"]) == (411, "length_required")


async def test_an_old_cookie_does_not_lock_this_machine_out(
    app: FastAPI, client_of: Client
) -> None:
    async with client_of(app, cookies={"pf_session": "pf_of_an_earlier_arena"}) as client:
        for _ in range(12):
            assert (await client.get("/api/v1/status")).status_code == 200


async def test_the_api_refuses_to_be_open_to_other_machines_without_a_token(
    database_url: str,
) -> None:
    with pytest.raises(NoToken, match=r"API_HOST=127\.0\.0\.1"):
        async with running(create_app(settings_for(database_url, host="0.0.0.0"))):
            pass


async def test_the_api_opens_to_other_machines_once_a_token_exists(
    database_url: str, token: str
) -> None:
    async with running(create_app(settings_for(database_url, host="0.0.0.0"))):
        pass


@pytest.mark.parametrize("origins", ["*", "https://*.example.com", "null", "desk.example.com"])
def test_wildcard_origins_are_refused(origins: str) -> None:
    with pytest.raises(ValidationError, match="API_CORS_ORIGINS"):
        ApiSettings(database_url="postgresql://x@localhost/x", cors_origins=origins)


async def test_a_listed_origin_may_call_with_credentials_and_no_other(
    database_url: str, client_of: Client
) -> None:
    listed = "https://desk.example.com"
    app = create_app(settings_for(database_url, cors_origins=f"{listed}, https://b.example.com"))
    async with running(app), client_of(app) as client:
        allowed = await client.get("/api/v1/status", headers={"Origin": listed})
        assert allowed.headers["access-control-allow-origin"] == listed
        assert allowed.headers["access-control-allow-credentials"] == "true"
        for origin in ("https://evil-desk.example.com", f"{listed}.evil.com", "null"):
            refused = await client.get("/api/v1/status", headers={"Origin": origin})
            assert "access-control-allow-origin" not in refused.headers
