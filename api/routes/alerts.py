"""Alerts: what is wrong and since when. Open ones are few: one for each account and kind."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, Field

from adapters.store.views.accounts import account_exists
from adapters.store.views.alerts import list_alerts
from api.answers import answer
from api.problem_details import PROBLEM_RESPONSES, unknown_account
from api.shapes import Shape
from api.store_access import reading

router = APIRouter(responses=PROBLEM_RESPONSES, tags=["status"])


class AlertShape(Shape):
    """One alert; all times are real ones."""

    id: int
    account_id: str | None = Field(description="Empty: the whole system.")
    code: str = Field(description="no_finished_cycle, cycles_failing, flatten_failed, ...")
    severity: str = Field(description="warning or critical")
    sentence: str
    raised_at: datetime = Field(validation_alias="real_raised_at")
    seen_at: datetime = Field(
        validation_alias="real_seen_at", description="When it was last found to be still so."
    )
    cleared_at: datetime | None = Field(validation_alias="real_cleared_at")


class AlertList(BaseModel):
    """Alerts, newest first."""

    items: list[AlertShape]


class AlertQuery(BaseModel):
    """Filters of the alerts."""

    state: Literal["open", "all"] = Field("open", description="With `all` the cleared ones too.")
    account_id: str | None = Field(None, max_length=200, description="Only this account.")
    limit: int = Field(100, ge=1, le=1_000, description="Rows.")


@router.get("/alerts", response_model=AlertList)
async def get_alerts(request: Request, query: Annotated[AlertQuery, Query()]) -> Response:
    """Open alerts, or all of them; newest first, never cached."""
    async with reading(request) as conn:
        if query.account_id is not None and not await account_exists(conn, query.account_id):
            raise unknown_account(query.account_id)
        found = await list_alerts(
            conn,
            limit=query.limit,
            open_only=query.state == "open",
            account_id=query.account_id,
        )
    document = AlertList(items=[AlertShape.model_validate(alert) for alert in found])
    return answer(request, document, max_age=None)
