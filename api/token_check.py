"""Tokens against the store. Asked on every request, so a revoked token ends at once."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from adapters.store.tables import api_tokens
from adapters.store.tokens import find_token


async def is_valid_token(engine: AsyncEngine, token: str) -> bool:
    """Whether the token exists and has not been revoked; all scopes may read."""
    async with engine.connect() as conn:
        return await conn.run_sync(find_token, token) is not None


async def has_any_token(engine: AsyncEngine) -> bool:
    """Whether at least one token can be used."""
    query = select(api_tokens.c.id).where(api_tokens.c.real_revoked_at.is_(None)).limit(1)
    async with engine.connect() as conn:
        return await conn.scalar(query) is not None
