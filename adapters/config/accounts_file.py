"""Reads `accounts.yaml`: file to data, variables, shape, accounts. All problems come at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from pydantic import ValidationError

from adapters.config.account_config import AccountConfig, AccountsFile
from adapters.config.build import AccountBuilder
from adapters.config.explain import explain
from adapters.config.interpolation import Interpolated, interpolate
from adapters.config.problems import ConfigurationError, Problem
from adapters.config.yaml_document import Data, Document, read_document
from trading.account import Account

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
    entries = _valid_entries(data)
    accounts = [builder.build(entry, ("accounts", index)) for index, entry in entries.items()]
    problems += builder.problems + _duplicates(document, entries)
    if problems:
        raise ConfigurationError(sorted(problems, key=lambda problem: problem.line or 0))
    return tuple(account for account in accounts if account is not None)


def _entries(data: Data) -> list[Data]:
    entries = data.get("accounts") if isinstance(data, dict) else None
    return entries if isinstance(entries, list) else []


def _valid_entries(data: Data) -> dict[int, AccountConfig]:
    """The entries whose shape is right, so that one bad entry hides no fault of another."""
    valid: dict[int, AccountConfig] = {}
    for index, entry in enumerate(_entries(data)):
        with suppress(ValidationError):
            valid[index] = AccountConfig.model_validate(entry)
    return valid


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
