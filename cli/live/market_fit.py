"""Live accounts need an arena whose market is the venue they trade at: same network, same host.

Candles of one market and fills of another would make every decision, stop and figure wrong.
"""

from __future__ import annotations

from collections.abc import Iterable

from adapters.venues.aster.market_name import market_name
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from trading.account import Account, Mode
from trading.errors import InvalidRecord


def require_live_market(accounts: Iterable[Account], market: str) -> None:
    """Raises `CommandFailed` for the first live account that trades another market than this."""
    for account in accounts:
        if account.mode is Mode.LIVE:
            misfit = misfit_of(account, market)
            if misfit is not None:
                raise CommandFailed(ExitCode.INVALID_CONFIGURATION, misfit)


def misfit_of(account: Account, market: str) -> str | None:
    """Why an account cannot trade live on a market, with the next step; None when it can."""
    keys = account.venue_keys
    if keys is None:
        return f"live account {account.id} has no keys; name them under asterdex"
    try:
        wanted = market_name(keys.network, keys.base_url)
    except InvalidRecord as refusal:
        return f"live account {account.id}: {refusal}"
    if wanted == market:
        return None
    host = "" if keys.base_url is None else f"ASTERDEX_BASE_URL={keys.base_url} "
    return (
        f"live account {account.id} trades AsterDEX {keys.network} ({wanted}), and this arena is on"
        f" the market {market}; start one for it in another data folder:"
        f" {host}perpflow up --market aster --network {keys.network}, or correct network and"
        " base_url of the account"
    )
