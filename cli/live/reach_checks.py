"""The checks of the way to the venue and of the keys there: host, clock, signature, permissions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.venues.aster.credentials import KeyRefused, require_safe
from adapters.venues.aster.errors import AccountRefused
from cli.doctor.checks import Result, Verdict
from cli.live.interview import Interview
from trading.account import Network

HOST, ACCEPTED, PERMISSIONS, EXPIRY = "host", "signature", "permissions", "expiry"
CLOCK_WARNS, CLOCK_FAILS = timedelta(seconds=1), timedelta(seconds=5)
"""V1 refuses what is a second ahead; beyond five a machine's logs and schedules lie as well."""
SOON = timedelta(days=14)
"""Before the end of an agent."""
API_WALLETS = {
    Network.MAINNET: "https://www.asterdex.com/en/api-wallet",
    Network.TESTNET: "https://www.asterdex-testnet.com/en/api-wallet",
}


async def check_host(asked: Interview) -> Result:
    """The venue answers, and this machine's clock is right."""
    reading = await asked.clock()
    ahead = timedelta(microseconds=reading.host_ahead_us)
    side = "ahead of" if ahead > timedelta(0) else "behind"
    text = (
        f"{asked.keys.network} at {asked.place} answers; this machine's clock is"
        f" {abs(ahead).total_seconds():.3f} s {side} the venue's"
    )
    if abs(ahead) <= CLOCK_WARNS:
        return Result(name=HOST, verdict=Verdict.OK, text=text)
    verdict = Verdict.FAIL if abs(ahead) > CLOCK_FAILS else Verdict.WARN
    return Result(name=HOST, verdict=verdict, text=text, fix="set the clock: enable NTP")


async def check_accepted(asked: Interview) -> Result:
    """The venue accepts a signed request."""
    try:
        await asked.money()
    except AccountRefused as refusal:
        page = API_WALLETS[asked.keys.network]
        return Result(
            name=ACCEPTED,
            verdict=Verdict.FAIL,
            text=f"the venue refuses these keys: {refusal.code} {refusal.text!r}",
            fix=f"see that the agent is registered and not expired for this main wallet on"
            f" {asked.keys.network} ({page}), and that `network` is the right one",
        )
    return Result(name=ACCEPTED, verdict=Verdict.OK, text="the venue accepts these keys")


async def check_permissions(asked: Interview) -> Result:
    """They may trade, and may not withdraw."""
    permissions = await asked.permissions()
    try:
        warnings = require_safe(
            asked.credentials, permissions, may_withdraw=asked.keys.may_withdraw
        )
    except KeyRefused as refusal:
        text, _, fix = str(refusal).partition("; ")
        return Result(name=PERMISSIONS, verdict=Verdict.FAIL, text=text, fix=fix)
    if asked.keys.may_withdraw and permissions.can_withdraw:
        warnings += ("these keys may withdraw funds, as may_withdraw allows",)
    if warnings:
        return Result(
            name=PERMISSIONS,
            verdict=Verdict.WARN,
            text="; ".join(warnings) + (f" ({asked.unlisted})" if asked.unlisted else ""),
            fix=f"use an agent that may only trade perpetuals: {API_WALLETS[asked.keys.network]}",
        )
    return Result(name=PERMISSIONS, verdict=Verdict.OK, text="may trade, may not withdraw")


async def check_expiry(asked: Interview) -> Result:
    """The agent does not end soon."""
    if asked.is_v1:
        return Result(name=EXPIRY, verdict=Verdict.SKIP, text="a V1 pair has no end")
    permissions = await asked.permissions()
    return expiry_result(permissions.expires_ms, await asked.venue_time(), asked.keys.network)


def expiry_result(expires_ms: int | None, now: datetime, network: Network) -> Result:
    """What an agent's end (milliseconds since the epoch) means at an instant."""
    if expires_ms is None:
        return Result(name=EXPIRY, verdict=Verdict.OK, text="no end is named")
    ends = datetime.fromtimestamp(expires_ms / 1000, UTC)
    fix = f"make the next agent in time: {API_WALLETS[network]}"
    if ends <= now:
        text = f"the agent ended on {ends:%Y-%m-%d %H:%M} UTC"
        return Result(name=EXPIRY, verdict=Verdict.FAIL, text=text, fix=fix)
    text = f"the agent ends on {ends:%Y-%m-%d}, in {(ends - now).days} days"
    if ends - now < SOON:
        return Result(name=EXPIRY, verdict=Verdict.WARN, text=text, fix=fix)
    return Result(name=EXPIRY, verdict=Verdict.OK, text=text)
