"""`perpflow accounts go-live`: examine, show, have the words typed, measure, permit.

Whatever speaks against it is said before anybody is asked; what was examined is what is permitted.
The database is let go of while a person is asked.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import typer

from adapters.store.account_life import tell_account
from adapters.store.accounts import StoredAccount, load_account, save_peak
from adapters.store.arena import require_arena
from adapters.store.permits import Opening, Permit, VenueIdentity, grant_permit, load_first_permit
from adapters.venues.aster.credentials import Credentials
from cli.command_settings import print_json
from cli.doctor.checks import Result
from cli.doctor.screen import result_document, show_results
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live import key_checks, reach_checks
from cli.live.examination import Report, examine, find_candidate
from cli.live.opening import measure_opening
from cli.live.permits import permit_document
from cli.live.steps_here import arena_with_steps
from cli.live.summary import confirmation_phrase, summary_lines
from tasks.live_access import client_for
from trading.account import Mode
from trading.errors import VenueError
from trading.ports import Balance
from trading.units import ZERO, plain

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from adapters.config.settings import Settings

GRANTED_BY = "cli"
_APPLICATION = "perpflow-live"
_CODES = {
    key_checks.REFERENCES: ExitCode.BAD_CREDENTIALS,
    key_checks.KEYS: ExitCode.BAD_CREDENTIALS,
    reach_checks.ACCEPTED: ExitCode.BAD_CREDENTIALS,
    reach_checks.HOST: ExitCode.UNREACHABLE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """An account that may go live if its operator says so."""

    stored: StoredAccount
    credentials: Credentials
    identity: VenueIdentity
    results: tuple[Result, ...]
    opening: Opening
    """As of the examination; measured again when it is permitted."""


def run_go_live(
    settings: Settings,
    environ: Mapping[str, str],
    account_id: str,
    *,
    confirm: str | None,
    as_json: bool,
) -> None:
    """Permit a live account to trade. Raises `CommandFailed`, and nothing is changed."""
    with arena_with_steps(settings, application=_APPLICATION) as database:
        examined = _examine(database.engine, account_id, environ, as_json=as_json)
        _rehearse(database.engine, examined)
    if not as_json:
        _show_summary(examined)
    require_phrase(
        confirmation_phrase(account_id, examined.identity.network), confirm, can_ask=not as_json
    )
    with arena_with_steps(settings, application=_APPLICATION) as database:
        permit = _permit(database.engine, examined)
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "account": account_id,
                "permitted": True,
                "permit": permit_document(permit),
                "checks": [result_document(each) for each in examined.results],
            }
        )
        return
    typer.echo(
        f"account {account_id} is permitted to trade {permit.owner} on AsterDEX {permit.network};"
        f" its returns are measured from {plain(permit.opening_equity)} USDT"
    )
    typer.echo(
        f"stop it with: perpflow accounts pause {account_id}, perpflow panic --account {account_id}"
        f" [--flatten], or take the permit back: perpflow accounts end-live {account_id}",
        err=True,
    )


def require_phrase(phrase: str, given: str | None, *, can_ask: bool = True) -> None:
    """Returns when the exact words were given or are typed. Raises `CommandFailed` otherwise."""
    if given is None and can_ask and sys.stdin.isatty():
        given = typer.prompt(f"Type '{phrase}' to go on", err=True, default="", show_default=False)
    if given is None:
        raise CommandFailed(
            ExitCode.REFUSED,
            "this needs a confirmation, and there is no terminal to ask on; nothing was changed,"
            f" go on with --confirm '{phrase}'",
        )
    if given.strip() != phrase:
        raise CommandFailed(
            ExitCode.REFUSED, f"those were not the words '{phrase}'; nothing was changed"
        )


def _examine(
    engine: Engine, account_id: str, environ: Mapping[str, str], *, as_json: bool
) -> Examined:
    candidate = find_candidate(engine, account_id, environ)
    if candidate.account.mode is not Mode.LIVE:
        raise CommandFailed(
            ExitCode.REFUSED,
            f"account {account_id} is a paper account and stays one; add another account with"
            " mode: live",
        )
    report = asyncio.run(examine(engine, candidate))
    if not as_json:
        show_results(report.results)
    credentials, identity = _require_sound(report, as_json=as_json)
    with engine.connect() as conn:
        stored = load_account(conn, account_id)
    if stored.account != candidate.account:
        raise _changed(account_id)
    return Examined(
        stored=stored,
        credentials=credentials,
        identity=identity,
        results=report.results,
        opening=asyncio.run(_measure(stored, credentials)),
    )


def _require_sound(report: Report, *, as_json: bool) -> tuple[Credentials, VenueIdentity]:
    """What was read of the keys; without them a check has failed."""
    if not report.failed and report.credentials is not None and report.identity is not None:
        return report.credentials, report.identity
    account_id = report.candidate.account.id
    if as_json:
        print_json(
            {
                "schema_version": 1,
                "account": account_id,
                "permitted": False,
                "checks": [result_document(each) for each in report.results],
            }
        )
    names = ", ".join(each.name for each in report.failed)
    raise CommandFailed(
        _CODES.get(report.failed[0].name, ExitCode.REFUSED),
        f"account {account_id} cannot go live: {names} failed; nothing was changed",
    )


async def _measure(stored: StoredAccount, credentials: Credentials) -> Opening:
    try:
        async with client_for(stored.account, credentials) as client:
            return await measure_opening(client)
    except VenueError as error:
        raise CommandFailed(
            ExitCode.UNREACHABLE, f"the money could not be measured: {error}; nothing was changed"
        ) from None


def _rehearse(engine: Engine, examined: Examined) -> None:
    """Meet every refusal of the permit before anybody is asked; nothing is changed."""
    with engine.connect() as conn:
        _grant(conn, examined, examined.opening)
        conn.rollback()


def _permit(engine: Engine, examined: Examined) -> Permit:
    opening = asyncio.run(_measure(examined.stored, examined.credentials))
    with engine.begin() as conn:
        if load_account(conn, examined.stored.account.id).account != examined.stored.account:
            raise _changed(examined.stored.account.id)
        return _grant(conn, examined, opening)


def _grant(conn: Connection, examined: Examined, opening: Opening) -> Permit:
    account_id = examined.stored.account.id
    is_first = load_first_permit(conn, account_id) is None
    permit = grant_permit(
        conn,
        account_id,
        examined.identity,
        opening=opening,
        checks={"checks": [result_document(each) for each in examined.results]},
        granted_by=GRANTED_BY,
    )
    if is_first:
        save_peak(conn, account_id, permit.opening_equity)
    payload: dict[str, object] = {"owner": permit.owner, "network": permit.network.value}
    at = require_arena(conn).seen_at
    tell_account(conn, account_id, "account.permitted", payload, at=at)
    return permit


def _show_summary(examined: Examined) -> None:
    opening = examined.opening
    balance = Balance(
        wallet=opening.wallet,
        unrealized=opening.equity - opening.wallet,
        margin_used=ZERO,
        available=opening.wallet,
    )
    typer.echo(f"\n{examined.stored.account.id} is about to trade at the venue:")
    for name, words in summary_lines(
        examined.stored, examined.credentials, balance, examined.identity.network
    ):
        typer.echo(f"  {name:<18} {words}")


def _changed(account_id: str) -> CommandFailed:
    return CommandFailed(
        ExitCode.REFUSED,
        f"account {account_id} was changed by somebody else meanwhile; nothing was done, examine it"
        " again",
    )
