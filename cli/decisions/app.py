"""`perpflow decisions ...`: what models were asked, what they said, and what came of it.

The commands work on the database alone, whether the arena runs or not. They show calls of language
models; decisions of rules have no conversation to show and are in `/api/v1/decisions`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

import typer

from cli.command_settings import DataDir, Json, command_settings

decisions_app = typer.Typer(
    help="What models were asked, what they said, and what came of it.", no_args_is_help=True
)

_APPLICATION = "perpflow-decisions"
_EXPORT_LIMIT = 100_000


class ActionWord(StrEnum):
    """Of a decision."""

    BUY = "buy"
    SELL = "sell"
    HOLD = "hold"
    CLOSE = "close"


class PurposeWord(StrEnum):
    """Of a call."""

    DECIDE = "decide"
    CORRECT = "correct"
    PREVIEW = "preview"
    REPLAY = "replay"


Account = Annotated[str | None, typer.Option("--account", help="Only this account.")]
Asset = Annotated[str | None, typer.Option("--asset", help="Decided for this base asset.")]
Since = Annotated[str | None, typer.Option(help="From this market time on, e.g. 2026-11-20.")]
Until = Annotated[str | None, typer.Option(help="Before this market time.")]
Actions = Annotated[
    list[ActionWord] | None, typer.Option("--action", help="Led to such a decision; repeatable.")
]
Outcomes = Annotated[
    list[str] | None,
    typer.Option("--outcome", help="accepted, why it was held, or an error's code; repeatable."),
]
Purposes = Annotated[
    list[PurposeWord] | None, typer.Option("--purpose", help="What it was asked for; repeatable.")
]
Model = Annotated[str | None, typer.Option(help="Asked for, or named by the answer.")]
Limit = Annotated[int, typer.Option("--limit", "-n", min=1, max=1_000, help="The newest so many.")]
Words = Annotated[
    str, typer.Argument(metavar="WORDS", help='All of them; "a phrase", or, -not as well.')
]


@decisions_app.command("list")
def decisions_list(  # noqa: PLR0913 - each option is a parameter; that is how Typer declares them
    *,
    account: Account = None,
    asset: Asset = None,
    since: Since = None,
    until: Until = None,
    action: Actions = None,
    outcome: Outcomes = None,
    purpose: Purposes = None,
    model: Model = None,
    limit: Limit = 20,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The newest calls: when, who, which model, what came of them, what they cost."""
    _list(dict(locals()), text=None)


@decisions_app.command("search")
def decisions_search(  # noqa: PLR0913 - each option is a parameter; that is how Typer declares them
    words: Words,
    *,
    account: Account = None,
    asset: Asset = None,
    since: Since = None,
    until: Until = None,
    action: Actions = None,
    outcome: Outcomes = None,
    purpose: Purposes = None,
    model: Model = None,
    limit: Limit = 20,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """The newest calls whose reply has these words."""
    _list(dict(locals()), text=words)


@decisions_app.command("show")
def decisions_show(
    named: Annotated[
        str, typer.Argument(metavar="ID", help="Of a call or of a decision; its start will do.")
    ],
    *,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """One call: messages, reply, how it was read, decisions with what risk said, cost."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.arena_database import arena_database
    from cli.decisions.asking import as_json as rendered
    from cli.decisions.asking import fetch_call
    from cli.decisions.one_call import call_lines

    found = fetch_call(arena_database(settings, application=_APPLICATION), named)
    if as_json:
        typer.echo(rendered(found))
        return
    for line in call_lines(found):
        typer.echo(line)


@decisions_app.command("replay")
def decisions_replay(
    named: Annotated[
        str, typer.Argument(metavar="ID", help="Of a call or of a decision; its start will do.")
    ],
    *,
    model: Annotated[
        str | None, typer.Option(help="Another model; without it that of the account.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Ask the words of a call again, of any model. No order; it is paid for and stored."""
    settings, environ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.decisions.replaying import run_replay

    raise typer.Exit(run_replay(settings, environ, named, model=model, as_json=as_json))


@decisions_app.command("export")
def decisions_export(  # noqa: PLR0913 - each option is a parameter; that is how Typer declares them
    *,
    account: Account = None,
    asset: Asset = None,
    since: Since = None,
    until: Until = None,
    action: Actions = None,
    outcome: Outcomes = None,
    purpose: Purposes = None,
    model: Model = None,
    text: Annotated[str | None, typer.Option(help="Whose reply has these words.")] = None,
    limit: Annotated[
        int, typer.Option("--limit", "-n", min=1, max=_EXPORT_LIMIT, help="The newest so many.")
    ] = _EXPORT_LIMIT,
    data_dir: DataDir = None,
) -> None:
    """Whole calls as JSON lines on stdout, newest first."""
    options = _filters(dict(locals()), text=text)
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.arena_database import arena_database
    from cli.decisions.asking import export, wanted

    export(arena_database(settings, application=_APPLICATION), wanted(options), limit, typer.echo)


def _list(given: dict[str, Any], *, text: str | None) -> None:
    options = _filters(given, text=text)
    settings, _ = command_settings(PERPFLOW_HOME=given["data_dir"])
    from cli.arena_database import arena_database
    from cli.decisions.asking import as_json, fetch_list, wanted
    from cli.decisions.screens import show_calls

    opened = arena_database(settings, application=_APPLICATION)
    found = fetch_list(opened, wanted(options), given["limit"])
    if given["as_json"]:
        typer.echo(as_json(found))
    else:
        show_calls(found)


def _filters(given: dict[str, Any], *, text: str | None) -> dict[str, Any]:
    """The filters among the parameters of a command; a list that was not given is empty."""
    repeated = {name: given[name] or () for name in ("action", "outcome", "purpose")}
    single = {name: given[name] for name in ("account", "asset", "since", "until", "model")}
    return {**single, **repeated, "text": text}
