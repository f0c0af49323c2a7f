"""Reads `accounts.yaml`: file to data, variables, shape, accounts. All problems come at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from adapters.config.account_config import AccountConfig, AccountsFile
from adapters.config.build import AccountBuilder
from adapters.config.explain import explain
from adapters.config.interpolation import Interpolated, interpolate
from adapters.config.problems import ConfigurationError, Problem, key_text
from adapters.config.yaml_document import Data, Document, read_document
from trading.account import Account

_ANY_ASSET = ("BTC",)
_ALIASES = {"risk": "limits"}
"""Second names of keys of an account."""


def load_accounts(
    path: Path, environ: Mapping[str, str], *, known_assets: Sequence[str] | None = None
) -> tuple[Account, ...]:
    """The accounts of a file, in its order.

    `known_assets` are those of the market; None leaves assets unchecked.

    Raises
    ------
    ConfigurationError
        With every problem of the file: file, line, key, value and the next step.
    """
    document = read_document(path)
    filled = interpolate(document, environ)
    problems = [*filled.problems, *_resolve_aliases(document, filled)]
    data = filled.data if filled.data is not None else {}
    try:
        AccountsFile.model_validate(data)
    except ValidationError as refusal:
        problems += explain(refusal, AccountsFile, document, filled)
    builder = AccountBuilder(document, known_assets)
    faulty = {problem.key for problem in problems}
    entries = _readable_entries(data, faulty, known_assets or _ANY_ASSET)
    accounts = [builder.build(entry, ("accounts", index)) for index, entry in entries.items()]
    found = builder.problems + _duplicates(document, entries)
    problems += [problem for problem in found if not _is_within(problem.key, faulty)]
    if problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line or 0))
    return tuple(account for account in accounts if account is not None)


def _entries(data: Data) -> list[Data]:
    entries = data.get("accounts") if isinstance(data, dict) else None
    return entries if isinstance(entries, list) else []


def _readable_entries(
    data: Data, faulty: Set[str], assets: Sequence[str]
) -> dict[int, AccountConfig]:
    """Each entry without its faulty keys, so that one fault hides no other one.

    What an entry must have is filled with a stand-in: an account is built only from a file
    without any problem, so a stand-in never becomes one.
    """
    readable: dict[int, AccountConfig] = {}
    for index, entry in enumerate(_entries(data)):
        if not isinstance(entry, dict):
            continue
        sound = {
            key: value
            for key, value in entry.items()
            if not _touches(key_text(("accounts", index, str(key))), faulty)
        }
        stand_in = {"id": f"entry-{index}", "interval": "1h", "assets": [assets[0]]}
        with suppress(ValidationError):
            readable[index] = AccountConfig.model_validate({**stand_in, **sound})
    return readable


def _touches(key: str, faulty: Set[str]) -> bool:
    """Is there a fault at this key or inside it?"""
    return any(fault == key or fault.startswith((f"{key}.", f"{key}[")) for fault in faulty)


def _is_within(key: str, faulty: Set[str]) -> bool:
    """Has this key, or one around it, been found faulty already?"""
    return any(key == fault or key.startswith((f"{fault}.", f"{fault}[")) for fault in faulty)


def _duplicates(document: Document, entries: Mapping[int, AccountConfig]) -> list[Problem]:
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for index, entry in entries.items():
        if entry.id in first:
            text = f"is {entry.id!r}, which accounts[{first[entry.id]}] has already"
            problems.append(
                document.problem(
                    ("accounts", index, "id"), text, "give each account an id of its own"
                )
            )
        first.setdefault(entry.id, index)
    return problems


def _resolve_aliases(document: Document, filled: Interpolated) -> list[Problem]:
    """Renames second names of keys to their first, in the data and in the line numbers."""
    problems: list[Problem] = []
    for index, entry in enumerate(_entries(filled.data)):
        for alias, name in _ALIASES.items():
            if not isinstance(entry, dict) or alias not in entry:
                continue
            value = entry.pop(alias)
            if name in entry:
                path = ("accounts", index, alias)
                text = f"and {name} mean the same"
                problems.append(document.problem(path, text, "keep one of them"))
            else:
                entry[name] = value
                document.rename(("accounts", index, alias), name)
    return problems
