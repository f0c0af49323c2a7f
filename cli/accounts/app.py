"""`perpflow accounts ...`: the sub-app that every command about accounts hangs on.

Commands register themselves on `accounts_app`; heavy imports stay inside the commands. They work on
the database alone: the control loop makes Prefect's deployments follow it.
"""

from __future__ import annotations

from typing import Annotated

import typer

from cli.command_settings import DataDir, Json, command_settings, print_json
from cli.live.app import show_at_venue

accounts_app = typer.Typer(
    help="List, show, add, change and remove accounts, while the arena runs or not.",
    no_args_is_help=True,
)

_APPLICATION = "perpflow-accounts"
AccountId = Annotated[str, typer.Argument(metavar="ID", help="Of the account.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
KeepPositions = Annotated[
    bool,
    typer.Option("--keep-positions", help="Remove although positions are open; they stay open."),
]


@accounts_app.command("list")
def accounts_list(
    *,
    removed: Annotated[bool, typer.Option("--removed", help="The removed ones too.")] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """All accounts with agent, version and state."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.accounts.reading import list_document
    from cli.accounts.screens import show_list
    from cli.arena_database import arena_database

    with (
        arena_database(settings, application=_APPLICATION) as database,
        database.engine.connect() as conn,
    ):
        found = list_document(conn, removed=removed)
    print_json(found) if as_json else show_list(found)


@accounts_app.command("show")
def accounts_show(
    account_id: AccountId,
    *,
    versions: Annotated[
        bool, typer.Option("--versions", help="Every version, with date and change.")
    ] = False,
    venue: Annotated[
        bool, typer.Option("--venue", help="As its venue has it now: money, positions, orders.")
    ] = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """One account: state, configuration, which secrets are set; its versions; or its venue."""
    settings, environ = command_settings(PERPFLOW_HOME=data_dir)
    if venue:
        show_at_venue(settings, environ, account_id, as_json=as_json)
        return
    from cli.accounts.reading import account_document, versions_document
    from cli.accounts.screens import show_account, show_versions
    from cli.arena_database import arena_database

    with (
        arena_database(settings, application=_APPLICATION) as database,
        database.engine.connect() as conn,
    ):
        found = (
            versions_document(conn, account_id)
            if versions
            else account_document(conn, account_id, environ)
        )
    if as_json:
        print_json(found)
    else:
        show_versions(found) if versions else show_account(found)


@accounts_app.command("add")
def accounts_add(  # noqa: PLR0913 - each option is a parameter; that is how Typer declares them
    *,
    account_id: Annotated[
        str | None, typer.Option("--id", help="1 to 64 of a-z 0-9 _ -; not used before.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="What is shown.")] = None,
    strategy: Annotated[str | None, typer.Option(help="Who decides: docs/strategies.md.")] = None,
    assets: Annotated[str | None, typer.Option(help="Base assets, e.g. BTC,ETH.")] = None,
    interval: Annotated[str | None, typer.Option(help="How often it decides; 1h.")] = None,
    equity: Annotated[str | None, typer.Option(help="Paper money in USDT; 10000.")] = None,
    mode: Annotated[str | None, typer.Option(help="paper; live needs --file.")] = None,
    limit: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE", help="A limit; may be repeated.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Of the strategy; may be repeated."),
    ] = None,
    model: Annotated[
        str | None, typer.Option(help="A language model decides instead: docs/models.md.")
    ] = None,
    prompt: Annotated[str | None, typer.Option(help="What the model is told; neutral.")] = None,
    base_url: Annotated[
        str | None, typer.Option(help="Of a server of your own; OpenRouter's.")
    ] = None,
    api_key: Annotated[
        str | None,
        typer.Option(
            metavar="REFERENCE",
            help="Where the key is: env:NAME, file:/path; for OpenRouter env:OPENROUTER_API_KEY.",
        ),
    ] = None,
    llm: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=VALUE", help="Of the model, e.g. budget.usd=2; may be repeated."
        ),
    ] = None,
    file: Annotated[
        str | None,
        typer.Option("--file", "-f", help="A file with one account instead; - is stdin."),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Add an account; it trades from its next slot on, nothing is restarted."""
    settings, environ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.accounts.commands import run_add
    from cli.accounts.options import AddOptions

    options = AddOptions(
        plain={
            ("id",): ("--id", account_id),
            ("name",): ("--name", name),
            ("strategy",): ("--strategy", strategy),
            ("assets",): ("--assets", assets),
            ("interval",): ("--interval", interval),
            ("initial_equity",): ("--equity", equity),
            ("mode",): ("--mode", mode),
            ("llm_model",): ("--model", model),
            ("prompt",): ("--prompt", prompt),
            ("openrouter", "base_url"): ("--base-url", base_url),
            ("openrouter", "api_key"): ("--api-key", api_key),
        },
        named={
            "limits": ("--limit", tuple(limit or ())),
            "parameters": ("--parameter", tuple(parameter or ())),
            "llm": ("--llm", tuple(llm or ())),
        },
    )
    run_add(settings, environ, options, file=file, as_json=as_json)


@accounts_app.command("remove")
def accounts_remove(
    account_id: AccountId,
    *,
    keep_positions: KeepPositions = False,
    yes: Yes = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Take an account out of the arena; all its records stay."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.accounts.commands import run_remove

    run_remove(settings, account_id, keep_positions=keep_positions, yes=yes, as_json=as_json)


@accounts_app.command("apply")
def accounts_apply(
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="Accounts file, - is stdin; as `up` finds it."),
    ] = None,
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only show the changes.")] = False,
    prune: Annotated[
        bool, typer.Option("--prune", help="Remove the accounts that are not in the file.")
    ] = False,
    keep_positions: KeepPositions = False,
    yes: Yes = False,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Make the accounts those of a file; the difference is shown first."""
    settings, environ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.accounts.commands import Application, run_apply

    how = Application(
        file=file,
        dry_run=dry_run,
        prune=prune,
        keep_positions=keep_positions,
        yes=yes,
        as_json=as_json,
    )
    run_apply(settings, environ, how)
