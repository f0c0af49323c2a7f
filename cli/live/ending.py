"""`perpflow accounts end-live`: the permit ends; what is open stays, protected, managed by nobody."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from adapters.store.account_life import find_ties, tell_account
from adapters.store.accounts import load_account
from adapters.store.arena import load_arena
from adapters.store.permits import end_permit
from cli.arena_database import arena_database
from cli.command_settings import print_json

if TYPE_CHECKING:
    from adapters.config.settings import Settings


def run_end_live(settings: Settings, account_id: str, *, reason: str, as_json: bool) -> None:
    """Take the permit back. Raises `CommandFailed`."""
    with (
        arena_database(settings, application="perpflow-live") as database,
        database.engine.begin() as conn,
    ):
        load_account(conn, account_id)
        has_ended = end_permit(conn, account_id, reason=reason or "ended by the operator")
        ties = find_ties(conn, account_id)
        arena = load_arena(conn)
        if has_ended and arena is not None:
            tell_account(
                conn, account_id, "account.permit_ended", {"reason": reason}, at=arena.seen_at
            )
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "account": account_id,
                "ended": has_ended,
                "positions_left_open": list(ties.positions),
            }
        )
        return
    if not has_ended:
        typer.echo(f"account {account_id} is not permitted to trade live; nothing was changed")
        return
    typer.echo(
        f"account {account_id} is no longer permitted to trade live: no further cycle begins"
    )
    if ties.is_in_cycle:
        typer.echo("a cycle is at work and ends first", err=True)
    if ties.positions:
        typer.echo(
            f"open positions in {', '.join(ties.positions)} stay at the venue with the stop orders"
            " that rest there, and no cycle manages them; close them at the venue, or go live again"
            f" and: perpflow panic --account {account_id} --flatten",
            err=True,
        )
