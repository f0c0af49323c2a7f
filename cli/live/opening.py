"""What a venue account holds at the moment it is taken over: the baseline of every later figure.

The instant has to fit the money: what is booked later begins after it. So the wallet is read before
and after the venue's clock, until nothing has moved in between.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from adapters.store.permits import Opening
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.mapping.account import balance_of
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live.account_checks import QUOTE
from trading.ports import Balance
from trading.units import ZERO

_TRIES = 5
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def measure_opening(client: AsterClient) -> Opening:
    """Wallet and equity (USDT) at one instant of the venue. Raises `CommandFailed`, `VenueError`."""
    before = await _balance(client)
    for _ in range(_TRIES):
        at = _EPOCH + timedelta(milliseconds=await client.market.time_ms())
        after = await _balance(client)
        if after.wallet == before.wallet:
            if after.equity <= ZERO:
                raise CommandFailed(
                    ExitCode.REFUSED, "there is no money in the venue account; nothing was changed"
                )
            return Opening(wallet=after.wallet, equity=after.equity, at=at)
        before = after
    raise CommandFailed(
        ExitCode.REFUSED,
        "the money of the venue account moves while it is measured, so somebody trades there; wait"
        " until that has ended. Nothing was changed",
    )


async def _balance(client: AsterClient) -> Balance:
    return balance_of(await client.account.account(), QUOTE)
