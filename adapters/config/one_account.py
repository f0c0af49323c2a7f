"""One account as a document: from a file that holds one, or from the options of a command."""

from __future__ import annotations

from collections.abc import Mapping

from adapters.config.problems import ConfigurationError, KeyPath
from adapters.config.yaml_document import Data, Document

_PLACE: KeyPath = ("accounts", 0)


def one_account(document: Document) -> Document:
    """A file with the keys of one account as an accounts file; one with `accounts` as it is.

    Raises `ConfigurationError` when it holds several.
    """
    data = document.data
    if not isinstance(data, dict) or "accounts" not in data:
        return document.inside(_PLACE, {"accounts": [data]})
    entries = data["accounts"]
    if isinstance(entries, list) and len(entries) > 1:
        text = f"has {len(entries)} accounts where one is added"
        hint = f"perpflow accounts apply {document.source}"
        raise ConfigurationError([document.problem(("accounts",), text, hint)])
    return document


def account_of_options(values: Mapping[KeyPath, tuple[str, str | None]]) -> Document:
    """An account from options: (option, text) by key path, None for one that is not given."""
    entry: dict[str, Data] = {}
    names: dict[KeyPath, str] = {}
    for path, (option, text) in values.items():
        names[(*_PLACE, *path)] = option
        if text is None:
            continue
        *sections, key = (str(part) for part in path)
        holder = entry
        for section in sections:
            inner = holder.setdefault(section, {})
            assert isinstance(inner, dict)  # noqa: S101 - we have just made it
            holder = inner
        holder[key] = text.replace("$", "$$")  # the shell has filled in variables already
    return Document(
        source="command line", data={"accounts": [entry]}, lines={}, names=names, root=_PLACE
    )
