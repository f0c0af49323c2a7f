"""A real browser on the arena's pages: one Chromium per session, a clean profile for each page.

Its tests and fixtures run in the session's event loop, which the browser belongs to.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page

CHROMIUM = (
    shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
)
IN_BROWSER = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.skipif(
        CHROMIUM is None, reason="no Chromium on this machine (apt install chromium)"
    ),
]


class Watched:
    """A page with everything that it complained about and every host that it asked."""

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.complaints: list[str] = []
        self.foreign: list[str] = []
        page.on(
            "console", lambda m: m.type in ("error", "warning") and self.complaints.append(m.text)
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", lambda r: self._note(r.url, address))

    def _note(self, url: str, address: str) -> None:
        if not url.startswith((f"http://{address}/", "data:", "blob:")):
            self.foreign.append(url)


async def open_arena(browser: Browser, address: str, **context: Any) -> Watched:
    page = await (await browser.new_context(**context)).new_page()
    watched = Watched(page, address)
    await page.goto(f"http://{address}/")
    await page.wait_for_selector("#connection[data-state=live]")
    return watched
