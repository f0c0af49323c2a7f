"""What is wrong, as the API tells it: open alerts, the operator's halt, and `degraded`."""

from __future__ import annotations

from datetime import datetime

import httpx
import pytest
from sqlalchemy import Engine

from adapters.store.alerts import AlertSeverity, clear_alert, raise_alert
from adapters.store.halting import Halt, halt

pytestmark = pytest.mark.db


def alarm(engine: Engine, at: datetime, account_id: str | None = "momentum") -> None:
    with engine.begin() as conn:
        raise_alert(
            conn,
            code="no_finished_cycle",
            severity=AlertSeverity.CRITICAL,
            sentence="momentum has not finished a cycle for 16 min.",
            account_id=account_id,
            at=at,
        )


async def test_an_open_alert_makes_the_arena_degraded_and_stands_among_its_problems(
    client: httpx.AsyncClient, seeded: datetime, engine: Engine
) -> None:
    assert (await client.get("/api/v1/status")).json()["status"] == "ok"
    alarm(engine, seeded)
    for path in ("/api/v1/alerts", "/alerts"):
        [alert] = (await client.get(path)).json()["items"]
        assert (alert["code"], alert["account_id"]) == ("no_finished_cycle", "momentum")
        assert alert["cleared_at"] is None


async def test_status_names_the_alert_and_its_remedy(
    client: httpx.AsyncClient, seeded: datetime, engine: Engine
) -> None:
    alarm(engine, seeded)
    body = (await client.get("/api/v1/status")).json()
    assert (body["status"], body["state"]) == ("degraded", "attention")
    assert [alert["code"] for alert in body["alerts"]] == ["no_finished_cycle"]
    [problem] = [one for one in body["problems"] if one["code"] == "no_finished_cycle"]
    assert problem["severity"] == "critical"
    assert problem["title"] == "momentum has not finished a cycle for 16 min."
    assert problem["remedy"]


async def test_a_cleared_alert_is_history(
    client: httpx.AsyncClient, seeded: datetime, engine: Engine
) -> None:
    alarm(engine, seeded)
    with engine.begin() as conn:
        clear_alert(conn, code="no_finished_cycle", account_id="momentum", at=seeded)
    assert (await client.get("/api/v1/alerts")).json()["items"] == []
    [alert] = (await client.get("/api/v1/alerts?state=all")).json()["items"]
    assert alert["cleared_at"] is not None
    assert (await client.get("/api/v1/status")).json()["status"] == "ok"


async def test_alerts_are_narrowed_to_an_account_and_an_unknown_one_is_not_found(
    client: httpx.AsyncClient, seeded: datetime, engine: Engine
) -> None:
    alarm(engine, seeded)
    alarm(engine, seeded, account_id=None)
    both = (await client.get("/api/v1/alerts")).json()["items"]
    assert [alert["account_id"] for alert in both] == [None, "momentum"]
    own = (await client.get("/api/v1/alerts?account_id=momentum")).json()["items"]
    assert [alert["account_id"] for alert in own] == ["momentum"]
    assert (await client.get("/api/v1/alerts?account_id=nobody")).status_code == 404


@pytest.mark.parametrize("query", ["state=closed", "limit=0", "limit=1001"])
async def test_a_wrong_parameter_is_named(client: httpx.AsyncClient, query: str) -> None:
    answer = await client.get(f"/api/v1/alerts?{query}")
    assert answer.status_code == 422
    assert query.split("=")[0] in answer.text


async def test_a_halted_account_says_so(
    client: httpx.AsyncClient, seeded: datetime, engine: Engine
) -> None:
    halt(engine, Halt(account_id="momentum", requested_by="test"))
    account = (await client.get("/api/v1/accounts/momentum")).json()
    assert (account["operator_state"], account["state"]) == ("halted", "halted")
    assert account["trading_state"] == "active"
    body = (await client.get("/api/v1/status")).json()
    [problem] = [one for one in body["problems"] if one["code"] == "operator_halt"]
    assert problem["remedy"] == "End it with: perpflow release --account momentum"
