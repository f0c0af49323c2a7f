"""The sections `asterdex` and `openrouter` as records: references and addresses, never a secret."""

from __future__ import annotations

from adapters.config.account_config import AccountConfig, AsterdexConfig, OpenrouterConfig
from adapters.config.problems import KeyPath, Problem
from adapters.config.yaml_document import Document
from trading.account import ModelProvider, Network, VenueKeys

_PAIR = ("api_key", "api_secret")


def venue_keys_of(config: AsterdexConfig | None) -> VenueKeys | None:
    """None when the section is missing or says nothing."""
    if config is None or not config.model_dump(exclude_unset=True):
        return None
    values = config.model_dump()
    return VenueKeys(**{**values, "network": Network(values["network"])})


def provider_of(config: OpenrouterConfig | None) -> ModelProvider | None:
    """None when the section is missing or says nothing."""
    if config is None or not config.model_dump(exclude_defaults=True):
        return None
    return ModelProvider(**config.model_dump())


def check_keys(document: Document, config: AccountConfig, path: KeyPath) -> list[Problem]:
    """Keys that contradict each other, or of which one half is missing."""
    keys = config.asterdex
    if keys is None:
        return []
    problems: list[Problem] = []
    if keys.private_key is not None and keys.mnemonic is not None:
        text = f"and {document.key_text((*path, 'asterdex', 'private_key'))} exclude each other"
        problems.append(
            document.problem((*path, "asterdex", "mnemonic"), text, "keep the one of the signer")
        )
    given = [name for name in _PAIR if getattr(keys, name) is not None]
    if len(given) == 1:
        (missing,) = set(_PAIR) - set(given)
        text = f"is missing beside {document.key_text((*path, 'asterdex', given[0]))}"
        problems.append(document.problem((*path, "asterdex", missing), text, "give both or none"))
    return problems
