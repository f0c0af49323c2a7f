"""`perpflow agents compare` against the API as it runs in life."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from cli.agents.comparing import compared_lines, fetch_pair, show_pair
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from tests.api.twin_seeding import seed_pair


async def test_two_accounts_stand_side_by_side_with_the_figures_of_the_api(
    server: Callable[..., Any], engine: Engine, capsys: pytest.CaptureFixture[str]
) -> None:
    with engine.begin() as conn:
        seed_pair(conn)
    async with server() as address:
        url = f"http://{address}"
        found = await asyncio.to_thread(fetch_pair, url, "real", "momentum")
        with pytest.raises(CommandFailed) as refused:
            await asyncio.to_thread(fetch_pair, url, "real", "nobody")

    lines = {line[0]: line[1:] for line in compared_lines(*found)}
    assert lines["decides"][1] == "momentum"
    assert lines["return"][0] == "1.44 %"
    assert lines["model cost a day"] == ("-", "-")
    show_pair(found)
    assert "largest drawdown" in capsys.readouterr().out
    assert refused.value.code == ExitCode.REFUSED


def compared(**used: Any) -> dict[str, tuple[str, ...]]:
    names = ("days", "total_return", "max_drawdown", "sharpe", "trades", "win_rate", "fees")
    figures = dict.fromkeys(names, 0.125)
    use = {"questions": 9, "calls": 9, "money": 0.75, "unknown_money": 0} | used
    one = {
        "model": "m",
        "strategy": "llm",
        "prompt": "calm 1+abc",
        "performance": figures,
        "model_usage": {"days": [{}, {}, {}], "last_30_days": use},
    }
    return {line[0]: line[1:] for line in compared_lines(one, one)}


def test_what_a_model_cost_is_the_mean_of_the_days_on_which_it_was_asked() -> None:
    lines = compared()

    assert lines["decides"] == ("m", "m")
    assert lines["prompt"] == ("calm 1+abc", "calm 1+abc")
    assert lines["model cost a day"][0] == "0.2500 USD"
    assert lines["questions a day"][0] == "3.0"
    assert lines["win rate"][0] == "12.50 %"


def test_requests_of_unknown_price_are_said_and_not_counted_as_free() -> None:
    lines = compared(unknown_money=4)
    assert lines["model cost a day"][0] == "0.2500 USD and 1.3 requests of unknown price"


def test_a_model_whose_every_price_is_unknown_has_no_cost_in_money() -> None:
    lines = compared(calls=8640, unknown_money=8640, money=0)
    assert lines["model cost a day"][0] == "2880.0 requests of unknown price"
