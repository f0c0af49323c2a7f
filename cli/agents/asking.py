"""A question to an account's model from the command line: asked in this process, shown, never an order.

It runs the steps of a cycle up to the decision. The key is resolved as the worker does it, from the
environment with `.env` beneath it.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from adapters.config.references import is_set
from adapters.config.settings import Settings
from adapters.store.accounts import load_account
from cli.arena_database import arena_database
from cli.command_settings import print_json
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.prompt_files import PROMPTS_VARIABLE, prompt_folder_of_arena
from trading.account import Account
from trading.errors import TradingError

if TYPE_CHECKING:
    from tasks.model_questions import Preview

_NO_ACCESS = ("model_key_refused", "model_credits_exhausted")
Ask = Callable[[], "Coroutine[Any, Any, Preview | None]"]


def run_decide(
    settings: Settings,
    environ: Mapping[str, str],
    account_id: str,
    assets: Sequence[str],
    *,
    with_messages: bool,
    as_json: bool,
) -> ExitCode:
    """Ask, show, and say by the code whether there was an answer. Raises `CommandFailed`."""

    def ask() -> Coroutine[Any, Any, Preview | None]:
        from tasks.model_questions import preview

        return preview(account_id, assets)

    found = ask_here(settings, environ, account_id, ask)
    if as_json:
        print_json(document_of(account_id, found, with_messages=with_messages))
    else:
        show_preview(found, with_messages=with_messages)
    return code_of(found)


def ask_here(settings: Settings, environ: Mapping[str, str], account_id: str, ask: Ask) -> Preview:
    """Ask the model of an account in this process; `ask` is called when everything is in place.

    Raises `CommandFailed`: no arena, no key, a running cycle, or what the question itself refuses.
    """
    folder = prompt_folder_of_arena(settings)
    with arena_database(settings, application="perpflow-agents") as database:
        with database.engine.connect() as conn:
            account = load_account(conn, account_id).account
        _require_key(account, environ)
        # The steps of a cycle find what they need in the environment, like those of a flow run.
        for name, value in environ.items():
            os.environ.setdefault(name, value)
        os.environ["DATABASE_URL"] = database.url
        os.environ.setdefault("PREFECT_SERVER_ALLOW_EPHEMERAL_MODE", "false")
        if folder is not None:
            os.environ[PROMPTS_VARIABLE] = str(folder)
        return _ask(account_id, ask)


def code_of(found: Preview) -> ExitCode:
    """Whether there was an answer."""
    if found.reading is not None:
        return ExitCode.DONE
    return ExitCode.BAD_CREDENTIALS if found.outcome in _NO_ACCESS else ExitCode.UNREACHABLE


def _ask(account_id: str, ask: Ask) -> Preview:
    from tasks.resources import forget

    try:
        found = asyncio.run(ask())
    except TradingError as refusal:
        raise CommandFailed(ExitCode.INVALID_CONFIGURATION, str(refusal)) from None
    finally:
        forget()
    if found is None:
        raise CommandFailed(
            ExitCode.REFUSED, f"a cycle of account {account_id} is running; try again in a minute"
        )
    return found


def _require_key(account: Account, environ: Mapping[str, str]) -> None:
    reference = None if account.provider is None else account.provider.api_key
    if reference is not None and is_set(reference, environ) is False:
        raise CommandFailed(
            ExitCode.BAD_CREDENTIALS,
            f"there is nothing behind {reference}, the key of account {account.id}; put it into .env"
            " of this folder or into the environment",
        )


def document_of(account_id: str, found: Preview, *, with_messages: bool) -> dict[str, Any]:
    """As JSON; amounts as text."""
    told = found.messages
    messages = {"messages": {"system": told.system, "user": told.user}} if with_messages else {}
    return {
        "schema_version": 1,
        "account_id": account_id,
        "call_ids": [str(each) for each in found.call_ids],
        "model_used": found.model_used,
        "context_tokens": found.tokens,
        **messages,
        "reply_text": found.reply_text,
        "outcome": found.outcome,
        "reason": found.reason,
        "decisions": []
        if found.reading is None
        else [_decision(x) for x in found.reading.verdicts],
        "cost_usd": None if found.cost is None else str(found.cost),
    }


def _decision(verdict: Any) -> dict[str, Any]:
    decision = verdict.decision
    return {
        "asset": verdict.asset,
        "outcome": verdict.outcome.value,
        "sentence": verdict.sentence,
        "action": decision.action.value,
        "allocation_usd": str(decision.allocation_usd),
        "stop_price": _text(decision.stop_price),
        "take_profit_price": _text(decision.take_profit_price),
        "rationale": decision.rationale,
    }


def show_preview(found: Preview, *, with_messages: bool) -> None:
    """For a person: sizes, the reply as it came, what was made of it, what it cost."""
    from rich import box
    from rich.markup import escape
    from rich.table import Table

    from cli.console import stdout_console
    from cli.terminal_text import shown, shown_on_one_line

    console = stdout_console()

    def say(text: str) -> None:
        console.print(shown(text), markup=False, highlight=False, soft_wrap=True)

    if with_messages:
        say(f"{found.messages.system}\n\n{found.messages.user}\n")
    say(f"model      {found.model_used or '-'}")
    say(f"context    about {found.tokens:,} tokens")
    say(f"cost       {'unknown' if found.cost is None else f'{found.cost} USD'}")
    say(f"outcome    {found.outcome}{f': {found.reason}' if found.reason else ''}")
    say("\nreply, as it came:\n" + (found.reply_text or "(nothing)") + "\n")
    if found.reading is None:
        return
    heads = ("Asset", "Action", "USD", "Stop", "Target", "Read as", "Why")
    table = Table(*heads, box=box.SIMPLE_HEAD, pad_edge=False)
    for row in map(_decision, found.reading.verdicts):
        cells = (
            *(row["asset"], row["action"], row["allocation_usd"], row["stop_price"] or "-"),
            *(row["take_profit_price"] or "-", row["outcome"], row["sentence"] or row["rationale"]),
        )
        table.add_row(*(escape(shown_on_one_line(cell)) for cell in cells))
    console.print(table)
    say("No order was placed.")


def _text(value: object) -> str | None:
    return None if value is None else str(value)
