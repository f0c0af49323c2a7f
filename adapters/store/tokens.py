"""API tokens: 256 random bits, shown once; only their SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
from enum import StrEnum
from uuid import UUID, uuid4

from sqlalchemy import Connection, func, insert, select, update

from adapters.store.documents import clean_text
from adapters.store.tables import api_tokens

PREFIX = "pf_"
TOKEN_BYTES = 32
LONGEST = 200
"""Characters; anything longer is no token of ours and is not even hashed."""


class TokenScope(StrEnum):
    """What a token may do; each includes the ones before it."""

    VIEW = "view"
    OPERATE = "operate"
    ADMIN = "admin"


def create_token(conn: Connection, scope: TokenScope, label: str) -> str:
    """A new token. This is the only time that it exists in clear."""
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    conn.execute(
        insert(api_tokens).values(
            id=uuid4(), token_hash=_hash(token), scope=scope.value, label=clean_text(label)
        )
    )
    return token


def find_token(conn: Connection, token: str) -> TokenScope | None:
    """What the token allows; None when it is unknown or revoked."""
    if not token.startswith(PREFIX) or len(token) > LONGEST:
        return None
    scope = conn.scalar(
        select(api_tokens.c.scope).where(
            api_tokens.c.token_hash == _hash(token), api_tokens.c.real_revoked_at.is_(None)
        )
    )
    return None if scope is None else TokenScope(scope)


def revoke(conn: Connection, token_id: UUID) -> bool:
    """End a token by its id; False when there is no such live token."""
    done = conn.execute(
        update(api_tokens)
        .where(api_tokens.c.id == token_id, api_tokens.c.real_revoked_at.is_(None))
        .values(real_revoked_at=func.now())
    )
    return done.rowcount == 1


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
