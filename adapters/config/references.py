"""References to secrets: which an account has, and whether there is something behind them.

Nothing here reads a secret into a value that is returned, shown or kept.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

from trading.account import Account

_KINDS = ("env:", "file:", "block:")


def references_of(account: Account) -> dict[str, str]:
    """References by the key they stand under, e.g. `asterdex.api_key`."""
    return dict(_references(account))


def is_set(reference: str, environ: Mapping[str, str]) -> bool | None:
    """Whether a secret is there; None for a Prefect block, which only Prefect can tell."""
    kind, _, place = reference.partition(":")
    if kind == "env":
        return bool(environ.get(place))
    if kind == "file":
        path = Path(place).expanduser()
        return path.is_file() and os.access(path, os.R_OK) and path.stat().st_size > 0
    return None


def _references(account: Account) -> Iterator[tuple[str, str]]:
    for section, part in (("asterdex", account.venue_keys), ("openrouter", account.provider)):
        if part is not None:
            for key, value in asdict(part).items():
                if isinstance(value, str) and value.startswith(_KINDS):
                    yield f"{section}.{key}", value
