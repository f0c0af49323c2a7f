"""Accounts as JSON documents: Decimals as text, so that a stored version is read back exactly."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

from adapters.store.documents import to_document
from adapters.store.errors import StoreError
from trading.account import Account, AgentKind, Mode, ModelProvider, Network, VenueKeys
from trading.limits import RiskLimits
from trading.timeframes import parse_timeframe

_LIMITS = {
    kind: {field.name for field in fields(RiskLimits) if field.type == kind}
    for kind in ("Decimal", "float")
}
"""Names of limits by type; `RiskLimits` has its annotations as text."""

_LATER_FIELDS = ("model", "prompt", "provider", "venue_keys")
"""Left out when None, like what is None inside them: fingerprints of older versions stay the same."""
_PARTS = ("provider", "venue_keys")


def account_to_json(account: Account) -> dict[str, Any]:
    """The whole configuration as a document."""
    document = {field.name: getattr(account, field.name) for field in fields(account)}
    for name in _LATER_FIELDS:
        if document[name] is None:
            del document[name]
        elif name in _PARTS:
            part = asdict(document[name])
            document[name] = {key: value for key, value in part.items() if value is not None}
    document["parameters"] = {name: float(value) for name, value in account.parameters.items()}
    document["limits"] = {
        name: float(value) if name in _LIMITS["float"] else value
        for name, value in asdict(account.limits).items()
    }
    return to_document(document)


def account_from_json(document: dict[str, Any]) -> Account:
    """The account of a stored document.

    Raises `StoreError` when it was written by another version of the code and does not fit.
    """
    values = dict(document)
    try:
        return Account(
            id=values.pop("id"),
            kind=AgentKind(values.pop("kind")),
            mode=Mode(values.pop("mode")),
            interval=parse_timeframe(values.pop("interval")),
            assets=tuple(values.pop("assets")),
            initial_equity=Decimal(values.pop("initial_equity")),
            limits=_limits_from_json(values.pop("limits")),
            parameters={name: float(value) for name, value in values.pop("parameters").items()},
            **_parts_from_json(values),
            **values,
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise StoreError(
            f"the stored configuration of account {document.get('id')!r} does not fit this "
            f"version of perpflow ({error}); apply the account again"
        ) from error


def config_hash(account: Account) -> str:
    """Fingerprint of a configuration: equal exactly when the configuration is equal."""
    text = json.dumps(account_to_json(account), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _parts_from_json(values: dict[str, Any]) -> dict[str, Any]:
    """Takes the records inside an account out of the values."""
    parts: dict[str, Any] = {}
    if "provider" in values:
        parts["provider"] = ModelProvider(**values.pop("provider"))
    if "venue_keys" in values:
        keys = values.pop("venue_keys")
        parts["venue_keys"] = VenueKeys(**{**keys, "network": Network(keys["network"])})
    return parts


def _limits_from_json(document: dict[str, Any]) -> RiskLimits:
    return RiskLimits(
        **{
            name: Decimal(value) if name in _LIMITS["Decimal"] else value
            for name, value in document.items()
        }
    )
