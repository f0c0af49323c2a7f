"""Which accounts a command wants: from options, a file, standard input or the environment."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.config.accounts_file import read_accounts
from adapters.config.model_checks import PromptFault
from adapters.config.one_account import one_account
from adapters.config.settings import Settings
from adapters.config.sources import find_source, label_of, load_source
from adapters.config.yaml_document import Document, read_document, read_stream
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from trading.account import Account

STDIN = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownHere:
    """What an account is checked against: assets of the market, accounts and prompts of the arena."""

    assets: Sequence[str]
    accounts: Sequence[Account]
    prompt_fault: PromptFault


def document_of(file: str) -> Document:
    """A file, or standard input for `-`. Raises `ConfigurationError`."""
    return read_stream(sys.stdin.buffer) if file == STDIN else read_document(Path(file))


def wanted_account(document: Document, environ: Mapping[str, str], known: KnownHere) -> Account:
    """The one account of a document. Raises `ConfigurationError`."""
    (account,) = _read(one_account(document), environ, known)
    return account


def wanted_accounts(
    file: str | None,
    settings: Settings,
    environ: Mapping[str, str],
    known: KnownHere,
) -> tuple[str, tuple[Account, ...]]:
    """What to call the source, and its accounts. Raises `ConfigurationError`, `CommandFailed`."""
    if file is not None:
        document = document_of(file)
        return document.source, _read(document, environ, known)
    source = find_source(settings.config, environ)
    if source is None:
        raise CommandFailed(
            ExitCode.WRONG_USAGE,
            "there is nothing to apply: no accounts.yaml here and no variables that describe "
            "accounts; name a file, or - for standard input",
        )
    loaded = load_source(
        source,
        environ,
        is_named=settings.config is not None,
        known_assets=known.assets,
        stored=known.accounts,
        prompt_fault=known.prompt_fault,
    )
    return label_of(source), loaded.accounts


def _read(document: Document, environ: Mapping[str, str], known: KnownHere) -> tuple[Account, ...]:
    loaded = read_accounts(
        document,
        environ,
        known_assets=known.assets,
        stored=known.accounts,
        prompt_fault=known.prompt_fault,
    )
    return loaded.accounts
