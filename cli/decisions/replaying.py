"""`perpflow decisions replay`: the words of an old question to the same model or another one, now.

The answer is read against what was known then, set beside what was decided then, and stored as a
replay. No order comes of it.
"""

from __future__ import annotations

from collections.abc import Coroutine, Iterator, Mapping
from typing import TYPE_CHECKING, Any
from uuid import UUID

from adapters.config.settings import Settings
from cli.agents.asking import ask_here, code_of, document_of, show_preview
from cli.arena_database import arena_database
from cli.command_settings import print_json
from cli.console import stdout_console
from cli.decisions.asking import Document, fetch_call
from cli.exit_codes import ExitCode
from cli.terminal_text import shown

if TYPE_CHECKING:
    from tasks.model_questions import Preview

NOTHING = "-"


def run_replay(
    settings: Settings,
    environ: Mapping[str, str],
    named: str,
    *,
    model: str | None,
    as_json: bool,
) -> ExitCode:
    """Ask again, show, and say by the code whether there was an answer. Raises `CommandFailed`."""
    original = fetch_call(arena_database(settings, application="perpflow-decisions"), named)
    call_id = UUID(str(original["id"]))

    def ask() -> Coroutine[Any, Any, Preview | None]:
        from tasks.model_questions import replay

        return replay(call_id, model=model)

    found = ask_here(settings, environ, original["account_id"], ask)
    if as_json:
        document = document_of(original["account_id"], found, with_messages=False)
        print_json(document | {"replay_of": str(call_id), "then": _actions(original)})
        return code_of(found)
    show_preview(found, with_messages=False)
    for line in _beside(original, found):
        stdout_console().print(shown(line), markup=False, highlight=False, soft_wrap=True)
    return code_of(found)


def _beside(original: Document, found: Preview) -> Iterator[str]:
    then, now = _actions(original), _actions_now(found)
    yield f"Then, {original['model_used'] or original['model_asked']}; now, {found.model_used or NOTHING}:"
    for asset in sorted({*then, *now}):
        before, after = then.get(asset, NOTHING), now.get(asset, NOTHING)
        yield f"  {asset:<8} {before:<6} {after:<6} {'same' if before == after else 'DIFFERENT'}"


def _actions(original: Document) -> dict[str, str]:
    """By asset, as the reply of then was read; a reply that could not be read has none."""
    verdicts = (original["reading"] or {}).get("verdicts", ())
    return {str(each["asset"]): str(each["action"]) for each in verdicts}


def _actions_now(found: Preview) -> dict[str, str]:
    verdicts = () if found.reading is None else found.reading.verdicts
    return {each.asset: each.decision.action.value for each in verdicts}
