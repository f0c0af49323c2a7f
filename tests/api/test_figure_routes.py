"""Leaderboard, performance, equity, status, accounts: the figures and what is wrong."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, insert, update

from adapters.store.accounts import save_account
from adapters.store.arena import load_arena, save_arena
from adapters.store.permits import Opening, VenueIdentity, end_permit, grant_permit
from adapters.store.tables import accounts, equity_snapshots, orders
from tests.api.conftest import utc_now
from tests.api.seeding import (
    AGENTS,
    MARKET,
    START,
    add_cycle,
    add_position,
    add_snapshots,
    make_account,
    seed_arena,
)
from tests.api.twin_seeding import LIVE
from trading.account import Network, VenueKeys

IDS = [agent[0] for agent in AGENTS]


async def get(client: httpx.AsyncClient, path: str, **query: Any) -> dict[str, Any]:
    response = await client.get(f"/api/v1/{path}", params=query)
    assert response.status_code == 200, response.text
    return response.json()


@pytest.fixture
def one_account(engine: Engine) -> Callable[..., None]:
    """An account with the given equity at each step."""

    def add(*equities: int, step: timedelta = timedelta(days=1)) -> None:
        with engine.begin() as conn:
            save_account(conn, make_account("solo", "Solo"))
            add_snapshots(conn, "solo", [Decimal(e) for e in equities], step=step)

    return add


async def test_the_empty_arena_says_what_to_run(client: httpx.AsyncClient) -> None:
    status = await get(client, "status")
    assert (status["state"], status["market"], status["accounts"]) == ("starting", None, [])
    assert [p["code"] for p in status["problems"]] == ["no_accounts"]
    assert "perpflow up" in status["problems"][0]["remedy"]
    board = await get(client, "leaderboard")
    assert (board["items"], board["totals"]["equity"]) == ([], None)
    assert (await get(client, "performance"))["items"] == []
    assert (await get(client, "equity"))["lines"] == []
    assert (await get(client, "accounts"))["items"] == []


async def test_before_the_first_cycle_the_orchestrator_is_starting(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    with engine.begin() as conn:
        save_account(conn, make_account("momentum"))
    status = await get(client, "status")
    assert status["state"] == "starting"
    assert [p["code"] for p in status["problems"]] == ["orchestrator_starting"]
    assert status["accounts"][0]["state"] == "waiting"


async def test_a_running_arena_has_no_problem_and_names_its_market(
    client: httpx.AsyncClient, seeded: object
) -> None:
    status = await get(client, "status")
    assert status["state"] == "running"
    assert status["problems"] == []
    assert status["market"]["label"] == "SIMULATED"
    assert (status["market"]["name"], status["market"]["speed"]) == (MARKET, 60)
    assert status["modes"] == ["paper"]
    assert [account["account_id"] for account in status["accounts"]] == IDS
    assert status["data_age_s"] < 60


async def test_paper_has_no_network_and_needs_no_permit(
    client: httpx.AsyncClient, seeded: object
) -> None:
    accounts = (await get(client, "accounts"))["items"]
    assert {(each["network"], each["is_permitted"]) for each in accounts} == {(None, None)}


@pytest.mark.parametrize("network", list(Network))
async def test_a_live_account_tells_its_network_and_whether_it_may_trade(
    client: httpx.AsyncClient, engine: Engine, network: Network
) -> None:
    keys = VenueKeys(private_key="env:KEY", network=network)
    with engine.begin() as conn:
        save_account(conn, replace(LIVE, venue_keys=keys))
    shown = await get(client, f"accounts/{LIVE.id}")
    assert (shown["network"], shown["is_permitted"]) == (network, False)
    with engine.begin() as conn:
        identity = VenueIdentity(venue="aster", network=network, place="venue", owner="0xabc")
        opening = Opening(wallet=Decimal(100), equity=Decimal(100), at=START)
        grant_permit(conn, LIVE.id, identity, opening=opening, checks={}, granted_by="test")
    assert (await get(client, f"accounts/{LIVE.id}"))["is_permitted"] is True
    assert (await get(client, "leaderboard"))["items"][0]["network"] == network
    with engine.begin() as conn:
        end_permit(conn, LIVE.id, reason="test")
    assert (await get(client, f"accounts/{LIVE.id}"))["is_permitted"] is False


async def test_a_market_of_a_test_network_is_called_so(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    with engine.begin() as conn:
        seed_arena(conn)
        stored = load_arena(conn)
        assert stored is not None
        market = replace(stored, source="aster", settings={"network": "testnet", "base_url": None})
        save_arena(conn, market)
    assert (await get(client, "status"))["market"]["label"] == "ASTER TESTNET"


async def test_a_position_without_its_stop_is_the_first_problem(
    client: httpx.AsyncClient, engine: Engine, seeded: object
) -> None:
    with engine.begin() as conn:
        conn.execute(update(accounts).where(accounts.c.id == "grid").values(status="paused"))
        conn.execute(
            update(orders).where(orders.c.account_id == "momentum").values(status="canceled")
        )
    problems = (await get(client, "status"))["problems"]
    assert [(p["severity"], p["code"], p["account_id"]) for p in problems] == [
        ("critical", "position_without_stop", "momentum"),
        ("info", "account_paused", "grid"),
    ]


@pytest.mark.parametrize(
    ("values", "state", "code"),
    [
        ({"trading_state": "halted"}, "halted", "account_halted"),
        ({"trading_state": "reducing"}, "reducing", "account_reducing"),
        ({"status": "stopped"}, "stopped", "account_stopped"),
    ],
)
async def test_what_risk_or_the_operator_set_is_shown(
    client: httpx.AsyncClient,
    engine: Engine,
    seeded: object,
    values: dict[str, str],
    state: str,
    code: str,
) -> None:
    with engine.begin() as conn:
        conn.execute(update(accounts).where(accounts.c.id == "grid").values(**values))
    status = await get(client, "status")
    assert [p["code"] for p in status["problems"]] == [code]
    assert next(a for a in status["accounts"] if a["account_id"] == "grid")["state"] == state


async def test_a_failed_cycle_is_shown_with_its_reason(
    client: httpx.AsyncClient, engine: Engine, seeded: Any
) -> None:
    with engine.begin() as conn:
        add_cycle(
            conn,
            "grid",
            seeded + timedelta(minutes=5),
            real_at=utc_now(),
            status="failed",
            reason="VenueUnavailable: no answer in 10 s",
        )
    problem = (await get(client, "status"))["problems"][0]
    assert (problem["code"], problem["detail"]) == (
        "cycle_failed",
        "VenueUnavailable: no answer in 10 s",
    )


async def test_an_arena_that_stands_still_is_critical(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    with engine.begin() as conn:
        # At ten times real time a 5 minute interval takes 30 s: all cycles are 2 to 100 s old.
        seed_arena(conn, hours=2, speed=9_000)
        conn.exec_driver_sql("update app.arena set real_anchor = now() - interval '1 hour'")
        conn.exec_driver_sql(
            "update app.cycles set real_finished_at = real_finished_at - interval '10 minutes'"
        )
    problems = (await get(client, "status"))["problems"]
    assert [(p["severity"], p["code"]) for p in problems] == [("critical", "arena_stands_still")]


async def test_the_leaderboard_ranks_by_total_return(
    client: httpx.AsyncClient, seeded: object
) -> None:
    board = await get(client, "leaderboard")
    rows = board["items"]
    assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5]
    returns = [row["total_return"] for row in rows]
    assert returns == sorted(returns, reverse=True)
    assert board["annualisation"] == 252
    for row in rows:
        assert row["total_return"] == pytest.approx(row["equity"] / 10_000 - 1)
        assert row["exposure_ratio"] == pytest.approx(1_200 / row["equity"])
        assert row["too_early"] is True
    totals = board["totals"]
    assert totals["equity"] == pytest.approx(sum(row["equity"] for row in rows))
    assert totals["profit"] == pytest.approx(totals["equity"] - 50_000)
    assert totals["open_positions"] == 4


async def test_against_btc_is_the_return_minus_that_of_the_stored_candles(
    client: httpx.AsyncClient, seeded: object
) -> None:
    line = (await get(client, "equity"))["benchmark"]
    hold = line["price"][-1] / line["price"][0] - 1
    for row in (await get(client, "leaderboard"))["items"]:
        assert row["vs_btc_hold"] == pytest.approx(row["total_return"] - hold, abs=1e-6)


async def test_figures_that_are_not_defined_yet_are_null(
    client: httpx.AsyncClient, one_account: Callable[..., None]
) -> None:
    one_account(10_000)
    row = (await get(client, "leaderboard"))["items"][0]
    assert row["total_return"] == 0
    for name in ("sharpe", "sortino", "win_rate", "change_24h", "vs_btc_hold"):
        assert row[name] is None


async def test_the_first_fee_counts_although_it_is_in_the_first_snapshot(
    client: httpx.AsyncClient, one_account: Callable[..., None]
) -> None:
    one_account(9_990, 9_990)
    assert (await get(client, "leaderboard"))["items"][0]["total_return"] == -0.001


async def test_drawdown_and_the_change_of_a_day_come_from_the_snapshots(
    client: httpx.AsyncClient, one_account: Callable[..., None]
) -> None:
    one_account(10_000, 12_000, 9_000, 9_900)
    row = (await get(client, "performance", account_id="solo"))["items"][0]
    assert row["max_drawdown"] == pytest.approx(0.25)
    assert row["change_24h"] == pytest.approx(0.1)
    assert row["sharpe"] is not None
    assert [day["value"] for day in row["daily_returns"]] == pytest.approx([0.2, -0.25, 0.1])


async def test_a_deposit_is_no_profit(
    client: httpx.AsyncClient, engine: Engine, one_account: Callable[..., None]
) -> None:
    one_account(10_000, 10_000)
    with engine.begin() as conn:
        conn.execute(
            insert(equity_snapshots).values(
                account_id="solo",
                at=START + timedelta(days=2),
                wallet=15_000,
                unrealized=0,
                equity=15_000,
                margin_used=0,
                available=15_000,
                gross_exposure=0,
                transfers=5_000,
            )
        )
    row = (await get(client, "performance"))["items"][0]
    assert (row["total_return"], row["net_pnl"], row["transfers"]) == (0, 0, 5_000)
    assert (await get(client, "equity"))["lines"][0]["returns"] == [0, 0, 0]


async def test_lines_are_thinned_to_a_thousand_points_and_keep_their_extremes(
    client: httpx.AsyncClient, engine: Engine
) -> None:
    equities = [Decimal(10_000 + (n * 37) % 101) for n in range(5_000)]
    equities[1_234], equities[4_321] = Decimal(13_000), Decimal(7_000)
    with engine.begin() as conn:
        save_account(conn, make_account("solo"))
        add_snapshots(conn, "solo", equities)
    line = (await get(client, "equity"))["lines"][0]
    assert 900 < len(line["at"]) <= 1_000
    assert line["at"] == sorted(set(line["at"]))
    assert len(line["at"]) == len(line["equity"]) == len(line["returns"])
    assert (max(line["equity"]), min(line["equity"])) == (13_000, 7_000)
    assert line["equity"][-1] == float(equities[-1])
    row = (await get(client, "performance"))["items"][0]
    assert row["max_drawdown"] == pytest.approx(1 - 7 / 13)


async def test_a_range_ends_at_the_newest_snapshot_and_counts_from_the_start(
    client: httpx.AsyncClient, seeded: object
) -> None:
    whole = await get(client, "equity")
    part = await get(client, "equity", range="6h")
    assert part["until"] == whole["until"]
    for short, long in zip(part["lines"], whole["lines"], strict=True):
        assert len(short["at"]) == 73
        assert short["returns"][-1] == long["returns"][-1]
    assert part["benchmark"]["returns"][-1] == whole["benchmark"]["returns"][-1]
    wrong = await client.get("/api/v1/equity", params={"range": "1y"})
    assert wrong.status_code == 422


@pytest.mark.parametrize("path", ["accounts/{}", "accounts/{}/status"])
async def test_an_unknown_account_is_a_404(
    client: httpx.AsyncClient, seeded: object, path: str
) -> None:
    for account_id in ("nobody", "MOMENTUM", "..%2fmomentum", "%00", "a" * 300):
        response = await client.get("/api/v1/" + path.format(account_id))
        assert response.status_code == 404
        assert response.headers["content-type"] == "application/problem+json"
        assert "mean_reversion" not in response.text


@pytest.mark.parametrize("path", ["performance", "equity"])
async def test_an_unknown_account_filter_is_a_404(client: httpx.AsyncClient, path: str) -> None:
    response = await client.get(f"/api/v1/{path}", params={"account_id": "nobody"})
    assert (response.status_code, response.json()["code"]) == (404, "account_unknown")


async def test_an_account_shows_limits_positions_and_figures(
    client: httpx.AsyncClient, seeded: object
) -> None:
    account = await get(client, "accounts/momentum")
    assert (account["strategy"], account["interval"]) == ("momentum", "5m")
    assert account["limits"]["max_daily_entries"] == 20
    assert account["exits"]["tiers"][0] == {"profit": "0.08", "stop": "0.03"}
    status = await get(client, "accounts/momentum/status")
    assert [p["asset"] for p in status["positions"]] == ["BTC"]
    assert status["performance"]["account_id"] == "momentum"


async def test_a_removed_account_is_gone(
    client: httpx.AsyncClient, engine: Engine, seeded: object
) -> None:
    with engine.begin() as conn:
        conn.execute(
            update(accounts).where(accounts.c.id == "grid").values(real_removed_at=utc_now())
        )
    assert [a["account_id"] for a in (await get(client, "accounts"))["items"]] == [
        i for i in IDS if i != "grid"
    ]
    assert len((await get(client, "equity"))["lines"]) == 4
    assert (await client.get("/api/v1/accounts/grid")).status_code == 404


async def test_answers_carry_the_cache_times_of_the_seed_documents(
    client: httpx.AsyncClient,
) -> None:
    expected = {
        "accounts": "private, max-age=5",
        "positions": "private, max-age=5",
        "trades": "private, max-age=10",
        "leaderboard": "private, max-age=30",
        "status": "no-store",
        "health": "no-store",
        "health/ready": "no-store",
    }
    found = {
        path: (await client.get(f"/api/v1/{path}")).headers["cache-control"] for path in expected
    }
    assert found == expected


async def test_a_position_keeps_its_exit_plan(
    client: httpx.AsyncClient, engine: Engine, seeded: Any
) -> None:
    with engine.begin() as conn:
        add_position(conn, "grid", "ETHUSDT", at=seeded, with_stop=False)
    item = (await get(client, "positions", account_id="grid"))["items"][0]
    assert (item["exit_plan"], item["has_resting_stop"]) == ("close if 4h close under EMA50", False)
    assert item["notional"] == pytest.approx(item["quantity"] * item["mark_price"])
