"""What a live account must say, and must not: keys by reference, a venue account of its own.

The arena's market is compared elsewhere (`cli.live.market_fit`); what the keys may really do is
asked of the venue before the account is permitted (`cli.live`).
"""

from __future__ import annotations

from collections.abc import Mapping

from adapters.config.account_config import AccountConfig, AsterdexConfig
from adapters.config.problems import KeyPath, Problem
from adapters.config.yaml_document import Document

_PAIR = ("api_key", "api_secret")


def check_live(document: Document, config: AccountConfig, path: KeyPath) -> list[Problem]:
    """What is missing from a live account, or does not belong there."""
    if config.mode != "live":
        return []
    return _check_equity(document, config, path) + _check_section(document, config, path)


def check_transport(document: Document, config: AccountConfig, path: KeyPath) -> list[Problem]:
    """What the kind of keys cannot do: groups are of V3 only, the connector knows V1 only."""
    keys = config.asterdex
    if keys is None:
        return []
    has_wallet, has_pair = _has_wallet(keys), keys.api_key is not None
    problems: list[Problem] = []
    if keys.transport == "connector" and not has_pair:
        problems.append(
            document.problem(
                (*path, "asterdex", "transport"),
                "is connector, which carries requests of api_key and api_secret only",
                "remove the key, or give both of them",
            )
        )
    is_v1 = has_pair and (keys.transport == "connector" or not has_wallet)
    if config.bracket == "group" and is_v1:
        problems.append(
            document.problem(
                (*path, "bracket"),
                "is group, which the venue takes from wallets (V3) and not from api_key",
                "write separate, or give the private_key of an agent",
            )
        )
    return problems


def check_venue_accounts(document: Document, entries: Mapping[int, AccountConfig]) -> list[Problem]:
    """Two live accounts that refer to one venue account: their positions would mix."""
    problems: list[Problem] = []
    first: dict[tuple[str, str, str], int] = {}
    for index, entry in entries.items():
        named = _claim(entry)
        if named is None:
            continue
        key, claim = named
        if claim in first:
            other = entries[first[claim]].id
            text = (
                f"names the venue account that live account {other!r} trades; two agents must not"
                " share one, because their positions would mix"
            )
            hint = "give each live account a main wallet of its own"
            place = ("accounts", index, "asterdex", key)
            problems.append(document.problem(place, text, hint))
        first.setdefault(claim, index)
    return problems


def _claim(entry: AccountConfig) -> tuple[str, tuple[str, str, str]] | None:
    """The key that tells whose venue account it is, and what two references to one have in common.

    None for paper accounts and without keys.
    """
    keys = entry.asterdex
    if entry.mode != "live" or keys is None:
        return None
    is_wallet = _has_wallet(keys) and keys.transport != "connector"
    names = ("user_address", "private_key", "mnemonic") if is_wallet else ("api_key",)
    key = next((name for name in names if getattr(keys, name) is not None), None)
    if key is None:
        return None
    whose = str(getattr(keys, key))
    whose = whose.lower() if whose.startswith("0x") else whose
    return key, (keys.network, keys.base_url or "", whose)


def _check_equity(document: Document, config: AccountConfig, path: KeyPath) -> list[Problem]:
    if "initial_equity" not in config.model_fields_set:
        return []
    text = (
        f"is given for live account {config.id!r}; what a live account starts with is measured at"
        " the venue when it goes live"
    )
    return [document.problem((*path, "initial_equity"), text, "remove it")]


def _check_section(document: Document, config: AccountConfig, path: KeyPath) -> list[Problem]:
    keys, place = config.asterdex, (*path, "asterdex")
    if keys is None or not (_has_wallet(keys) or any(getattr(keys, name) for name in _PAIR)):
        text = f"is missing from live account {config.id!r}"
        hint = (
            "refer to the key of an agent (API wallet), and name the main wallet that it trades for"
            " in user_address"
        )
        return [document.problem((*place, "private_key"), text, hint)]
    if keys.may_withdraw or not _has_wallet(keys) or keys.transport == "connector":
        return []
    if keys.mnemonic is not None:
        text = "opens every wallet that is derived from it, so it can withdraw all funds"
        hint = "give the private_key of an agent (API wallet) instead, or say may_withdraw: true"
        return [document.problem((*place, "mnemonic"), text, hint)]
    if keys.user_address is None:
        text = (
            "is missing beside private_key, which then signs for itself and can withdraw all funds"
        )
        hint = (
            "name the main wallet that the agent (API wallet) trades for, or say may_withdraw: true"
        )
        return [document.problem((*place, "user_address"), text, hint)]
    return []


def _has_wallet(keys: AsterdexConfig) -> bool:
    return keys.private_key is not None or keys.mnemonic is not None
