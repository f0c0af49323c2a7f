"""The checks that need no network: the arena's market, references, and what the keys are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from adapters.config.references import is_set, references_of
from adapters.config.secrets import exposure_of
from adapters.venues.aster.credentials import Credentials, PairCredentials
from cli.doctor.checks import Result, Verdict
from cli.live.market_fit import misfit_of
from tasks.live_access import credentials_of
from trading.account import Account
from trading.errors import InvalidRecord

MARKET, REFERENCES, KEYS = "market", "references", "keys"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An account that is to be looked at, and where."""

    account: Account
    environ: Mapping[str, str]
    market: str
    """Of the arena."""
    others: Sequence[Account]
    """The other accounts of the arena."""


def check_market(candidate: Candidate) -> Result:
    """The arena's market is the venue that the account trades at."""
    misfit = misfit_of(candidate.account, candidate.market)
    if misfit is None:
        return Result(name=MARKET, verdict=Verdict.OK, text=f"the arena is on {candidate.market}")
    return Result(
        name=MARKET,
        verdict=Verdict.FAIL,
        text=misfit.partition("; ")[0],
        fix=misfit.partition("; ")[2],
    )


def check_references(candidate: Candidate) -> Result:
    """There is something behind every reference to a key, and only its owner can read it."""
    references = {
        name: reference
        for name, reference in references_of(candidate.account).items()
        if name.startswith("asterdex.")
    }
    missing = [
        f"{reference} ({name})"
        for name, reference in references.items()
        if is_set(reference, candidate.environ) is False
    ]
    if missing:
        return Result(
            name=REFERENCES,
            verdict=Verdict.FAIL,
            text=f"nothing is behind {', '.join(missing)}",
            fix="put the variable into .env or the environment, or write the file",
        )
    exposed = [each for each in map(exposure_of, references.values()) if each is not None]
    if exposed:
        text, _, fix = exposed[0].partition("; ")
        return Result(name=REFERENCES, verdict=Verdict.WARN, text=text, fix=fix)
    named = ", ".join(references.values()) or "no references"
    return Result(name=REFERENCES, verdict=Verdict.OK, text=named)


def check_keys(candidate: Candidate) -> tuple[Result, Credentials | None]:
    """The keys can be read and belong together; addresses are shown, keys never."""
    try:
        credentials = credentials_of(candidate.account, candidate.environ)
    except InvalidRecord as refusal:
        return refused(refusal), None
    sharing = _sharing_signer(candidate)
    if sharing:
        return (
            Result(
                name=KEYS,
                verdict=Verdict.WARN,
                text=f"{describe(credentials)}; {', '.join(sharing)} signs with the same key, which"
                " is safe within this database only",
                fix="make an agent (API wallet) for each account, and use none of them elsewhere",
            ),
            credentials,
        )
    return Result(name=KEYS, verdict=Verdict.OK, text=describe(credentials)), credentials


def refused(refusal: InvalidRecord) -> Result:
    """The line about keys that cannot be used; the remedy stands behind the first semicolon."""
    text, _, fix = str(refusal).partition("; ")
    return Result(name=KEYS, verdict=Verdict.FAIL, text=text, fix=fix)


def describe(credentials: Credentials) -> str:
    """Kind and addresses."""
    if isinstance(credentials, PairCredentials):
        return f"V1 pair of the older interface, {credentials.owner}"
    signer = credentials.key.address
    if signer == credentials.user:
        return f"{credentials.kind.value} of {signer}, which signs for itself"
    return f"{credentials.kind.value} {signer} signs for {credentials.user}"


def _sharing_signer(candidate: Candidate) -> list[str]:
    keys = candidate.account.venue_keys
    own = None if keys is None else keys.private_key
    return [
        other.id
        for other in candidate.others
        if own is not None and other.venue_keys is not None and other.venue_keys.private_key == own
    ]
