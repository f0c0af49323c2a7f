"""Pages and their files: our own modules under a hashed path, plotly from the installed wheel.

The hash is part of the folder, so that modules which import each other by a relative name get it
too. Both are immutable for a browser; a changed file has another address.
"""

from __future__ import annotations

import asyncio
import gzip
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.openapi.docs import get_redoc_html
from jinja2 import Environment, FileSystemLoader, select_autoescape
from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.answers import takes_gzip
from api.problem_details import CATALOGUE, Problem
from trading.performance.catalogue import FIGURES, describe
from trading.performance.catalogue_twins import TWIN_FIGURES

HERE = Path(__file__).parent
STATIC = HERE / "static"
IMMUTABLE = "public, max-age=31536000, immutable"
FAVICON = "/static/favicon.svg"
REDOC_PATH = "/vendor/redoc.js"
PLOTLY_PATH = f"/vendor/plotly-{version('plotly')}.min.js"

router = APIRouter(include_in_schema=False)
_templates = Environment(
    loader=FileSystemLoader(HERE / "pages"), autoescape=select_autoescape(["html"])
)


@cache
def static_path() -> str:
    """`/static/<hash of all our files>`."""
    digest = hashlib.blake2s(digest_size=8)
    for path in sorted(STATIC.iterdir()):
        digest.update(path.name.encode() + path.read_bytes())
    return f"/static/{digest.hexdigest()}"


class HashedFiles(StaticFiles):
    """Files whose address changes with their content."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = IMMUTABLE
        return response


class FreshFiles(StaticFiles):
    """The same files under their plain names: checked at each use."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "no-cache"
        return response


@cache
def plotly_bytes() -> bytes:
    """plotly.js as shipped in the wheel."""
    return (files("plotly") / "package_data" / "plotly.min.js").read_bytes()


@cache
def plotly_compressed() -> bytes:
    """The same, compressed once per process."""
    return gzip.compress(plotly_bytes(), compresslevel=9, mtime=0)


@router.get(PLOTLY_PATH)
async def get_plotly(request: Request) -> Response:
    """The charting library; 1.5 MB once per browser."""
    headers = {"Cache-Control": IMMUTABLE, "Vary": "Accept-Encoding"}
    if takes_gzip(request):
        headers["Content-Encoding"] = "gzip"
        content = await asyncio.to_thread(plotly_compressed)
    else:
        content = await asyncio.to_thread(plotly_bytes)
    return Response(content, headers=headers, media_type="text/javascript")


@cache
def redoc_bytes() -> bytes:
    """ReDoc as bundled by fastapi-offline, with our logo instead of one from its maker's host."""
    bundle = (files("fastapi_offline") / "static" / "redoc.standalone.js").read_bytes()
    return bundle.replace(b"https://cdn.redoc.ly/redoc/logo-mini.svg", FAVICON.encode())


@router.get(REDOC_PATH)
async def get_redoc_bundle() -> Response:
    """ReDoc's script."""
    content = await asyncio.to_thread(redoc_bytes)
    return Response(
        content, headers={"Cache-Control": "public, max-age=86400"}, media_type="text/javascript"
    )


@router.get("/redoc")
async def redoc_page(request: Request) -> HTMLResponse:
    """The API reference as ReDoc shows it."""
    return get_redoc_html(
        openapi_url=str(request.app.openapi_url),
        title="perpflow API",
        redoc_js_url=REDOC_PATH,
        redoc_favicon_url=FAVICON,
        with_google_fonts=False,
    )


@router.get("/")
async def arena_page() -> HTMLResponse:
    """The arena. The frame holds no figure, so it may be read before the token is given."""
    meanings = {name: describe(figure) for name, figure in FIGURES.items()}
    of_pairs = {name: describe(figure) for name, figure in TWIN_FIGURES.items()}
    return _page(
        "arena.html",
        static=static_path(),
        plotly=PLOTLY_PATH,
        figures=meanings,
        pair_figures=of_pairs,
    )


@router.get("/problems/{code}")
async def problem_page(code: str) -> HTMLResponse:
    """What a problem code means and what to do."""
    kind = CATALOGUE.get(code)
    if kind is None:
        raise Problem("not_found", "There is no such problem code.")
    return _page("problem.html", static=static_path(), code=code, kind=kind)


def _page(name: str, **values: Any) -> HTMLResponse:
    html = _templates.get_template(name).render(**values)
    return HTMLResponse(html, headers={"Cache-Control": "no-cache"})
