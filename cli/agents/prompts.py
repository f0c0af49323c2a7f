"""Prompts as an operator sees them: the list, one of them filled for an account, a difference.

A filled prompt is the first message of a question, to the letter; the second one is the data.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from adapters.config.settings import Settings
from adapters.prompts.load import SUFFIX, load_prompt, prompt_names
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.prompt_faults import PromptFaults
from cli.prompt_files import prompt_folder_of_arena
from trading.account import Account
from trading.decision.context.build import Context
from trading.decision.contract import Contract
from trading.decision.prompt import Prompt, build_messages
from trading.decision.reply.mandate import Mandate, Tradable
from trading.errors import InvalidRecord
from trading.model_agent import ModelAgent

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from trading.instruments import Instrument

LAST = "last"
"""In the place of another prompt's name: what the account's model was told last."""
SHIPPED = "perpflow"
_NO_DATA = Context(text="", tokens=0, left_out=(), fits=True)


def list_prompts(folder: Path | None) -> dict[str, Any]:
    """Every prompt, one that cannot be used with the reason."""
    return {
        "schema_version": 1,
        "folder": None if folder is None else str(folder),
        "prompts": [_listed(name, folder) for name in prompt_names(folder)],
    }


def show_prompts(found: Mapping[str, Any]) -> None:
    """A table for a person."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from cli.console import stdout_console

    table = Table("Prompt", "Version", "From", "", box=box.SIMPLE_HEAD, pad_edge=False)
    for each in found["prompts"]:
        words = each["description"] if each["fault"] is None else f"cannot be used: {each['fault']}"
        cells = (each["name"], each["version"] or "-", each["from"], words)
        table.add_row(*(escape(cell) for cell in cells))
    stdout_console().print(table)


def run_prompt(settings: Settings, name: str, *, account_id: str | None, other: str | None) -> str:
    """What `agents prompt` prints. Raises `CommandFailed`."""
    folder = prompt_folder_of_arena(settings)
    if other == LAST and account_id is None:
        raise CommandFailed(
            ExitCode.WRONG_USAGE,
            f"--diff {LAST} compares with what an account's model was told; name it with --account",
        )
    prompt = _load(name, folder)
    if account_id is None:
        if other is None:
            return prompt.text
        return unified(_load(other, folder), prompt, lambda each: each.text)
    return _of_account(settings, account_id, prompt, other=other, folder=folder)


def _of_account(
    settings: Settings, account_id: str, prompt: Prompt, *, other: str | None, folder: Path | None
) -> str:
    from adapters.store.accounts import load_account
    from cli.accounts.arena import read_arena
    from cli.arena_database import arena_database

    with (
        arena_database(settings, application="perpflow-agents") as database,
        database.engine.connect() as conn,
    ):
        account = load_account(conn, account_id).account
        market = read_arena(conn).market
        told = _told_last(conn, account_id) if other == LAST else None

    def fill(each: Prompt) -> str:
        return filled(each, account, market.instruments)

    if other is None:
        return fill(prompt)
    if told is not None:
        label, text = told
        return _unified(label, text, _label(prompt), fill(prompt))
    return unified(_load(other, folder), prompt, fill)


def filled(prompt: Prompt, account: Account, instruments: tuple[Instrument, ...]) -> str:
    """The first message of a question of that account; a scan is shown with all its candidates."""
    agent = account.model_agent or ModelAgent()
    wanted = account.assets or tuple(each.base for each in instruments)
    by_base = {each.base: each for each in instruments}
    mandate = Mandate(
        tradables=tuple(
            Tradable(asset=asset, symbol=by_base[asset].symbol, price=None)
            for asset in wanted
            if asset in by_base
        ),
        decided_by=account.model or account.strategy,
    )
    return build_messages(
        prompt,
        _NO_DATA,
        mandate=mandate,
        limits=account.limits,
        interval=account.interval,
        contract=Contract(agent.form),
    ).system


def unified(old: Prompt, new: Prompt, text_of: Any) -> str:
    """From one prompt to another, as a unified diff."""
    return _unified(_label(old), text_of(old), _label(new), text_of(new))


def _unified(old_label: str, old: str, new_label: str, new: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(), new.splitlines(), old_label, new_label, lineterm=""
    )
    return "\n".join(lines) or f"{old_label} and {new_label} say the same"


def _label(prompt: Prompt) -> str:
    return f"{prompt.name} {prompt.version}"


def _told_last(conn: Connection, account_id: str) -> tuple[str, str]:
    from adapters.store.model_calls import load_last_question

    told = load_last_question(conn, account_id)
    if told is None:
        raise CommandFailed(
            ExitCode.REFUSED, f"the model of account {account_id} has not been asked yet"
        )
    return f"{told.prompt_name} {told.prompt_version} (told last)", told.system


def _load(name: str, folder: Path | None) -> Prompt:
    fault = PromptFaults(folder)(name)
    if fault is not None:
        raise CommandFailed(ExitCode.INVALID_CONFIGURATION, f"the prompt {fault}")
    return load_prompt(name, folder)


def _listed(name: str, folder: Path | None) -> dict[str, Any]:
    own = None if folder is None else folder / f"{name}{SUFFIX}"
    about: dict[str, Any] = {
        "name": name,
        "from": SHIPPED if own is None or not own.is_file() else str(own),
        "version": None,
        "description": "",
        "fault": None,
    }
    try:
        prompt = load_prompt(name, folder)
    except (InvalidRecord, OSError) as error:
        return about | {"fault": str(error)}
    return about | {"version": prompt.version, "description": prompt.description}
