"""From a document to accounts: variables, aliases, shape, records. All problems come at once.

A document is a file, or what `environment_shapes` makes of variables, or what a command makes of
its options: everything goes through here, so all of them mean the same and are refused alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import ValidationError

from adapters.config.account_config import AccountConfig, AccountsFile
from adapters.config.aliases import resolve_aliases
from adapters.config.build import AccountBuilder
from adapters.config.explain import explain
from adapters.config.interpolation import interpolate
from adapters.config.live_config import check_venue_accounts
from adapters.config.model_checks import PromptFault
from adapters.config.problems import ConfigurationError, KeyPath, Problem
from adapters.config.twin_config import TwinBuilder, take_out_foreign_keys
from adapters.config.yaml_document import Data, Document, read_document
from trading.account import Account
from trading.strategies.catalogue import STRATEGIES

_ANY_ASSET = ("BTC",)
_DECIDERS = ("strategy", "blend", "llm_model")
"""Keys of which an account has one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """The accounts of one source, all of them valid."""

    source: str
    """What to call it: a file, or the environment."""
    accounts: tuple[Account, ...]
    variables: Set[str] = field(default_factory=frozenset[str])
    """Names of the variables that the document asks for."""


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
    return read_accounts(read_document(path), environ, known_assets=known_assets).accounts


def read_accounts(
    document: Document,
    environ: Mapping[str, str],
    *,
    known_assets: Sequence[str] | None = None,
    stored: Sequence[Account] | None = None,
    prompt_fault: PromptFault | None = None,
) -> Loaded:
    """Every account of a document.

    `stored` are the accounts of the arena, for twins whose original is not in the document;
    `prompt_fault` looks for prompts, None leaves them unchecked.

    Raises
    ------
    ConfigurationError
        With every problem.
    """
    filled = interpolate(document, environ)
    problems = list(filled.problems)
    for index, entry in enumerate(_entries(filled.data)):
        if isinstance(entry, dict):
            place = ("accounts", index)
            problems += resolve_aliases(document, entry, place)
            stand_in = (known_assets or _ANY_ASSET)[0]
            problems += take_out_foreign_keys(document, entry, place, asset=stand_in)
    data = filled.data if filled.data is not None else {}
    try:
        AccountsFile.model_validate(data)
    except ValidationError as refusal:
        problems += explain(refusal, AccountsFile, document, filled)
    builder = AccountBuilder(document, filled, known_assets, prompt_fault)
    faulty = {problem.path for problem in problems}
    entries = _readable_entries(data, faulty, known_assets or _ANY_ASSET)
    built = {
        index: builder.build(entry, ("accounts", index))
        for index, entry in entries.items()
        if entry.twin_of is None
    }
    twins = TwinBuilder(document=document, entries=entries, stored=stored)
    built |= twins.build({each.id: each for each in built.values() if each is not None})
    accounts = [built.get(index) for index in entries]
    found = [
        *builder.problems,
        *twins.problems,
        *_duplicates(document, entries),
        *check_venue_accounts(document, entries),
    ]
    problems += [
        problem
        for problem in found
        # An entry was read without its faulty keys: nothing more can be said about those.
        if not (_is_within(problem.path, faulty) or _touches(problem.path[:3], faulty))
    ]
    if problems:
        raise ConfigurationError(_in_order(problems))
    return Loaded(
        source=document.source,
        accounts=tuple(account for account in accounts if account is not None),
        variables=frozenset(filled.used),
    )


def _in_order(problems: Iterable[Problem]) -> list[Problem]:
    return sorted(problems, key=lambda problem: problem.line or 0)


def _entries(data: Data) -> list[Data]:
    entries = data.get("accounts") if isinstance(data, dict) else None
    return entries if isinstance(entries, list) else []


def _readable_entries(
    data: Data, faulty: Set[KeyPath], assets: Sequence[str]
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
            if not _touches(("accounts", index, str(key)), faulty)
        }
        stand_in = {"id": f"entry-{index}", "interval": "1h", "assets": [assets[0]]}
        if "llm_model" in entry and "llm_model" not in sound:
            stand_in["llm_model"] = "unknown"
        elif any(key in entry and key not in sound for key in _DECIDERS):
            stand_in["strategy"] = next(iter(STRATEGIES))
        with suppress(ValidationError):
            readable[index] = AccountConfig.model_validate({**stand_in, **sound})
    return readable


def _touches(path: KeyPath, faulty: Set[KeyPath]) -> bool:
    """Is there a fault at this key or inside it?"""
    return any(fault[: len(path)] == path for fault in faulty)


def _is_within(path: KeyPath, faulty: Set[KeyPath]) -> bool:
    """Has this key, or one around it, been found faulty already?"""
    return any(path[: len(fault)] == fault for fault in faulty)


def _duplicates(document: Document, entries: Mapping[int, AccountConfig]) -> list[Problem]:
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for index, entry in entries.items():
        if entry.id in first:
            other = document.key_text(("accounts", first[entry.id]))
            text = f"is {entry.id!r}, which {other} has already"
            problems.append(
                document.problem(
                    ("accounts", index, "id"), text, "give each account an id of its own"
                )
            )
        first.setdefault(entry.id, index)
    return problems
