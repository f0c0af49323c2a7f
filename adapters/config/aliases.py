"""Second names of the keys of an account, as the documents of the project use them.

An alias is resolved before the shape is checked, so that nothing after it knows of aliases. A file
that has both names of one thing is refused: nobody could say which of them counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from adapters.config.problems import KeyPath, Problem, key_text
from adapters.config.value_types import NUMBER_TEXT
from adapters.config.yaml_document import Data, Document
from trading.units import plain


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """One second name."""

    name: str
    target: tuple[str, ...]
    """Key path inside the account."""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its values are called under the first name; empty when they are the same."""
    inside: tuple[str, ...] = ()
    """The section in which the second name stands; empty: the account itself."""
    is_percent: bool = False
    """Its values are percentages from 1 to 100, those of the first name ratios."""


def _percent(name: str, limit: str) -> Alias:
    return Alias(name=name, target=("limits", limit), inside=("limits",), is_percent=True)


_MODES = {"true": "paper", "false": "live"}
ALIASES = (
    Alias(name="risk", target=("limits",)),
    Alias(name="asterUserAddress", target=("asterdex", "user_address")),
    Alias(name="asterSignerAddress", target=("asterdex", "signer_address")),
    Alias(name="isPaperTrading", target=("mode",), values=_MODES),
    _percent("max_position_size_pct", "max_position_ratio"),
    _percent("min_position_size_pct", "min_position_ratio"),
)
"""Those of seeds 000 and 001, and the two that seed 004 writes in percent."""


def resolve_aliases(document: Document, entry: dict[str, Data], path: KeyPath) -> list[Problem]:
    """Rename second names in one account, in place and in the document's lines."""
    problems: list[Problem] = []
    for alias in ALIASES:
        section = _section(entry, alias.inside)
        if section is not None and alias.name in section:
            problems += _resolve(document, entry, section, path, alias)
    return problems


def _section(entry: dict[str, Data], path: tuple[str, ...]) -> dict[str, Data] | None:
    """A section of an account as it is written; None when there is none."""
    inner: Data = entry
    for part in path:
        inner = inner.get(part) if isinstance(inner, dict) else None
    return inner if isinstance(inner, dict) else None


def _resolve(
    document: Document,
    entry: dict[str, Data],
    section: dict[str, Data],
    path: KeyPath,
    alias: Alias,
) -> list[Problem]:
    place = (*path, *alias.inside, alias.name)
    try:
        meant = _meaning(alias, section.pop(alias.name))
    except ValueError as allowed:
        return [document.problem(place, f"has another value; allowed is {allowed}")]
    holder: Data = entry
    for part in alias.target[:-1]:
        holder = holder.setdefault(part, {}) if isinstance(holder, dict) else None
    if not isinstance(holder, dict):
        return []  # the first name's section is faulty itself, which is said elsewhere
    if alias.target[-1] in holder:
        text = f"and {key_text(alias.target)} mean the same"
        return [document.problem(place, text, "keep one of them")]
    holder[alias.target[-1]] = meant
    document.move(place, (*path, *alias.target))
    return []


def _meaning(alias: Alias, value: Data) -> Data:
    """The value under the first name. `ValueError` with what is allowed for another one."""
    if alias.is_percent:
        return _ratio(value, alias.target[-1])
    if not alias.values:
        return value
    try:
        return alias.values[str(value).strip().lower()]
    except KeyError:
        raise ValueError(" or ".join(alias.values)) from None


def _ratio(percentage: Data, name: str) -> str:
    """As text of a ratio; not of 0.2, which could mean 20 per cent as well as 0.2 of one."""
    text = str(percentage).strip()
    is_number = not isinstance(percentage, bool) and NUMBER_TEXT.fullmatch(text)
    if not is_number or not 1 <= Decimal(text) <= 100:
        raise ValueError(f"a percentage from 1 to 100; for less write {name}")
    return plain(Decimal(text) / 100)
