"""Second names of the keys of an account, as the documents of the project use them.

An alias is resolved before the shape is checked, so that nothing after it knows of aliases. A file
that has both names of one thing is refused: nobody could say which of them counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from adapters.config.problems import KeyPath, Problem, key_text
from adapters.config.yaml_document import Data, Document


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """One second name."""

    name: str
    target: tuple[str, ...]
    """Key path inside the account."""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """What its values are called under the first name; empty when they are the same."""


_MODES = {"true": "paper", "false": "live"}
ALIASES = (
    Alias(name="risk", target=("limits",)),
    Alias(name="asterUserAddress", target=("asterdex", "user_address")),
    Alias(name="asterSignerAddress", target=("asterdex", "signer_address")),
    Alias(name="isPaperTrading", target=("mode",), values=_MODES),
)


def resolve_aliases(document: Document, entry: dict[str, Data], path: KeyPath) -> list[Problem]:
    """Rename second names in one account, in place and in the document's lines."""
    problems: list[Problem] = []
    for alias in ALIASES:
        if alias.name in entry:
            problems += _resolve(document, entry, path, alias)
    return problems


def _resolve(
    document: Document, entry: dict[str, Data], path: KeyPath, alias: Alias
) -> list[Problem]:
    value = entry.pop(alias.name)
    written = str(value).strip().lower()
    if alias.values and written not in alias.values:
        allowed = " or ".join(alias.values)
        return [document.problem((*path, alias.name), f"has another value; allowed is {allowed}")]
    holder: Data = entry
    for part in alias.target[:-1]:
        holder = holder.setdefault(part, {}) if isinstance(holder, dict) else None
    if not isinstance(holder, dict):
        return []  # the first name's section is faulty itself, which is said elsewhere
    if alias.target[-1] in holder:
        text = f"and {key_text(alias.target)} mean the same"
        return [document.problem((*path, alias.name), text, "keep one of them")]
    holder[alias.target[-1]] = alias.values.get(written, value)
    document.move((*path, alias.name), (*path, *alias.target))
    return []
