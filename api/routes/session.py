"""The session: a token from the address bar becomes a cookie that scripts cannot read.

`HttpOnly` and `SameSite=Strict`; `Secure` as soon as the page came by https. The origin was
checked before this route is reached (`api.access`).
"""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.access import COOKIE
from api.problem_details import CATALOGUE, PROBLEM_RESPONSES, Problem
from api.store_access import open_of
from api.token_check import is_valid_token

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["session"])
_LIFETIME_SECONDS = 30 * 24 * 3600


class SessionRequest(BaseModel):
    """What the page read after `#token=`."""

    token: str = Field(min_length=1, max_length=200)


@router.post("/session", status_code=204, response_class=Response)
async def open_session(request: Request, body: SessionRequest) -> Response:
    """Exchange a token for a cookie."""
    if not await is_valid_token(open_of(request).engine, body.token):
        request.scope["state"]["count_failure"]()
        raise Problem("token_refused", CATALOGUE["token_refused"].remedy)
    response = Response(status_code=204, headers={"Cache-Control": "no-store"})
    response.set_cookie(
        COOKIE,
        body.token,
        max_age=_LIFETIME_SECONDS,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response
