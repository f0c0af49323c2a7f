"""What an account has used of its language model, by UTC day of real time, and what it may use.

Money is USD. A request of unknown price or use is counted as such, never as nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import Date, cast, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from adapters.store.model_agent_json import model_agent_from_json
from adapters.store.tables import account_versions, accounts, model_calls
from trading.model_agent import ModelAgent
from trading.model_budget import DayOfModel


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDay:
    """One day's use, previews and replays included."""

    questions: int
    """Calls as they are stored; one of them may be several requests."""
    used: DayOfModel


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountModel:
    """Who decides for an account, and how."""

    model: str
    agent: ModelAgent


async def load_model_days(
    conn: AsyncConnection, account_id: str, *, since: date, until: date
) -> tuple[ModelDay, ...]:
    """Days from `since` on and before `until` on which something was asked, newest first."""
    columns = model_calls.c
    day = cast(func.timezone("UTC", columns.real_started_at), Date)
    query = (
        select(
            day.label("day"),
            func.count().label("questions"),
            func.sum(columns.billed).label("calls"),
            func.sum(columns.known_tokens).label("tokens"),
            func.sum(columns.known_cost).label("money"),
            func.sum(columns.unknown_costs).label("unknown_money"),
            func.sum(columns.unknown_usages).label("unknown_tokens"),
        )
        .where(
            columns.account_id == account_id,
            columns.real_started_at >= _midnight(since),
            columns.real_started_at < _midnight(until),
        )
        .group_by(day)
        .order_by(day.desc())
    )
    return tuple(_day(row) for row in await conn.execute(query))


async def load_account_model(conn: AsyncConnection, account_id: str) -> AccountModel | None:
    """The model of the account's newest version; None when no language model decides."""
    config: dict[str, Any] | None = await conn.scalar(
        select(account_versions.c.config)
        .join(accounts, accounts.c.id == account_versions.c.account_id)
        .where(accounts.c.id == account_id, accounts.c.config_version == account_versions.c.version)
    )
    if config is None or not config.get("model"):
        return None
    agent = model_agent_from_json(config.get("model_agent") or {})
    return AccountModel(model=config["model"], agent=agent)


async def load_newest_question(conn: AsyncConnection, account_id: str) -> str | None:
    """What the account's model was told in its newest cycle; None before the first one."""
    columns = model_calls.c
    return await conn.scalar(
        select(columns.call["messages"][1]["text"].astext)
        .where(columns.account_id == account_id, columns.purpose == "decide")
        .order_by(columns.at.desc(), columns.id.desc())
        .limit(1)
    )


def add_days(days: tuple[ModelDay, ...], day: date) -> ModelDay:
    """All of them as one, under the name of a day."""
    used = [each.used for each in days]
    return ModelDay(
        questions=sum(each.questions for each in days),
        used=DayOfModel(
            day=day,
            calls=sum(each.calls for each in used),
            tokens=sum(each.tokens for each in used),
            money=sum((each.money for each in used), start=Decimal(0)),
            unknown_money=sum(each.unknown_money for each in used),
            unknown_tokens=sum(each.unknown_tokens for each in used),
        ),
    )


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def _day(row: Any) -> ModelDay:
    return ModelDay(
        questions=row.questions,
        used=DayOfModel(
            day=row.day,
            calls=int(row.calls),
            tokens=int(row.tokens),
            money=row.money,
            unknown_money=int(row.unknown_money),
            unknown_tokens=int(row.unknown_tokens),
        ),
    )
