"""The arena in a real browser, on seeded data, with a real server behind it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from playwright.async_api import Browser
from sqlalchemy import Engine

from tests.api.browsing import IN_BROWSER, open_arena
from tests.api.seeding import seed_arena
from tests.api.twin_seeding import LIVE, add_pair, seed_pair
from trading.account import Network, VenueKeys

pytestmark = IN_BROWSER


async def test_the_arena_shows_five_agents_without_a_complaint_and_without_another_host(
    browser: Browser, address: str, seeded: object
) -> None:
    watched = await open_arena(browser, address, viewport={"width": 1440, "height": 1200})
    page = watched.page
    await page.wait_for_selector("#chart .scatterlayer .trace")
    names = await page.locator("#board tbody th .agent > span:nth-child(2)").all_inner_texts()
    assert sorted(names) == ["Buy & Hold", "Grid", "ML Scalper", "Mean Reversion", "Momentum"]
    assert await page.locator("#chart .scatterlayer .trace").count() == 6
    assert await page.locator("#feed li").count() > 10
    assert "SIMULATED MARKET" in await page.locator("#badges").inner_text()
    assert "PAPER" in await page.locator("#badges").inner_text()
    assert watched.complaints == []
    assert watched.foreign == []


async def test_figures_on_the_page_are_those_of_the_api(
    browser: Browser, address: str, seeded: object
) -> None:
    page = (await open_arena(browser, address)).page
    board = await page.evaluate("fetch('/api/v1/leaderboard').then(r => r.json())")
    shown = await page.locator("#board tbody td.col-equity").all_inner_texts()
    assert shown == [f"{row['equity']:,.2f}" for row in board["items"]]
    total = await page.locator(".tile-value").first.inner_text()
    assert total == f"{board['totals']['equity']:,.2f}"


async def test_more_figures_are_read_when_opened_and_each_says_what_it_means(
    browser: Browser, address: str, seeded: object
) -> None:
    watched = await open_arena(browser, address, viewport={"width": 390, "height": 844})
    page = watched.page
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    assert await page.locator("#figures tbody tr").count() == 0
    await page.locator("#more summary").click()
    await page.wait_for_selector("#figures tbody tr")
    assert any(url.endswith("/api/v1/performance") for url in asked)
    items = await page.evaluate("fetch('/api/v1/performance').then(r => r.json())")
    shown = await page.locator("#figures tbody td.col-trades_per_day").all_inner_texts()
    rows = sorted(items["items"], key=lambda item: item["name"].lower())
    assert shown == [f"{row['trades_per_day']:.2f}" for row in rows]
    headings = page.locator("#figures thead button")
    titles = [await each.get_attribute("title") for each in await headings.all()]
    assert all(titles)
    assert "quote: Mean net PnL of a closed trade. Null: no closed trade." in titles
    widths = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]
    assert watched.complaints == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_phone_scrolls_the_table_and_not_the_page(
    browser: Browser, address: str, seeded: object, scheme: str
) -> None:
    watched = await open_arena(
        browser, address, viewport={"width": 390, "height": 844}, color_scheme=scheme
    )
    widths = await watched.page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]
    assert await watched.page.locator(".table-scroll:not([tabindex='0'])").count() == 0
    assert watched.complaints == []


async def test_a_live_decision_appears_as_text_whatever_it_holds(
    browser: Browser, address: str, seeded: datetime, emit: Callable[..., int]
) -> None:
    watched = await open_arena(browser, address)
    await asyncio.to_thread(
        emit,
        "momentum",
        "decision.made",
        at=seeded + timedelta(minutes=5),
        decision_id="00000000-0000-0000-0000-000000000001",
        asset="BTC",
        action="buy",
        allocation_usd="500",
        confidence=0.9,
        rationale="<img src=x onerror=alert(1)><b>bold</b>",
        verdict="approved",
    )
    line = watched.page.locator("#feed li", has_text="onerror")
    await line.wait_for()
    assert "<img src=x onerror=alert(1)><b>bold</b>" in await line.inner_text()
    assert await watched.page.locator("#feed img, #feed b").count() == 0
    assert watched.complaints == []


async def test_the_empty_arena_names_the_next_command(browser: Browser, address: str) -> None:
    watched = await open_arena(browser, address)
    assert "perpflow up" in await watched.page.locator("#banner").inner_text()
    assert "perpflow up" in await watched.page.locator("#board-empty").inner_text()
    assert watched.complaints == []


async def test_a_lost_feed_is_said_and_comes_back_by_itself(
    browser: Browser, server: Callable[..., Any], seeded: object
) -> None:
    async with server() as address:
        page = (await open_arena(browser, address)).page
        port = int(address.rpartition(":")[2])
    await page.wait_for_selector("#connection:not([data-state=live])", timeout=5_000)
    assert "Numbers are from" in await page.locator("#banner").inner_text()
    async with server(serve_port=port):
        await page.wait_for_selector("#connection[data-state=live]", timeout=40_000)
        await page.wait_for_selector("#banner[data-severity=ok]", timeout=10_000)


async def test_a_page_from_outside_asks_for_the_token_and_takes_it_from_the_address(
    browser: Browser, address: str, seeded: object, token: str
) -> None:
    context = await browser.new_context(extra_http_headers={"X-Forwarded-For": "203.0.113.9"})
    page = await context.new_page()
    await page.goto(f"http://{address}/")
    await page.wait_for_selector("#token-dialog[open]")
    assert await page.locator("#board tbody tr").count() == 0
    await page.goto("about:blank")
    await page.goto(f"http://{address}/#token={token}")
    await page.wait_for_selector("#board tbody tr")
    assert token not in page.url
    assert token not in await page.evaluate("document.cookie")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
async def test_a_live_account_and_its_twin_are_shown_with_the_figures_of_the_api(
    browser: Browser, address: str, engine: Engine, scheme: Any, width: int
) -> None:
    with engine.begin() as conn:
        seed_pair(conn)
    watched = await open_arena(
        browser, address, viewport={"width": width, "height": 900}, color_scheme=scheme
    )
    page = watched.page
    await page.wait_for_selector("#pairs-card:not([hidden]) .pair")
    await page.locator(".pair-entries summary").click()
    found = await page.evaluate("fetch('/api/v1/accounts/real/twin').then(r => r.json())")
    facts = await page.locator(".pair-facts > div").all_inner_texts()
    shown = {lines[0]: lines[1:] for lines in (each.split("\n") for each in facts)}
    assert shown["Equity"] == [f"{found['live']['equity']:,.2f}", "paper 5,090.00"]
    assert shown["Fills against paper"] == [
        f"+{found['tracking_bps']:.1f} bps", "+0.92 USDT on 2 entries",
    ]  # fmt: skip
    assert shown["Orders filled"] == ["66.7 %", "2 of 3 entries and exits"]
    assert shown["Venue errors"] == ["33.3 %", "1 refused, 0 unknown, 0 unreached"]
    assert shown["Position sync"][0] == "BTC frozen"
    assert await page.locator(".pair-entries tbody tr").count() == 3
    titles = [
        await each.get_attribute("title") for each in await page.locator(".pair-facts > div").all()
    ]
    assert all(titles)
    widths = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert widths[0] <= widths[1]
    assert watched.complaints == []


@pytest.mark.parametrize(
    ("network", "word", "title"),
    [
        (Network.MAINNET, "LIVE", "Real money is traded"),
        (Network.TESTNET, "TESTNET", "Live orders on the venue's test network: no real money"),
    ],
)
async def test_whose_money_is_traded_is_said_in_the_head_in_the_table_and_at_the_pair(
    browser: Browser, address: str, engine: Engine, network: Network, word: str, title: str
) -> None:
    keys = VenueKeys(private_key="env:KEY", network=network)
    with engine.begin() as conn:
        seed_arena(conn)
        add_pair(conn, live=replace(LIVE, venue_keys=keys))
    page = (await open_arena(browser, address)).page
    await page.wait_for_selector("#pairs-card:not([hidden]) .pair")
    for place in ("#badges", "#board", ".pair h3"):
        badge = page.locator(f"{place} .badge", has_text=word)
        assert await badge.count() == 1, place
        assert await badge.get_attribute("title") == title


async def test_without_a_twin_there_is_no_such_section(
    browser: Browser, address: str, seeded: object
) -> None:
    page = (await open_arena(browser, address)).page
    await page.wait_for_selector("#board tbody tr")
    assert not await page.locator("#pairs-card").is_visible()
    assert await page.locator("main.has-pairs").count() == 0


async def test_a_pair_that_has_not_run_shows_dashes_and_its_names_are_text(
    browser: Browser, address: str, engine: Engine
) -> None:
    with engine.begin() as conn:
        add_pair(conn)
        conn.exec_driver_sql(
            "update app.accounts set name = '<b>bold</b><img src=x>' where id = 'real'"
        )
    watched = await open_arena(browser, address)
    page = watched.page
    await page.wait_for_selector(".pair")
    assert "<b>bold</b><img src=x>" in await page.locator(".pair h3").inner_text()
    assert await page.locator(".pair b, .pair img").count() == 0
    values = await page.locator(".pair-facts dd:not(.quiet)").all_inner_texts()
    assert values == ["\N{EN DASH}"] * 7 + ["not compared yet"]
    assert watched.complaints == []
