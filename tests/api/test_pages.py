"""Pages: everything comes from this host, nothing runs that is not ours, names change with content."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import httpx
import pytest

from api.assets import PLOTLY_PATH, STATIC, static_path

ADDRESS = re.compile(r"""(?:src|href|url)\s*[=:(]\s*["']?((?:https?:)?//[^"'\s)]+)""", re.I)
PAGES = ("/", "/docs", "/redoc", "/problems/token_required")


@pytest.mark.parametrize("path", PAGES)
async def test_no_page_refers_to_another_host(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    assert page.status_code == 200
    assert ADDRESS.findall(page.text) == []


@pytest.mark.parametrize("path", PAGES)
async def test_every_file_that_a_page_names_is_there(client: httpx.AsyncClient, path: str) -> None:
    page = await client.get(path)
    files = re.findall(r"""(?:src|href)=["'](/[^"'#]*\.[a-z]+)["']""", page.text)
    assert files
    for name in files:
        assert (await client.get(name)).status_code == 200, name


async def test_the_arena_runs_no_inline_script(client: httpx.AsyncClient) -> None:
    page = await client.get("/")
    assert "script-src 'self';" in page.headers["content-security-policy"]
    assert "unsafe-eval" not in page.headers["content-security-policy"]
    assert re.findall(r"<script(?![^>]*\bsrc=)", page.text) == []
    assert re.findall(r"\son[a-z]+=", page.text) == []


async def test_all_answers_carry_the_security_headers(client: httpx.AsyncClient) -> None:
    for path in (*PAGES, "/health", "/api/v1/trades", "/static/format.js", "/missing"):
        headers = (await client.get(path)).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]


async def test_our_files_are_immutable_under_their_hash_and_fresh_under_their_name(
    client: httpx.AsyncClient,
) -> None:
    hashed = await client.get(f"{static_path()}/arena.js")
    assert "immutable" in hashed.headers["cache-control"]
    plain = await client.get("/static/arena.js")
    assert plain.headers["cache-control"] == "no-cache"
    assert plain.content == hashed.content


async def test_files_outside_the_static_folder_cannot_be_read(client: httpx.AsyncClient) -> None:
    for path in ("/static/../app.py", "/static/%2e%2e/app.py", "/static/..%2fapp.py", "/static/"):
        assert (await client.get(path)).status_code == 404


async def test_plotly_comes_from_the_wheel_compressed_and_for_good(
    client: httpx.AsyncClient,
) -> None:
    response = await client.get(PLOTLY_PATH)
    assert "immutable" in response.headers["cache-control"]
    assert response.headers["content-encoding"] == "gzip"
    assert response.text.lstrip().startswith("/**\n* plotly.js")
    assert len(gzip.compress(response.content, 9)) < 1_600_000


def test_the_modules_never_write_html() -> None:
    for module in STATIC.glob("*.js"):
        source = module.read_text()
        assert not re.search(r"innerHTML|insertAdjacentHTML|document\.write|\beval\(", source), (
            module
        )


def test_the_modules_stay_small() -> None:
    assert sum(len(Path(m).read_text().splitlines()) for m in STATIC.glob("*.js")) < 1_100
