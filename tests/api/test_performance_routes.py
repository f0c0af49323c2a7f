"""The figures of an account over HTTP: complete, exact at the ends, the same when kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from sqlalchemy import Engine, delete, insert, update

from adapters.store.tables import equity_snapshots, trades
from api.performance_shapes import PerformanceShape
from tests.api.seeding import START
from trading.performance.catalogue import FIGURES

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)


async def figures(client: httpx.AsyncClient, **query: Any) -> dict[str, Any]:
    response = await client.get("/api/v1/performance", params={"account_id": "solo", **query})
    assert response.status_code == 200, response.text
    return response.json()["items"][0]


async def test_every_figure_of_the_catalogue_is_a_field_that_tells_unit_and_null(
    client: httpx.AsyncClient,
) -> None:
    assert set(FIGURES) <= set(PerformanceShape.model_fields)
    document = (await client.get("/openapi.json")).json()["components"]["schemas"]
    fields = document["PerformanceShape"]["properties"]
    for name, figure in FIGURES.items():
        assert fields[name]["description"].startswith(f"{figure.unit}: "), name
        is_nullable = {"type": "null"} in fields[name].get("anyOf", [])
        assert is_nullable == bool(figure.undefined), name


async def test_what_is_not_defined_yet_is_null_and_counts_are_zero(
    client: httpx.AsyncClient, solo: Callable[..., None]
) -> None:
    solo(10_000)
    item = await figures(client)
    assert item["total_return"] == item["money_weighted_return"] == item["max_drawdown"] == 0
    for name, figure in FIGURES.items():
        if name.startswith(("max_drawdown_", "average_", "largest_")) or name in (
            "annual_return", "volatility", "sharpe", "sortino", "calmar", "value_at_risk",
            "conditional_value_at_risk", "win_rate", "profit_factor", "expectancy", "fee_share",
            "funding_share", "trades_per_day", "turnover_per_day", "slippage", "maker_share",
            "filled_share", "mean_holding_seconds",
        ):  # fmt: skip
            assert figure.undefined
            assert item[name] is None, name
    assert (item["trades"], item["gaps"], item["current_streak"], item["orders_sent"]) == (0,) * 4


async def test_the_drawdown_has_its_peak_its_bottom_and_its_recovery(
    client: httpx.AsyncClient, solo: Callable[..., None]
) -> None:
    solo(10_000, 12_000, 9_000, 12_000, 11_400, step=DAY)
    item = await figures(client)
    assert item["max_drawdown"] == pytest.approx(0.25)
    assert item["current_drawdown"] == pytest.approx(0.05)
    assert item["max_drawdown_peak_at"] == "2026-03-03T00:00:00Z"
    assert item["max_drawdown_bottom_at"] == "2026-03-04T00:00:00Z"
    assert item["max_drawdown_recovered_at"] == "2026-03-05T00:00:00Z"


async def test_a_failed_read_is_shown_as_a_gap(
    client: httpx.AsyncClient, engine: Engine, solo: Callable[..., None]
) -> None:
    solo(*[10_000] * 13)
    with engine.begin() as conn:
        missing = equity_snapshots.c.at == START + HOUR / 2
        conn.execute(delete(equity_snapshots).where(missing))
    item = await figures(client)
    assert (item["gaps"], item["gap_seconds"]) == (1, 600)
    assert item["newest_gaps"] == [
        {"since": "2026-03-02T00:25:00Z", "until": "2026-03-02T00:35:00Z"}
    ]


async def test_the_settings_of_the_figures_can_be_chosen_and_are_shown(
    client: httpx.AsyncClient, solo: Callable[..., None]
) -> None:
    solo(*(10_000 + (n * 37) % 101 for n in range(30)), step=DAY)
    usual = await figures(client)
    assert (usual["annualisation"], usual["risk_level"]) == (252, 0.95)
    chosen = await figures(client, annualisation=365, risk_level=0.9, risk_free=0.001)
    assert (chosen["annualisation"], chosen["risk_level"], chosen["risk_free"]) == (365, 0.9, 0.001)
    assert chosen["sharpe"] < usual["sharpe"]
    assert chosen["volatility"] == pytest.approx(usual["volatility"] * (365 / 252) ** 0.5)
    assert chosen["value_at_risk"] < usual["value_at_risk"]
    for wrong in ({"annualisation": 0}, {"risk_level": 1}, {"risk_level": "NaN"}):
        response = await client.get("/api/v1/performance", params=wrong)
        assert response.status_code == 422


async def test_groups_add_up_to_all_trades_and_are_named_by_asset(
    client: httpx.AsyncClient, seeded: object
) -> None:
    item = (await client.get("/api/v1/performance?account_id=momentum")).json()["items"][0]
    assert [group["key"] for group in item["by_asset"]] == ["ETH"]
    assert {group["key"] for group in item["by_direction"]} == {"long", "short"}
    assert sum(group["trades"] for group in item["by_direction"]) == item["trades"]
    for name in ("gross_pnl", "fees", "funding"):
        assert sum(g[name] for g in item["by_direction"]) == pytest.approx(item[name])
    assert item["trades_net_pnl"] == pytest.approx(
        item["gross_pnl"] - item["fees"] + item["funding"]
    )
    assert item["mean_holding_seconds"] == item["longest_holding_seconds"] == 45 * 60


async def test_the_leaderboard_shows_the_same_figures(
    client: httpx.AsyncClient, seeded: object
) -> None:
    board = (await client.get("/api/v1/leaderboard")).json()
    items = (await client.get("/api/v1/performance")).json()["items"]
    by_account = {item["account_id"]: item for item in items}
    assert board["risk_level"] == 0.95
    for row in board["items"]:
        own = by_account[row["account_id"]]
        for name in set(row) & set(FIGURES) - {"equity"}:
            assert row[name] == own[name], name


async def test_a_trade_tells_its_time_its_return_on_margin_and_how_far_the_price_went(
    client: httpx.AsyncClient, engine: Engine, seeded: Any
) -> None:
    with engine.begin() as conn:
        conn.execute(
            update(trades)
            .where(trades.c.account_id == "momentum", trades.c.status == "closed")
            .values(symbol="BTCUSDT", leverage=3, entry_price=64_000, exit_price=64_640)
        )
    items = (await client.get("/api/v1/trades?account_id=momentum&status=closed")).json()["items"]
    for item in items:
        sign = 1 if item["direction"] == "long" else -1
        assert item["holding_seconds"] == 45 * 60
        assert item["return_on_margin"] == pytest.approx(sign * 0.03)
        assert item["max_adverse_excursion"] >= 0
        assert item["max_favourable_excursion"] >= (0.01 if sign > 0 else 0)
    open_ones = (await client.get("/api/v1/trades?status=open&account_id=momentum")).json()["items"]
    (still_open,) = open_ones
    assert still_open["holding_seconds"] is None
    assert still_open["return_on_margin"] is None
    assert still_open["max_adverse_excursion"] is not None


async def test_a_trade_without_candles_or_leverage_has_null_and_not_zero(
    client: httpx.AsyncClient, seeded: object
) -> None:
    items = (await client.get("/api/v1/trades?account_id=grid&status=closed")).json()["items"]
    assert items
    for item in items:  # ETH has no candle in the store
        assert item["max_adverse_excursion"] is None
        assert item["max_favourable_excursion"] is None
        assert item["return_on_margin"] is None


async def test_a_position_tells_its_leverage_adjusted_pnl(
    client: httpx.AsyncClient, seeded: object
) -> None:
    (item,) = (await client.get("/api/v1/positions?account_id=momentum")).json()["items"]
    change = item["mark_price"] / item["entry_price"] - 1
    assert item["return_on_margin"] == pytest.approx(3 * change)


async def test_a_deposit_before_the_first_snapshot_is_no_profit(
    client: httpx.AsyncClient, engine: Engine, solo: Callable[..., None]
) -> None:
    solo(15_000)
    pay_in(engine, START, Decimal(5_000))
    assert (await figures(client))["total_return"] == 0
    with engine.begin() as conn:
        conn.execute(insert(equity_snapshots).from_select(*one_step_later()))
    item = await figures(client, annualisation=253)  # another question, so that it is asked anew
    assert (item["total_return"], item["net_pnl"], item["transfers"]) == (0, 0, 5_000)
    assert item["max_drawdown"] == 0


def pay_in(engine: Engine, since: Any, amount: Decimal) -> None:
    with engine.begin() as conn:
        conn.execute(
            update(equity_snapshots).where(equity_snapshots.c.at >= since).values(transfers=amount)
        )


def one_step_later() -> tuple[list[str], Any]:
    names = [column.name for column in equity_snapshots.c if column.name != "at"]
    columns = [equity_snapshots.c[name] for name in names]
    source = equity_snapshots.select().with_only_columns(
        *columns, (equity_snapshots.c.at + timedelta(minutes=5)).label("at")
    )
    return [*names, "at"], source
