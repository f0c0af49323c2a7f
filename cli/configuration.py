"""`perpflow config`: the configuration as it applies, and whether it is valid."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from adapters.config.accounts_file import Loaded
from adapters.config.references import is_set, references_of
from adapters.config.settings import Settings
from adapters.config.sources import find_source, label_of, load_source
from adapters.store.account_json import account_to_json
from cli.prompt_faults import PromptFaults
from cli.prompt_files import prompt_folder
from cli.up.demo import DEMO, DEMO_WITH_MODELS, demo_label, load_demo
from cli.up.markets import plan_market
from cli.up.plan import read_accounts
from trading.account import Account

_DEMOS = {DEMO: "the demo configuration", DEMO_WITH_MODELS: "the demo configuration with models"}


def describe(settings: Settings, environ: Mapping[str, str]) -> dict[str, Any]:
    """Settings and accounts as plain data.

    Of a secret only its reference and whether it is set. Raises `ConfigurationError`.
    """
    source, loaded = _load(settings, environ)
    return {
        "schema_version": 1,
        "settings": {
            name: {"value": _shown(getattr(settings, name)), "source": _source(name, environ)}
            for name in type(settings).model_fields
        },
        "accounts_source": source,
        "accounts": [_account(account, environ) for account in loaded.accounts],
    }


def validate(settings: Settings, environ: Mapping[str, str]) -> str:
    """A sentence about a configuration that `perpflow up` would take.

    Raises `ConfigurationError` with all problems, and `CommandFailed` for an unusable market.
    """
    source, accounts = read_accounts(settings, environ, plan_market(settings))
    noun = "account" if len(accounts) == 1 else "accounts"
    return f"{_DEMOS.get(source, source)} is valid: {len(accounts)} {noun}"


def _load(settings: Settings, environ: Mapping[str, str]) -> tuple[str, Loaded]:
    source = find_source(settings.config, environ)
    if source is None:
        return demo_label(settings), load_demo(settings, environ)
    is_named = settings.config is not None
    fault = PromptFaults(prompt_folder(settings))
    return label_of(source), load_source(source, environ, is_named=is_named, prompt_fault=fault)


def _shown(value: Any) -> Any:
    if isinstance(value, SecretStr):
        return "set"
    return str(value) if isinstance(value, Path) else value


def _source(name: str, environ: Mapping[str, str]) -> str:
    alias = Settings.model_fields[name].validation_alias
    names = [str(each) for each in getattr(alias, "choices", [alias])]
    return next((each for each in names if environ.get(each)), "default")


def _account(account: Account, environ: Mapping[str, str]) -> dict[str, Any]:
    return {
        **account_to_json(account),
        "traded": account.traded,
        "secrets": {
            key: {"reference": reference, "is_set": is_set(reference, environ)}
            for key, reference in references_of(account).items()
        },
    }
