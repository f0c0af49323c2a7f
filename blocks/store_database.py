"""Where a flow run finds the store when its environment does not say: a Prefect block.

On one machine `perpflow up` hands `DATABASE_URL` to the worker. Workers elsewhere (Docker,
Kubernetes) may instead keep the URL in the block `store-database/perpflow`, encrypted by Prefect
with the key that `perpflow up` generates outside its database.
"""

from __future__ import annotations

from prefect.blocks.core import Block
from pydantic import Field, SecretStr
from sqlalchemy import Engine

from adapters.store.engine import open_engine


class StoreDatabase(Block):
    """URL of perpflow's Postgres; the password never leaves the block in clear."""

    _block_type_name = "Store database"
    _block_type_slug = "store-database"
    _description = "The Postgres in which perpflow keeps its record of money."

    url: SecretStr = Field(description="postgresql://role:password@host:port/database")

    def engine(self) -> Engine:
        """An engine for one flow run: a pool of one connection, disposed at its end."""
        return open_engine(self.url.get_secret_value(), application="perpflow-flow")
