"""`perpflow config`: the configuration as it applies, and whether it is valid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.config.settings import Settings
from cli.up.markets import plan_market
from cli.up.plan import accounts_path, read_accounts
from trading.account import Account


def describe(settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """Settings and accounts as plain data; of a secret only whether it is set.

    Raises `ConfigurationError`.
    """
    source, accounts = read_accounts(settings, environ, None)
    return {
        "schema_version": 1,
        "settings": {
            name: {"value": _shown(getattr(settings, name)), "source": _source(name, environ)}
            for name in type(settings).model_fields
        },
        "accounts_source": source,
        "accounts": [_account(account) for account in accounts],
    }


def validate(settings: Settings, environ: Mapping[str, str]) -> str:
    """A sentence about a valid configuration.

    Raises `ConfigurationError` with all problems, and `CommandFailed` for an unusable market.
    """
    _, accounts = read_accounts(settings, environ, plan_market(settings))
    path: Path | None = accounts_path(settings)
    noun = "account" if len(accounts) == 1 else "accounts"
    return f"{path or 'the demo configuration'} is valid: {len(accounts)} {noun}"


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "set"
    return str(value) if isinstance(value, Path) else value


def _source(name: str, environ: Mapping[str, str]) -> str:
    alias = Settings.model_fields[name].validation_alias
    names = [str(each) for each in getattr(alias, "choices", [alias])]
    return next((each for each in names if environ.get(each)), "default")


def _account(account: Account) -> dict[str, Any]:
    limits = account.limits
    return {
        "id": account.id,
        "name": account.name,
        "kind": account.kind.value,
        "strategy": account.strategy,
        "parameters": dict(account.parameters),
        "assets": list(account.assets),
        "interval": account.interval.value,
        "mode": account.mode.value,
        "initial_equity": str(account.initial_equity),
        "limits": {
            name: value if isinstance(value, (bool, int, float)) else str(value)
            for name in limits.__dataclass_fields__
            for value in [getattr(limits, name)]
        },
    }
