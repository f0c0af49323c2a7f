"""Accounts as JSON documents: Decimals as text, so that a stored version is read back exactly."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, fields
from decimal import Decimal
from typing import Any

from adapters.store.blend_json import blend_from_json, blend_to_json
from adapters.store.documents import to_document
from adapters.store.errors import StoreError
from adapters.store.model_agent_json import model_agent_from_json, model_agent_to_json
from trading.account import (
    Account,
    AgentKind,
    BracketPolicy,
    ForeignPolicy,
    Mode,
    ModelProvider,
    Network,
    VenueKeys,
)
from trading.exit_settings import ExitSettings, Tier
from trading.limits import RiskLimits
from trading.paper_terms import PaperExecution, PaperFees, PaperTerms, SlippagePolicy
from trading.scan_plan import Scan
from trading.timeframes import parse_timeframe

_LIMITS = {
    kind: {
        each.name for each in fields(RiskLimits) if str(each.type).removesuffix(" | None") == kind
    }
    for kind in ("Decimal", "float")
}
"""Names of limits by type; `RiskLimits` has its annotations as text."""

_LATER_FIELDS = (
    "model", "prompt", "provider", "venue_keys", "blend", "scan", "twin_of", "model_agent",
)  # fmt: skip
"""Left out when None, like what is None inside them: fingerprints of older versions stay the same."""
_USUAL = {"foreign": ForeignPolicy.IGNORE, "bracket": BracketPolicy.SEPARATE}
"""Left out when as usual, for the same reason."""
_PARTS = ("provider", "venue_keys", "scan")


def account_to_json(account: Account) -> dict[str, Any]:
    """The whole configuration as a document."""
    document = {field.name: getattr(account, field.name) for field in fields(account)}
    _leave_out(document)
    if account.venue_keys is not None and not account.venue_keys.may_withdraw:
        del document["venue_keys"]["may_withdraw"]
    if account.provider is not None and not account.provider.allow_private:
        del document["provider"]["allow_private"]
    if account.mode is Mode.LIVE:
        del document["initial_equity"]  # no configuration: measured when it was permitted
    document["parameters"] = {name: float(value) for name, value in account.parameters.items()}
    if account.blend is not None:
        document["blend"] = blend_to_json(account.blend)
    if account.model_agent is not None:
        document["model_agent"] = model_agent_to_json(account.model_agent)
    document["exits"] = asdict(account.exits)
    if account.paper == PaperTerms():
        del document["paper"]  # as in older versions, so that their fingerprints stay
    else:
        document["paper"] = asdict(account.paper)
    document["limits"] = {
        name: float(value) if name in _LIMITS["float"] else value
        for name, value in asdict(account.limits).items()
    }
    return to_document(document)


def _leave_out(document: dict[str, Any]) -> None:
    """Drop what is not given or as usual, so that fingerprints of older versions stay the same."""
    for name in _LATER_FIELDS:
        if document[name] is None:
            del document[name]
        elif name in _PARTS:
            part = asdict(document[name])
            document[name] = {key: value for key, value in part.items() if value is not None}
    for name, usual in _USUAL.items():
        if document[name] is usual:
            del document[name]


def account_from_json(document: dict[str, Any]) -> Account:
    """The account of a stored document.

    Raises `StoreError` when it was written by another version of the code and does not fit.
    """
    values = dict(document)
    try:
        return Account(
            **_equity_from_json(values),
            id=values.pop("id"),
            kind=AgentKind(values.pop("kind")),
            mode=Mode(values.pop("mode")),
            interval=parse_timeframe(values.pop("interval")),
            assets=tuple(values.pop("assets")),
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


def _equity_from_json(values: dict[str, Any]) -> dict[str, Decimal]:
    is_measured = values["mode"] == Mode.LIVE
    return {} if is_measured else {"initial_equity": Decimal(values.pop("initial_equity"))}


def _parts_from_json(values: dict[str, Any]) -> dict[str, Any]:
    """Takes the records inside an account out of the values."""
    parts: dict[str, Any] = {}
    if "provider" in values:
        parts["provider"] = ModelProvider(**values.pop("provider"))
    if "exits" in values:  # documents of older versions have none: those of the rules
        parts["exits"] = _exits_from_json(values.pop("exits"))
    if "paper" in values:
        parts["paper"] = _paper_from_json(values.pop("paper"))
    if "blend" in values:
        parts["blend"] = blend_from_json(values.pop("blend"))
    if "scan" in values:
        parts["scan"] = Scan(**values.pop("scan"))
    if "model_agent" in values:
        parts["model_agent"] = model_agent_from_json(values.pop("model_agent"))
    if "foreign" in values:
        parts["foreign"] = ForeignPolicy(values.pop("foreign"))
    if "bracket" in values:
        parts["bracket"] = BracketPolicy(values.pop("bracket"))
    if "venue_keys" in values:
        keys = values.pop("venue_keys")
        parts["venue_keys"] = VenueKeys(**{**keys, "network": Network(keys["network"])})
    return parts


def _limits_from_json(document: dict[str, Any]) -> RiskLimits:
    return RiskLimits(
        **{
            name: Decimal(value) if name in _LIMITS["Decimal"] and value is not None else value
            for name, value in document.items()
        }
    )


def _paper_from_json(document: dict[str, Any]) -> PaperTerms:
    execution = document["execution"]
    share = execution["volume_share"]
    return PaperTerms(
        fees=PaperFees(**{name: Decimal(ratio) for name, ratio in document["fees"].items()}),
        execution=PaperExecution(
            slippage=SlippagePolicy(execution["slippage"]),
            volume_share=None if share is None else Decimal(share),
        ),
    )


def _exits_from_json(document: dict[str, Any]) -> ExitSettings:
    values: dict[str, Any] = {}
    if "tiers" in document:
        values["tiers"] = tuple(
            Tier(profit=Decimal(tier["profit"]), stop=Decimal(tier["stop"]))
            for tier in document["tiers"]
        )
    if "pullback" in document:
        pullback = document["pullback"]
        values["pullback"] = None if pullback is None else Decimal(pullback)
    return ExitSettings(**values)
