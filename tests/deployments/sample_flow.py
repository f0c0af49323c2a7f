"""A flow that does nothing, for tests of what runs flows."""

from __future__ import annotations

from pathlib import Path

from prefect import flow


@flow(name="sample")
def sample(account_id: str) -> None:
    """Leaves a file with the name of the account in its working folder."""
    Path(f"{account_id}.ran").touch()
