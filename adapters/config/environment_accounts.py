"""Accounts that are described by variables instead of a file, turned into a document.

Three shapes: one account (`ASSETS`, `LLM_MODEL`, ...), several (`ACCOUNT_IDS`, then each name with
`_<id>`), and agents by number or name (`AGENT_1_SIGNER`, ...). The document says `${NAME}` where a
value belongs, so that variables mean here what they mean in a file, and a secret stays a reference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from adapters.config.environment_names import (
    AGENT,
    DECIDERS,
    KNOWN_AGENTS,
    SHARED_SIGNER,
    SINGLE_MARKERS,
    SYMBOLS,
    TWIN_OF,
    VARIABLES,
    Variable,
    own_name,
)
from adapters.config.problems import KeyPath, variable_refused
from adapters.config.yaml_document import Data, Document

SOURCE = "environment"
DEFAULT_ID = "default"
DEFAULT_ASSETS = "BTC ETH SOL"
"""Of accounts made from variables: seed 002 section 7.2.1 names none."""
_QUOTE = "USDT"
_ON, _OFF = ("true", "1", "yes", "on"), ("false", "0", "no", "off")


class Shape(StrEnum):
    """How the variables describe accounts."""

    SINGLE = "single"
    SEVERAL = "several"
    AGENTS = "agents"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnvironmentShape:
    """A shape, and the variables by which it was recognised."""

    shape: Shape
    markers: tuple[str, ...]

    @property
    def label(self) -> str:
        """What to call it in a sentence."""
        return f"the environment ({', '.join(self.markers[:3])})"


def find_shape(environ: Mapping[str, str]) -> EnvironmentShape | None:
    """The shape in use, None when no variable describes an account.

    Raises `ConfigurationError` when two shapes exclude each other.
    """
    agents = tuple(sorted(name for name in environ if AGENT.fullmatch(name) and environ[name]))
    is_off = announces_several(environ) is False
    several = bool(environ.get("ACCOUNT_IDS")) and not is_off
    if several and agents:
        raise variable_refused(
            "ACCOUNT_IDS", f"and {agents[0]} both describe accounts", "remove one"
        )
    if several:
        return EnvironmentShape(shape=Shape.SEVERAL, markers=("ACCOUNT_IDS",))
    if agents:
        return EnvironmentShape(shape=Shape.AGENTS, markers=agents)
    single = tuple(name for name in SINGLE_MARKERS if environ.get(name))
    return EnvironmentShape(shape=Shape.SINGLE, markers=single) if single else None


def announces_several(environ: Mapping[str, str]) -> bool | None:
    """What MULTI_ACCOUNT_MODE says, None when it is not set. Raises `ConfigurationError`."""
    text = environ.get("MULTI_ACCOUNT_MODE", "").strip().lower()
    if text in ("", *_ON, *_OFF):
        return None if text == "" else text in _ON
    raise variable_refused("MULTI_ACCOUNT_MODE", "is something else; allowed is true or false")


def environment_document(shape: EnvironmentShape, environ: Mapping[str, str]) -> Document:
    """The document of the accounts. Raises `ConfigurationError`."""
    writing = _Writing(environ, called=shape.markers[0])
    match shape.shape:
        case Shape.SINGLE:
            writing.add({"id": DEFAULT_ID}, lambda variable: variable.name, is_only_one=True)
        case Shape.SEVERAL:
            for item in _listed(environ["ACCOUNT_IDS"]):
                writing.add_listed(item)
        case Shape.AGENTS:
            for key in sorted(_agent_keys(shape.markers), key=_in_order):
                writing.add_agent(key)
    return Document(
        source=SOURCE, data={"accounts": writing.entries}, lines={}, names=writing.names
    )


class _Writing:
    """The entries so far, and which variable stands behind each place."""

    def __init__(self, environ: Mapping[str, str], *, called: str) -> None:
        self.entries: list[Data] = []
        self.names: dict[KeyPath, str] = {("accounts",): called}
        self._environ = environ
        self._endings: dict[str, Data] = {}

    def add_listed(self, item: Data) -> None:
        """An item of ACCOUNT_IDS: an id, or an account as a file has it."""
        entry = dict(item) if isinstance(item, dict) else {"id": item}
        ending = str(entry.get("id")).replace("-", "_")  # names of variables have no dashes
        if self._endings.setdefault(ending, entry.get("id")) != entry.get("id"):
            text = f"holds two ids whose variables would both end in _{ending}"
            raise variable_refused("ACCOUNT_IDS", text, "rename one of them")
        self.names[("accounts", len(self.entries), "id")] = "ACCOUNT_IDS"
        self.add(entry, lambda variable: f"{variable.name}_{ending}")

    def add_agent(self, key: str) -> None:
        """An agent of seed 000 (by number) or of seed 001 (by name)."""
        known = KNOWN_AGENTS.get(key)
        account_id = f"agent_{key}" if key.isdigit() else key.lower()
        entry: dict[str, Data] = (
            {"id": known.id, **known.entry} if known else {"id": account_id, "name": key}
        )
        self.add(entry, lambda variable: own_name(variable, key))

    def add(
        self,
        entry: dict[str, Data],
        own: Callable[[Variable], str],
        *,
        is_only_one: bool = False,
    ) -> None:
        """Complete an entry from its own variables, then from the shared ones."""
        place: KeyPath = ("accounts", len(self.entries))
        self.names[place] = f"account {entry.get('id')}"
        if any(self._environ.get(own(each)) for each in VARIABLES if each.is_decider):
            entry = {key: value for key, value in entry.items() if key not in DECIDERS}
            decided = True
        else:
            decided = any(entry.get(key) for key in DECIDERS)
        is_twin = TWIN_OF.path[0] in entry or bool(self._environ.get(own(TWIN_OF)))
        for variable in VARIABLES:
            is_open = variable.is_shared and not is_twin
            shares = is_only_one or (is_open and not (variable.is_decider and decided))
            candidates = (own(variable), *((variable.name, *variable.aliases) if shares else ()))
            name = next((each for each in candidates if self._environ.get(each)), None)
            self.names[(*place, *variable.path)] = name or candidates[0]
            is_own = name == candidates[0] and not is_only_one
            if name is not None and (is_own or not _holds(entry, variable.path)):
                _put(entry, variable.path, variable.value(name))
        if not is_twin:
            self._complete(entry, place)
        self.entries.append(entry)

    def _complete(self, entry: dict[str, Data], place: KeyPath) -> None:
        """What all accounts have, but a twin takes from its original."""
        self._share_signer(entry, place)
        if "assets" not in entry:
            entry["assets"] = self._assets_of_symbols(place)

    def _share_signer(self, entry: dict[str, Data], place: KeyPath) -> None:
        keys = (("asterdex", name) for name in ("private_key", "mnemonic", "api_key", "api_secret"))
        if self._environ.get(SHARED_SIGNER) and not any(_holds(entry, path) for path in keys):
            path = ("asterdex", "private_key")
            self.names[(*place, *path)] = SHARED_SIGNER
            _put(entry, path, f"${{{SHARED_SIGNER}}}")

    def _assets_of_symbols(self, place: KeyPath) -> Data:
        name = next((name for name in SYMBOLS if self._environ.get(name)), None)
        if name is None:
            return DEFAULT_ASSETS
        self.names[(*place, "assets")] = name
        symbols = self._environ[name].replace(",", " ").split()
        return [symbol.removesuffix(_QUOTE).replace("$", "$$") for symbol in symbols]


def _holds(entry: Mapping[str, Data], path: KeyPath) -> bool:
    inner: Data = dict(entry)
    for part in path:
        if not isinstance(inner, dict) or part not in inner:
            return False
        inner = inner[str(part)]
    return True


def _put(entry: dict[str, Data], path: KeyPath, value: str) -> None:
    *sections, key = (str(part) for part in path)
    holder = entry
    for section in sections:
        inner = holder.get(section, {})
        if not isinstance(inner, dict):
            return  # a faulty section of an item of ACCOUNT_IDS; the shape refuses it
        copied = dict(inner)
        holder[section] = copied
        holder = copied
    holder[key] = value


def _listed(text: str) -> list[Data]:
    if not text.lstrip().startswith(("[", "{")):
        return list(filter(None, re.split(r"[,\s]+", text)))
    hint = 'write first,second or ["first", "second"]'
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        raise variable_refused("ACCOUNT_IDS", "is not JSON", hint) from None
    items = found.get("accounts") if isinstance(found, dict) else found
    if not isinstance(items, list):
        raise variable_refused("ACCOUNT_IDS", "is no list", hint)
    return items


def _agent_keys(markers: tuple[str, ...]) -> set[str]:
    return {match[1] for name in markers if (match := AGENT.fullmatch(name))}


def _in_order(key: str) -> tuple[bool, int, str]:
    return (not key.isdigit(), int(key) if key.isdigit() else 0, key)
