"""How the operator's commands look on the command line; what they do is beside this file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command_settings import DataDir, command_settings
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed

if TYPE_CHECKING:
    from adapters.config.settings import Settings

Account = Annotated[str | None, typer.Option("--account", help="Only this account.")]
Ids = Annotated[list[str] | None, typer.Argument(metavar="ID...", help="Accounts by id.")]
All = Annotated[bool, typer.Option("--all", help="Every account.")]
Reason = Annotated[str, typer.Option("--reason", help="Kept with the command, for the record.")]
RELEASE_WORD = "release"


def panic(
    *,
    flatten: Annotated[
        bool, typer.Option("--flatten", help="Also close every position at market.")
    ] = False,
    account: Account = None,
    reason: Reason = "",
    data_dir: DataDir = None,
) -> None:
    """Emergency stop: no new order opens anything, from the moment this returns."""
    from cli.operate.halting import run_panic

    settings = _settings(data_dir)
    raise typer.Exit(run_panic(settings, account_id=account, reason=reason, flatten=flatten))


def release(
    *,
    account: Account = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data_dir: DataDir = None,
) -> None:
    """End a panic: the accounts may open positions again."""
    if not yes:
        _require_typed(f"the halt of {account or 'all accounts'} ends")
    from cli.operate.halting import run_release

    typer.echo(run_release(_settings(data_dir), account_id=account), err=True)


def pause(
    ids: Ids = None, *, every: All = False, reason: Reason = "", data_dir: DataDir = None
) -> None:
    """No new cycles, until resumed here or in Prefect; positions keep their stops."""
    _change("pause", ids, every=every, reason=reason, data_dir=data_dir)


def resume(
    ids: Ids = None, *, every: All = False, reason: Reason = "", data_dir: DataDir = None
) -> None:
    """Cycles go on at the next slot; also after a stop."""
    _change("resume", ids, every=every, reason=reason, data_dir=data_dir)


def stop(
    ids: Ids = None, *, every: All = False, reason: Reason = "", data_dir: DataDir = None
) -> None:
    """No cycles, until resumed here and nowhere else; positions keep their stops."""
    _change("stop", ids, every=every, reason=reason, data_dir=data_dir)


def register_on(app: typer.Typer, accounts_app: typer.Typer) -> None:
    """Hang the commands on the command line."""
    app.command()(panic)
    app.command()(release)
    for command in (pause, resume, stop):
        accounts_app.command()(command)


def _change(
    word: str, ids: list[str] | None, *, every: bool, reason: str, data_dir: Path | None
) -> None:
    if bool(ids) == every:
        raise CommandFailed(
            ExitCode.WRONG_USAGE,
            f"name the accounts to {word}, or --all for every one of them, not both",
        )
    from adapters.store.commands import CommandKind
    from cli.operate.statuses import run_change

    kind = CommandKind(word)
    for sentence in run_change(_settings(data_dir), kind, ids or None, reason=reason):
        typer.echo(sentence)


def _require_typed(what: str) -> None:
    """A word that is typed, because Enter is pressed too easily."""
    if not sys.stdin.isatty():
        raise CommandFailed(
            ExitCode.REFUSED, f"{what}: confirm it with --yes where nobody can be asked"
        )
    if typer.prompt(f"Type '{RELEASE_WORD}' and {what}", err=True).strip() != RELEASE_WORD:
        raise CommandFailed(ExitCode.REFUSED, "not confirmed; the halt holds")


def _settings(data_dir: Path | None) -> Settings:
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    return settings
