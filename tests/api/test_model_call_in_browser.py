"""The arena in a real browser: what a model was asked and said, opened from a decision."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from playwright.async_api import Browser
from sqlalchemy import Engine, insert, select

from adapters.store.accounts import save_account
from adapters.store.tables import decision_outcomes, decisions
from tests.api.browsing import IN_BROWSER, open_arena
from tests.api.model_call_seeding import model_account
from tests.api.seeding import DENIED, add_cycle, add_decision
from tests.model_calls import MODEL, entry, reply_of, store_call

pytestmark = IN_BROWSER

HOSTILE = "<img src=x onerror=alert(1)><b>bold</b> \u202edrowkcab {{ 7 * 7 }}"


@pytest.fixture
def decided(engine: Engine, seeded: datetime) -> str:
    """A decision of a model, newer than all others; its id."""
    at = seeded + timedelta(minutes=5)
    answer = reply_of(
        entry(rationale=HOSTILE), entry("ETH", "hold", rationale="Waiting"), prose=HOSTILE
    )
    with engine.begin() as conn:
        save_account(conn, model_account("grok", name="Grok 4"))
        cycle = add_cycle(conn, "grok", at, real_at=datetime.now(at.tzinfo))
        call = store_call(conn, "grok", answer, at=at, cycle_id=cycle)
        made = add_decision(
            conn, "grok", cycle, "BTCUSDT", at, action="buy", model_call_id=call,
            rationale=HOSTILE, decided_by=MODEL, **DENIED,
        )  # fmt: skip
        add_decision(
            conn,
            "grok",
            cycle,
            "ETHUSDT",
            at,
            model_call_id=call,
            rationale="Waiting",
            decided_by=MODEL,
        )
    return str(made)


@pytest.mark.parametrize("width", [1440, 390])
async def test_a_decision_of_a_model_opens_what_was_asked_and_said_as_text(
    browser: Browser,
    address: str,
    decided: str,
    width: int,
) -> None:
    watched = await open_arena(browser, address, viewport={"width": width, "height": 900})
    page = watched.page
    await page.locator("#feed li", has_text="Grok 4").first.locator(".opener").click()
    dialog = page.locator("#call-dialog")
    await dialog.locator(".call-decisions li").first.wait_for()
    shown = await dialog.inner_text()
    for words in ("Grok 4", "accepted", MODEL, "0.0123 USD", "Risk: denied, cooldown", "BUY BTC"):
        assert words in shown, words
    assert (
        HOSTILE.replace("\u202e", "\ufffd")
        in await dialog.locator(".call-part .said").first.inner_text()
    )
    assert await dialog.locator("img, b").count() == 0
    for summary in await dialog.locator("summary").all():
        if not await summary.evaluate("it => it.parentElement.open"):
            await summary.click()
    assert "BTC is at 64000. What now?" in await dialog.inner_text()
    assert await dialog.evaluate("it => it.scrollWidth <= it.clientWidth")
    if folder := os.environ.get("SHOTS"):
        await page.screenshot(path=f"{folder}/model-call-{width}.png")
    await page.keyboard.press("Escape")
    assert await dialog.is_hidden()
    assert watched.complaints == []
    assert watched.foreign == []


async def test_what_the_price_did_after_a_close_is_no_result_of_it(
    browser: Browser,
    address: str,
    engine: Engine,
    seeded: datetime,
) -> None:
    at = seeded + timedelta(minutes=5)
    with engine.begin() as conn:
        save_account(conn, model_account("grok", name="Grok 4"))
        cycle = add_cycle(conn, "grok", at, real_at=datetime.now(at.tzinfo))
        call = store_call(conn, "grok", reply_of(entry(action="sell")), at=at, cycle_id=cycle)
        made = add_decision(conn, "grok", cycle, "BTCUSDT", at, action="close", model_call_id=call)
        conn.execute(
            insert(decision_outcomes).values(
                decision_id=made,
                horizon="1h",
                account_id="grok",
                known_at=at + timedelta(hours=1),
                price=Decimal(64_640),
                move_ratio=Decimal("0.01"),
                result_ratio=None,
            )
        )
    page = (await open_arena(browser, address)).page
    await page.locator("#feed li", has_text="Grok 4").first.locator(".opener").click()
    line = page.locator("#call-dialog .call-decisions li").first
    await line.wait_for()
    assert "Price since: 1h" in await line.inner_text()
    assert "Result" not in await line.inner_text()


async def test_a_decision_that_came_as_an_event_finds_its_call(
    browser: Browser,
    address: str,
    engine: Engine,
    decided: str,
    emit: Callable[..., Any],
) -> None:
    watched = await open_arena(browser, address)
    with engine.connect() as conn:
        at = conn.scalar(select(decisions.c.decided_at).where(decisions.c.id == decided))
    await asyncio.to_thread(
        emit, "grok", "decision.made", at=at, decision_id=decided, asset="BTC", action="buy",
        rationale="as an event", verdict="approved",
    )  # fmt: skip
    line = watched.page.locator("#feed li", has_text="as an event")
    await line.locator(".opener").click()
    await watched.page.locator("#call-dialog .call-decisions li").first.wait_for()


async def test_decisions_of_rules_have_nothing_to_open(
    browser: Browser,
    address: str,
    decided: str,
) -> None:
    page = (await open_arena(browser, address)).page
    assert await page.locator("#feed li", has_text="Momentum").locator(".opener").count() == 0
    assert await page.locator("#feed .opener").count() == 2


async def test_a_call_that_cannot_be_read_says_so(
    browser: Browser,
    address: str,
    decided: str,
) -> None:
    page = (await open_arena(browser, address)).page
    await page.route("**/api/v1/model-calls/*", lambda route: route.fulfill(
        status=503, content_type="application/problem+json", body='{"detail": "Try again."}'))  # fmt: skip
    await page.locator("#feed .opener").first.click()
    await page.locator("#call-dialog .refusal", has_text="Try again.").wait_for()
