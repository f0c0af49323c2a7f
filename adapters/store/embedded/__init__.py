"""A real PostgreSQL server in the data folder, for machines without one."""

from adapters.store.embedded.errors import (
    BinariesMissing,
    FolderUnusable,
    NotStartable,
    ServerBusy,
    ServerError,
    StateLost,
    VersionMismatch,
)
from adapters.store.embedded.server import EmbeddedServer

__all__ = [
    "BinariesMissing",
    "EmbeddedServer",
    "FolderUnusable",
    "NotStartable",
    "ServerBusy",
    "ServerError",
    "StateLost",
    "VersionMismatch",
]
