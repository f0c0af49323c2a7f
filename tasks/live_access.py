"""The way from an account's references to its venue: keys are resolved for one use and forgotten.

Only tasks come here, per cycle, so that a key that was exchanged is used from the next cycle on.
A key never leaves the client that was built with it.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import fields
from datetime import UTC, datetime

from pydantic import SecretStr

from adapters.config.secrets import resolve
from adapters.store.budgets import PostgresWeightBudget
from adapters.store.nonces import PostgresNonces
from adapters.store.permits import VenueIdentity
from adapters.venues.aster.client import AsterClient, ClientParts
from adapters.venues.aster.credentials import (
    Credentials,
    KeyKind,
    KeyRefused,
    ResolvedKeys,
    read_credentials,
)
from adapters.venues.aster.networks import venue_address
from blocks.aster_credentials import load_aster_credentials
from tasks.resources import store_engine
from trading.account import Account, VenueKeys

VENUE = "aster"
_ADDRESSES = ("user_address", "signer_address")


def credentials_of(account: Account, environ: Mapping[str, str] | None = None) -> Credentials:
    """What the account signs with.

    Raises
    ------
    InvalidRecord
        A reference with nothing behind it, keys that contradict each other, or no keys.
    """
    keys = _keys_of(account)
    values: dict[str, SecretStr | str] = {}
    for field in fields(ResolvedKeys):
        reference = getattr(keys, field.name)
        if reference is not None:
            secret = resolve(
                reference,
                os.environ if environ is None else environ,
                load_block=load_aster_credentials,
                field=field.name,
            )
            is_public = field.name in _ADDRESSES
            values[field.name] = secret.get_secret_value() if is_public else secret
    prefer = KeyKind.V1 if keys.transport is not None else None
    return read_credentials(ResolvedKeys(**values), prefer)


def identity_of(account: Account, credentials: Credentials) -> VenueIdentity:
    """Which venue account the keys belong to."""
    keys = _keys_of(account)
    address = venue_address(keys.network, keys.base_url)
    return VenueIdentity(
        venue=VENUE, network=keys.network, place=address.place, owner=credentials.owner
    )


def client_for(account: Account, credentials: Credentials) -> AsterClient:
    """The account's client; whoever makes it closes it."""
    keys = _keys_of(account)
    engine = store_engine()
    return AsterClient(
        ClientParts(
            address=venue_address(keys.network, keys.base_url),
            budget=PostgresWeightBudget(engine, lambda: datetime.now(UTC)),
            credentials=credentials,
            nonces=PostgresNonces(engine=engine),
            transport=keys.transport,
        )
    )


@asynccontextmanager
async def open_client(account: Account) -> AsyncIterator[AsterClient]:
    """The account's client until the block ends; raises as `credentials_of`."""
    async with client_for(account, credentials_of(account)) as client:
        yield client


def _keys_of(account: Account) -> VenueKeys:
    if account.venue_keys is None:
        raise KeyRefused(
            f"account {account.id} has no keys; name them under `asterdex` in its configuration"
        )
    return account.venue_keys
