"""`accounts add`, `remove` and `apply`: look, show, ask, do, say.

The database is let go of while a person is asked: a command that holds the data folder must not
keep `perpflow up` waiting for somebody's answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from adapters.config.settings import Settings
from adapters.store.account_json import account_to_json
from adapters.store.account_life import StillTied, require_untied
from cli.accounts.answers import (
    changes_document,
    removal_sentence,
    ties_document,
    when_it_applies,
)
from cli.accounts.arena import read_arena
from cli.accounts.changing import (
    Wish,
    add_one,
    carry_out,
    look_at,
    preview,
    rehearse,
    remove_one,
)
from cli.accounts.options import AddOptions, options_document
from cli.accounts.screens import show_changes, summary
from cli.accounts.wanted import (
    KnownHere,
    document_of,
    wanted_account,
    wanted_accounts,
)
from cli.arena_database import ArenaDatabase, arena_database
from cli.command_settings import print_json
from cli.confirmation import require_yes
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.prompt_faults import PromptFaults
from cli.prompt_files import prompt_folder_of_arena

_APPLICATION = "perpflow-accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """How `accounts apply` was called."""

    file: str | None
    dry_run: bool
    prune: bool
    keep_positions: bool
    yes: bool
    as_json: bool


def run_add(
    settings: Settings,
    environ: Mapping[str, str],
    options: AddOptions,
    *,
    file: str | None,
    as_json: bool,
) -> None:
    """Add one account. Raises `ConfigurationError` and `CommandFailed`."""
    if file is not None and options.given:
        raise CommandFailed(
            ExitCode.WRONG_USAGE,
            f"--file describes the whole account; leave out {', '.join(options.given)}",
        )
    document = options_document(options) if file is None else document_of(file)
    with _database(settings) as database:
        account = wanted_account(document, environ, _known(database, settings))
        changes = add_one(database.engine, account, settings)
    is_back = account.id in changes.returning
    if as_json:
        print_json({"schema_version": 1, "account": account_to_json(account), "is_back": is_back})
        return
    verb = "is back, with its history" if is_back else "was added"
    typer.echo(f"account {account.id} {verb}: {summary(account)}")
    typer.echo(when_it_applies(changes), err=True)


def run_remove(
    settings: Settings, account_id: str, *, keep_positions: bool, yes: bool, as_json: bool
) -> None:
    """Remove one account. Raises `CommandFailed`."""
    with _database(settings) as database:
        stored, ties = look_at(database.engine, account_id)
        require_untied([ties], keep_positions=keep_positions)
    left = f" with {ties.sentence}" if ties.sentence else ""
    question = f"Remove {account_id} ({summary(stored.account)}){left}? Its records stay."
    require_yes(question, yes=yes)
    with _database(settings) as database:
        ties = remove_one(database.engine, account_id, keep_positions=keep_positions)
    if as_json:
        print_json({"schema_version": 1, "removed": ties_document(ties)})
    else:
        typer.echo(removal_sentence(ties))


def run_apply(settings: Settings, environ: Mapping[str, str], how: Application) -> None:
    """Show the difference, ask, apply. Raises `ConfigurationError` and `CommandFailed`."""
    with _database(settings) as database:
        known = _known(database, settings)
        source, accounts = wanted_accounts(how.file, settings, environ, known)
        wish = Wish(accounts=accounts, prune=how.prune, keep_positions=how.keep_positions)
        shown = preview(database.engine, wish)
        if not how.as_json:
            show_changes(shown, source)
        rehearse(database.engine, wish, settings)
    is_applied = False
    if not (shown.accounts.is_empty or how.dry_run):
        require_yes("Apply these changes?", yes=how.yes)
        with _database(settings) as database:
            carry_out(database.engine, wish, settings, shown)
        is_applied = True
    if how.as_json:
        print_json(changes_document(shown, source=source, applied=is_applied))
    else:
        typer.echo(_end(how, is_applied=is_applied, when=when_it_applies(shown)), err=True)


@contextmanager
def _database(settings: Settings) -> Iterator[ArenaDatabase]:
    """The database, with the next step added to a refused removal."""
    with arena_database(settings, application=_APPLICATION) as database:
        try:
            yield database
        except StillTied as refusal:
            raise CommandFailed(ExitCode.REFUSED, f"{refusal}. {_next_step(refusal)}") from None


def _next_step(refusal: StillTied) -> str:
    if any(ties.is_in_cycle for ties in refusal.ties):
        return "Try again when the cycle has ended, within a minute"
    return (
        "Close them first, or, with --keep-positions, leave them to the stop orders that rest at "
        "the venue, managed by nobody"
    )


def _end(how: Application, *, is_applied: bool, when: str) -> str:
    if is_applied:
        return f"applied; {when}"
    return "dry run: nothing was changed" if how.dry_run else "nothing had to be changed"


def _known(database: ArenaDatabase, settings: Settings) -> KnownHere:
    with database.engine.connect() as conn:
        now = read_arena(conn)
    return KnownHere(
        assets=now.market.assets,
        accounts=tuple(each.account for each in now.accounts),
        prompt_fault=PromptFaults(prompt_folder_of_arena(settings)),
    )
