"""How the commands about live accounts look on the command line; what they do is beside this file.

Prefect is told where its server is before anything imports it, hence the imports inside.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from cli.command_settings import DataDir, Json, command_settings

if TYPE_CHECKING:
    from adapters.config.settings import Settings

AccountId = Annotated[str, typer.Argument(metavar="ID", help="Of the account.")]


def go_live(
    account_id: AccountId,
    *,
    confirm: Annotated[
        str | None, typer.Option("--confirm", help="The words, instead of typing them.")
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Permit a live account to trade, after its checks and your words."""
    settings, environ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.live.steps_here import use_prefect_of

    use_prefect_of(settings)
    from cli.live.going_live import run_go_live

    run_go_live(settings, environ, account_id, confirm=confirm, as_json=as_json)


def end_live(
    account_id: AccountId,
    *,
    reason: Annotated[str, typer.Option("--reason", help="Kept with the permit.")] = "",
    data_dir: DataDir = None,
    as_json: Json = False,
) -> None:
    """Take the permit back: no further cycle begins, positions keep their stops."""
    settings, _ = command_settings(PERPFLOW_HOME=data_dir)
    from cli.live.ending import run_end_live

    run_end_live(settings, account_id, reason=reason, as_json=as_json)


def show_at_venue(
    settings: Settings, environ: Mapping[str, str], account_id: str, *, as_json: bool
) -> None:
    """What the venue says of an account now."""
    from cli.live.steps_here import use_prefect_of

    use_prefect_of(settings)
    from cli.live.venue_now import run_show_venue

    run_show_venue(settings, environ, account_id, as_json=as_json)


def register_on(accounts_app: typer.Typer) -> None:
    """Hang the commands on the command line."""
    for command in (go_live, end_live):
        accounts_app.command()(command)
