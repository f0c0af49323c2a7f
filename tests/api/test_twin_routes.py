"""A pair over HTTP: by either id, with figures computed by hand, and null for what is not known."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import Connection, Engine

from api.twin_shapes import TwinEntryShape, TwinShape, TwinSideShape
from tests.api.seeding import START, STEP, add_cycle
from tests.api.twin_seeding import (
    add_difference,
    add_entry,
    add_equity,
    add_order_sent,
    add_pair,
    seed_pair,
    set_flow,
)
from trading.performance.catalogue_twins import TWIN_FIGURES

HOUR = timedelta(hours=1)
NOTHING = ("since", "until", "divergence", "tracking_bps", "tracking_cost", "slippage_bps",
           "paper_slippage_bps", "execution_success", "error_rate", "differences_24h", "frozen",
           "real_reconciled_at")  # fmt: skip


@pytest.fixture
def seed(engine: Engine) -> Callable[..., None]:
    """Runs seeding functions in one transaction, after both accounts were added."""

    def run(*steps: Callable[[Connection], object]) -> None:
        with engine.begin() as conn:
            add_pair(conn)
            for step in steps:
                step(conn)

    return run


async def pair(client: httpx.AsyncClient, account_id: str = "real") -> dict[str, Any]:
    response = await client.get(f"/api/v1/accounts/{account_id}/twin")
    assert response.status_code == 200, response.text
    return response.json()


def test_every_figure_of_the_catalogue_is_a_field_with_unit_and_null() -> None:
    fields = {
        name: field
        for shape in (TwinEntryShape, TwinShape, TwinSideShape)
        for name, field in shape.model_fields.items()
    }
    for name, figure in TWIN_FIGURES.items():
        described = fields[name].description or ""
        assert described.startswith(f"{figure.unit}: "), name
        assert ("None" in str(fields[name].annotation)) is bool(figure.undefined), name


async def test_a_pair_that_has_not_run_knows_nothing_and_says_null(
    client: httpx.AsyncClient, seed: Callable[..., None]
) -> None:
    seed()
    found = await pair(client)
    assert [found[name] for name in NOTHING] == [None] * len(NOTHING)
    assert (found["live"]["equity"], found["live"]["total_return"]) == (None, None)
    assert (found["wanted_sent"], found["orders_refused"], found["newest_entries"]) == (0, 0, [])


async def test_both_ids_answer_the_same_with_a_validator(
    client: httpx.AsyncClient, seed: Callable[..., None]
) -> None:
    seed(lambda conn: add_equity(conn, "real", 10_000))
    one = await client.get("/api/v1/accounts/real/twin")
    other = await client.get("/api/v1/accounts/real-paper/twin")
    assert one.json() == other.json()
    assert (one.json()["live"]["account_id"], one.json()["paper"]["account_id"]) == (
        "real", "real-paper",
    )  # fmt: skip
    again = await client.get("/accounts/real/twin", headers={"If-None-Match": one.headers["etag"]})
    assert again.status_code == 304
    listed = (await client.get("/api/v1/accounts")).json()["items"]
    assert {each["account_id"]: each["twin_of"] for each in listed} == {
        "real": None, "real-paper": "real",
    }  # fmt: skip


async def test_an_account_without_a_twin_and_an_unknown_one_are_told_apart(
    client: httpx.AsyncClient, seeded: object
) -> None:
    for account_id, code in (("momentum", "twin_unknown"), ("nobody", "account_unknown")):
        response = await client.get(f"/api/v1/accounts/{account_id}/twin")
        assert (response.status_code, response.json()["code"]) == (404, code)
    assert "twin_of" in (await client.get("/problems/twin_unknown")).text


async def test_returns_begin_when_both_run_and_leave_deposits_out(
    client: httpx.AsyncClient, seed: Callable[..., None]
) -> None:
    began = START + 10 * STEP
    seed(
        # Older than the pair: 8,000 in its last reading before the twin's first one.
        lambda conn: add_equity(conn, "real", *([8_000] * 10), 8_080, 9_160, first=START),
        lambda conn: set_flow(conn, "real", began + STEP, 1_000),
        lambda conn: add_equity(
            conn, "real-paper", 5_050, 5_150, first=began + timedelta(seconds=2)
        ),
    )
    found = await pair(client)
    assert (found["since"], found["until"]) == ("2026-03-02T00:50:02Z", "2026-03-02T00:55:00Z")
    live = 8_080 / 8_000 * (8_160 / 8_080) - 1
    assert found["live"]["total_return"] == pytest.approx(live)
    assert found["paper"]["total_return"] == pytest.approx(5_150 / 5_000 - 1)
    assert found["divergence"] == pytest.approx(live - 0.03)
    assert found["live"]["transfers"] == 1_000


async def test_readings_after_the_other_has_stopped_are_left_out(
    client: httpx.AsyncClient, seed: Callable[..., None]
) -> None:
    seed(
        lambda conn: add_equity(conn, "real", 10_000, 10_100),
        lambda conn: add_equity(conn, "real-paper", 5_000, 5_025, 6_000, 7_000),
    )
    found = await pair(client)
    assert found["live"]["total_return"] == pytest.approx(0.01)
    assert found["paper"]["total_return"] == pytest.approx(0.005)


async def test_the_newest_entry_comes_first_and_all_are_weighted(
    client: httpx.AsyncClient, seed: Callable[..., None]
) -> None:
    seed(
        lambda conn: add_entry(conn, START, live=("60060", "3"), paper=("60000", "1")),
        lambda conn: add_entry(
            conn, START + STEP, action="sell", live=("59880", "1"), paper=("60000", "1")
        ),
        lambda conn: add_entry(conn, START + 2 * STEP, live=None, paper=("60000", "1")),
    )
    found = await pair(client)
    assert [each["tracking_bps"] for each in found["newest_entries"]] == [
        None, pytest.approx(20), pytest.approx(10),
    ]  # fmt: skip
    assert found["tracking_cost"] == 3 * 60 + 120
    assert found["tracking_bps"] == pytest.approx(300 / (4 * 60_000) * 10_000)
    assert (found["both_filled"], found["only_live"], found["only_paper"]) == (2, 0, 1)
    # Against 60,000: 60 x 3 more and 120 less, on four units; on paper nothing.
    assert found["slippage_bps"] == pytest.approx(300 / (4 * 60_000) * 10_000)
    assert found["paper_slippage_bps"] == 0


async def test_answers_of_the_venue_are_counted_by_kind(
    client: httpx.AsyncClient, seed: Callable[..., None]
) -> None:
    def orders(conn: Connection) -> None:
        cycle_id = add_cycle(conn, "real", START, real_at=datetime.now(UTC))
        for leg, state, values in (
            ("entry", "filled", {}),
            ("exit", "filled", {"real_unknown_at": datetime.now(UTC)}),
            ("exit", "refused", {"venue_order_id": None}),
            ("entry", "closed", {"venue_order_id": None}),
            ("stop", "refused", {"venue_order_id": None}),
            ("stop", "open", {}),
            ("target", "closed", {}),
            ("entry", "refused", {"venue_order_id": None, "real_sent_at": None}),
        ):
            add_order_sent(conn, "real", cycle_id, START, leg=leg, state=state, **values)

    seed(orders)
    found = await pair(client)
    assert (found["wanted_sent"], found["wanted_filled"]) == (4, 2)
    assert found["execution_success"] == 0.5
    kinds = ("orders_sent", "orders_refused", "orders_unknown", "orders_unreached")
    assert [found[name] for name in kinds] == [7, 2, 1, 1]
    assert found["error_rate"] == pytest.approx(4 / 7)


async def test_position_sync_counts_a_day_and_names_what_is_frozen_now(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    with engine.begin() as conn:
        now = seed_pair(conn)
        for back in (25, 24.5, 2):
            add_difference(conn, now - back * HOUR)
        cycle_id = add_cycle(conn, "real", now, real_at=datetime.now(UTC))
        add_order_sent(conn, "real", cycle_id, now, symbol="ETHUSDT", state="unknown")
    found = await pair(client)
    assert found["differences_24h"] == 2
    assert found["frozen"] == ["BTC", "ETH"]
    assert found["real_reconciled_at"] is not None


async def test_differences_are_not_known_when_nobody_has_looked_for_a_day(
    client: httpx.AsyncClient, seed: Callable[..., None]
) -> None:
    yesterday = datetime.now(UTC) - 30 * HOUR
    seed(lambda conn: add_cycle(conn, "real", START, real_at=yesterday))
    found = await pair(client)
    assert found["differences_24h"] is None
    assert found["frozen"] == []


async def test_a_twin_whose_original_was_removed_is_no_pair(
    client: httpx.AsyncClient, engine: Engine, seed: Callable[..., None]
) -> None:
    seed()
    with engine.begin() as conn:
        conn.exec_driver_sql("update app.accounts set real_removed_at = now() where id = 'real'")
    response = await client.get("/api/v1/accounts/real-paper/twin")
    assert response.json()["code"] == "twin_unknown"
