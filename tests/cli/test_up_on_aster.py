"""`perpflow` on the market of AsterDEX: what it asks before a start, and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.config.settings import load_settings
from adapters.market.simulated import SimulatedMarket
from cli.exit_codes import ExitCode
from cli.up import markets
from cli.up.clock import anchored, at_next_slot, next_arena
from cli.up.markets import MarketPlan, plan_market
from deployments.market_deployment import collect_every
from deployments.schedule import schedule_for
from tests.arena import build_account
from tests.aster_sandbox.server import Sandbox, running_sandbox
from tests.cli.conftest import Ended
from tests.ports import free_port
from trading.timeframes import Timeframe

Perpflow = Callable[..., Ended]
NOW = datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
LATER = NOW + timedelta(days=3)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with running_sandbox() as started:
        yield started


@pytest.fixture
def on_aster(perpflow: Perpflow, sandbox: Sandbox) -> Perpflow:
    """`perpflow` with the sandbox as its market."""

    def call(*arguments: str, **environ: str) -> Ended:
        usual = {
            "PERPFLOW_MARKET": "aster",
            "PERPFLOW_NETWORK": "testnet",
            "ASTERDEX_BASE_URL": sandbox.url,
        }
        return perpflow(*arguments, **(usual | environ))

    return call


@pytest.fixture
def plan(sandbox: Sandbox) -> MarketPlan:
    environ = {
        "PERPFLOW_MARKET": "aster",
        "PERPFLOW_NETWORK": "testnet",
        "ASTERDEX_BASE_URL": sandbox.url,
    }
    return plan_market(load_settings(environ, {}))


def test_accounts_are_checked_against_what_the_venue_trades(on_aster: Perpflow) -> None:
    file = Path("accounts.yaml")
    file.write_text("accounts:\n  - {id: a, strategy: grid, assets: [ASTER]}\n")
    assert on_aster("config", "validate").code == ExitCode.DONE

    file.write_text("accounts:\n  - {id: a, strategy: grid, assets: [SHIB]}\n")
    refused = on_aster("config", "validate")

    assert refused.code == ExitCode.INVALID_CONFIGURATION
    assert "is SHIB, which this market does not have; it has ASTER, BTC, ETH" in refused.stderr


def test_a_venue_that_cannot_be_reached_is_named_with_the_next_step(on_aster: Perpflow) -> None:
    url = f"http://127.0.0.1:{free_port()}"

    ended = on_aster("up", ASTERDEX_BASE_URL=url)

    assert ended.code == ExitCode.UNREACHABLE
    assert f"cannot be read from {url.removeprefix('http://')}" in ended.stderr
    assert "or start on --market simulated" in ended.stderr


def test_a_host_that_is_no_futures_venue_is_said_to_be_none(
    on_aster: Perpflow, sandbox: Sandbox
) -> None:
    sandbox.fail("exchangeInfo", body='{"symbols": []}')

    ended = on_aster("config", "validate")

    assert ended.code == ExitCode.UNREACHABLE
    assert "names no perpetual in USDT" in ended.stderr


def test_the_real_market_has_one_speed(on_aster: Perpflow) -> None:
    ended = on_aster("up", "--speed", "60")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "--speed is 60, but prices of AsterDEX come in real time only" in ended.stderr


def test_a_network_is_an_option_of_aster_only(perpflow: Perpflow) -> None:
    ended = perpflow("up", "--network", "testnet")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "--network goes with AsterDEX, but the market is simulated" in ended.stderr


def test_recorded_candles_do_not_go_with_the_real_market(on_aster: Perpflow) -> None:
    ended = on_aster("up", "--data", "candles")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "the market is aster; add --market recorded, or leave --data out" in ended.stderr


def test_an_address_with_a_password_in_it_is_refused_without_showing_it(
    on_aster: Perpflow,
) -> None:
    ended = on_aster("config", "validate", ASTERDEX_BASE_URL="https://me:canary-5f1e@host")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "ASTERDEX_BASE_URL holds a user or a password" in ended.stderr
    assert "canary" not in ended.stderr


def test_a_scan_of_the_whole_venue_is_refused_because_it_would_use_up_its_limits(
    on_aster: Perpflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markets, "MOST_CANDIDATES", 2)  # the sandbox has three instruments
    Path("accounts.yaml").write_text("accounts:\n  - {id: a, strategy: grid, assets: scan(2)}\n")

    ended = on_aster("up")

    assert ended.code == ExitCode.INVALID_CONFIGURATION
    assert "account a chooses from 3 instruments" in ended.stderr
    assert "name them, as in {scan: 3, of: [BTC, ETH, SOL]}" in ended.stderr


def test_a_start_says_whose_prices_these_are_and_that_paper_trades_no_money(
    plan: MarketPlan,
) -> None:
    first, second = plan.remarks

    assert "AsterDEX testnet at 127.0.0.1:" in first
    assert "prices are those of the test network, in real time" in first
    assert "paper accounts trade no money" in second


def test_mainnet_is_the_default_and_the_speed_is_one() -> None:
    settings = load_settings({"PERPFLOW_MARKET": "aster"}, {})

    assert (settings.network, settings.speed) == ("mainnet", 1.0)


def test_the_accounts_shared_network_is_the_markets_unless_it_has_its_own() -> None:
    shared = {"PERPFLOW_MARKET": "aster", "ASTERDEX_NETWORK": "testnet"}

    assert load_settings(shared, {}).network == "testnet"
    assert load_settings(shared, {"PERPFLOW_NETWORK": "mainnet"}).network == "mainnet"


def test_market_time_is_real_time_from_the_first_start(plan: MarketPlan) -> None:
    arena = next_arena(None, plan, speed=1.0, real=NOW)

    assert arena.is_real_time
    assert arena.clock.market_at(LATER) == LATER
    assert schedule_for(arena.clock, Timeframe.H1).anchor == NOW.replace(
        hour=13, minute=0, second=0
    )


def test_after_a_stop_market_time_is_now_and_not_where_it_was_last_seen(plan: MarketPlan) -> None:
    first = next_arena(None, plan, speed=1.0, real=NOW)

    again = anchored(next_arena(first, plan, speed=1.0, real=LATER), real=LATER)

    assert again.seen_at == LATER
    assert again.clock.market_at(LATER) == LATER
    assert again.started_at == first.started_at == NOW


def test_while_nothing_runs_market_time_goes_on(plan: MarketPlan) -> None:
    arena = next_arena(None, plan, speed=1.0, real=NOW)

    assert not arena.is_alive(LATER)
    assert arena.market_time(LATER) == LATER


def test_one_cycle_of_everybody_stands_for_the_moment_at_which_it_runs(plan: MarketPlan) -> None:
    arena = next_arena(None, plan, speed=1.0, real=NOW)

    assert at_next_slot(arena, Timeframe.H1) == arena


def test_the_real_market_always_has_a_collector(plan: MarketPlan) -> None:
    account = build_account("momentum", interval=Timeframe.M15)

    assert collect_every(plan.source, [account]) == timedelta(minutes=15)


def test_another_network_is_another_market(plan: MarketPlan) -> None:
    simulated = replace(
        plan,
        name="simulated-7",
        source="simulated",
        instruments=asyncio.run(SimulatedMarket(7).instruments()),
    )

    assert not next_arena(None, simulated, speed=1.0, real=NOW).is_real_time
