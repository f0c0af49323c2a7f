"""What is asked before an account trades real money: the checks, in order of dependence.

A check that others depend on ends the examination when it fails: what comes after would only repeat
it in other words. Nothing is placed or changed at the venue.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Engine

from adapters.store.accounts import list_accounts, load_account
from adapters.store.arena import require_arena
from adapters.store.budgets import load_window
from adapters.store.instruments import load_instruments, save_instruments
from adapters.store.permits import VenueIdentity
from adapters.venues.aster.credentials import Credentials
from adapters.venues.aster.limits import Limits
from adapters.venues.aster.mapping.brackets import with_brackets
from cli.doctor.checks import Result, Verdict
from cli.live import account_checks, key_checks, market_checks, reach_checks
from cli.live.interview import Interview
from cli.live.key_checks import Candidate
from tasks.live_access import client_for, identity_of
from trading.errors import InvalidRecord, VenueError

Check = Callable[[Interview], Awaitable[Result]]
WEIGHT = "weight"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One check."""

    name: str
    check: Check
    is_gate: bool = False
    """Nothing after it makes sense when it fails."""


STEPS: tuple[Step, ...] = (
    Step(name=reach_checks.HOST, check=reach_checks.check_host, is_gate=True),
    Step(name=reach_checks.ACCEPTED, check=reach_checks.check_accepted, is_gate=True),
    Step(name=reach_checks.PERMISSIONS, check=reach_checks.check_permissions),
    Step(name=reach_checks.EXPIRY, check=reach_checks.check_expiry),
    Step(name=account_checks.POSITION_MODE, check=account_checks.check_position_mode),
    Step(name=account_checks.ASSET_MODE, check=account_checks.check_asset_mode),
    Step(name=account_checks.BALANCE, check=account_checks.check_balance),
    Step(name=account_checks.BUILDERS, check=account_checks.check_builders),
    Step(name=account_checks.FEES, check=account_checks.check_fees),
    Step(name=market_checks.INSTRUMENTS, check=market_checks.check_instruments),
    Step(name=market_checks.LEVERAGE, check=market_checks.check_leverage),
    Step(name=market_checks.TRIAL, check=market_checks.check_trial),
    Step(name=account_checks.FOREIGN, check=account_checks.check_foreign),
    Step(name=account_checks.HOLDER, check=account_checks.check_holder),
)
"""The order is the policy: who, then where, then what."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """How an examination ended."""

    candidate: Candidate
    results: tuple[Result, ...]
    credentials: Credentials | None
    identity: VenueIdentity | None
    """Of the venue account, once the keys were read."""

    @property
    def failed(self) -> tuple[Result, ...]:
        return tuple(each for each in self.results if each.verdict is Verdict.FAIL)


def find_candidate(engine: Engine, account_id: str, environ: Mapping[str, str]) -> Candidate:
    """The account with its surroundings. Raises `UnknownAccount`, and `StoreError` without an arena."""
    with engine.connect() as conn:
        account = load_account(conn, account_id).account
        arena = require_arena(conn)
        known = [each.account for each in list_accounts(conn)]
    return Candidate(
        account=account,
        environ=environ,
        market=arena.market,
        others=[each for each in known if each.id != account_id],
    )


async def examine(engine: Engine, candidate: Candidate) -> Report:
    """Every check that makes sense. Brackets that were read are kept with the market's instruments."""
    results = [key_checks.check_market(candidate), key_checks.check_references(candidate)]
    if results[-1].verdict is Verdict.FAIL:
        return _report(candidate, [*results, _left_out(key_checks.REFERENCES)])
    keys, credentials = key_checks.check_keys(candidate)
    results.append(keys)
    references = candidate.account.venue_keys
    if credentials is None or references is None:
        return _report(candidate, [*results, _left_out(key_checks.KEYS)])
    try:
        identity = identity_of(candidate.account, credentials)
        client = client_for(candidate.account, credentials)
    except InvalidRecord as refusal:
        results[-1] = key_checks.refused(refusal)
        return _report(candidate, [*results, _left_out(key_checks.KEYS)])
    async with client:
        asked = Interview(
            account=candidate.account,
            keys=references,
            credentials=credentials,
            client=client,
            engine=engine,
            place=identity.place,
            fingerprint=identity.fingerprint,
        )
        results += await _ask(asked)
    results.append(_weight_used(asked))
    _keep_brackets(asked, candidate.market)
    return _report(candidate, results, credentials, identity)


async def _ask(asked: Interview) -> list[Result]:
    results: list[Result] = []
    for step in STEPS:
        result = await _carry_out(step, asked)
        results.append(result)
        if step.is_gate and result.verdict is Verdict.FAIL:
            return [*results, _left_out(step.name)]
    return results


async def _carry_out(step: Step, asked: Interview) -> Result:
    try:
        return await step.check(asked)
    except (VenueError, InvalidRecord) as error:
        return Result(
            name=step.name,
            verdict=Verdict.FAIL,
            text=f"cannot be asked: {error}",
            fix=f"look at the way to {asked.place}, and run the check again",
        )


def _left_out(after: str) -> Result:
    return Result(
        name="the rest", verdict=Verdict.SKIP, text=f"not asked, because {after!r} has failed"
    )


def _weight_used(asked: Interview) -> Result:
    """How much of the venue's request limit is used by everybody behind this address."""
    (scope,) = Limits.documented(asked.place, None).host_scopes()
    with asked.engine.connect() as conn:
        used = load_window(conn, scope).used(scope, datetime.now(UTC))
    text = f"{used} of {scope.limit} request weight used in the last minute, these checks included"
    verdict = Verdict.OK if used <= scope.limit // 2 else Verdict.WARN
    fix = "" if verdict is Verdict.OK else "run fewer accounts behind this address"
    return Result(name=WEIGHT, verdict=verdict, text=text, fix=fix)


def _keep_brackets(asked: Interview, market: str) -> None:
    """The venue tells margin tables to accounts only, and figures are better with them."""
    if not asked.known_brackets or key_checks.misfit_of(asked.account, market) is not None:
        return
    with asked.engine.begin() as conn:
        known = load_instruments(conn, market)
        save_instruments(conn, market, with_brackets(known, asked.known_brackets))


def _report(
    candidate: Candidate,
    results: Sequence[Result],
    credentials: Credentials | None = None,
    identity: VenueIdentity | None = None,
) -> Report:
    return Report(
        candidate=candidate, results=tuple(results), credentials=credentials, identity=identity
    )
