"""`perpflow agents twin`: a paper account alike but for its prompt or its model, to compare the two.

Unlike a twin of a live account (`twin_of`) it decides itself: the same market, slots and rules, its own
money and its own past.
"""

from __future__ import annotations

from dataclasses import replace

import typer

from adapters.config.settings import Settings
from adapters.store.accounts import load_account
from cli.accounts.answers import when_it_applies
from cli.accounts.changing import add_one
from cli.accounts.screens import summary
from cli.arena_database import arena_database
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.prompt_faults import PromptFaults
from cli.prompt_files import prompt_folder_of_arena
from trading.account import Account, AgentKind, BracketPolicy, ForeignPolicy, Mode
from trading.errors import InvalidRecord


def run_twin(
    settings: Settings,
    account_id: str,
    *,
    prompt: str | None,
    model: str | None,
    new_id: str | None,
) -> None:
    """Add it to the arena and say so. Raises `CommandFailed`."""
    if prompt is None and model is None:
        raise CommandFailed(
            ExitCode.WRONG_USAGE, "name what is to be different: --prompt, --model, or both"
        )
    _require_prompt(settings, prompt)
    with arena_database(settings, application="perpflow-agents") as database:
        with database.engine.connect() as conn:
            original = load_account(conn, account_id).account
        try:
            twin = twin_of(original, prompt=prompt, model=model, new_id=new_id)
        except InvalidRecord as error:
            raise CommandFailed(ExitCode.INVALID_CONFIGURATION, str(error)) from None
        changes = add_one(database.engine, twin, settings)
    typer.echo(f"account {twin.id} was added: {summary(twin)}")
    typer.echo(when_it_applies(changes), err=True)
    typer.echo(f"perpflow agents compare {original.id} {twin.id} sets them side by side", err=True)


def twin_of(
    original: Account, *, prompt: str | None, model: str | None, new_id: str | None
) -> Account:
    """The paper account. Raises `CommandFailed` where no model decides, `InvalidRecord` for a bad id."""
    if original.kind is not AgentKind.LLM:
        raise CommandFailed(
            ExitCode.INVALID_CONFIGURATION,
            f"account {original.id} is decided by {original.strategy}, not by a language model",
        )
    other = " ".join(each for each in (prompt, model) if each is not None)
    return replace(
        original.asking(model),
        id=new_id or f"{original.id}-{_as_id(other)}",
        name=f"{original.name}, {other}",
        prompt=prompt or original.prompt,
        mode=Mode.PAPER,
        venue="paper",
        venue_keys=None,
        foreign=ForeignPolicy.IGNORE,
        bracket=BracketPolicy.SEPARATE,
        twin_of=None,
    )


def _as_id(words: str) -> str:
    return "".join(each if each.isascii() and each.isalnum() else "-" for each in words.lower())


def _require_prompt(settings: Settings, prompt: str | None) -> None:
    fault = None if prompt is None else PromptFaults(prompt_folder_of_arena(settings))(prompt)
    if fault is not None:
        raise CommandFailed(ExitCode.INVALID_CONFIGURATION, f"the prompt {fault}")
