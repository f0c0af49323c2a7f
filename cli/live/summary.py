"""What an operator reads before real money is traded, and the words that have to be typed."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from adapters.store.accounts import StoredAccount
from adapters.venues.aster.credentials import Credentials
from cli.live.key_checks import describe
from trading.account import Account, AccountStatus, ForeignPolicy, Network, OperatorState
from trading.ports import Balance
from trading.units import plain

_CENT = Decimal("0.01")


def confirmation_phrase(account_id: str, network: Network) -> str:
    """What has to be typed; on the main network it names the money."""
    what = "trade real money with" if network is Network.MAINNET else "trade with"
    return f"{what} {account_id}"


def summary_lines(
    stored: StoredAccount, credentials: Credentials, balance: Balance, network: Network
) -> Iterator[tuple[str, str]]:
    """Name and words of each line."""
    account, limits = stored.account, stored.account.limits
    money = "REAL MONEY" if network is Network.MAINNET else "test money"
    yield "network", f"AsterDEX {network} ({money})"
    yield "venue account", credentials.owner
    yield "keys", describe(credentials)
    yield "balance", f"{plain(balance.wallet)} USDT, equity {plain(balance.equity)} USDT"
    yield "agent", f"{account.model or account.strategy} on {account.traded}, {account.interval}"
    yield "largest position", _of_equity(limits.max_position_ratio, balance.equity)
    yield "daily loss limit", _of_equity(limits.max_daily_loss_ratio, balance.equity)
    yield "leverage", f"{limits.leverage}x, at most {limits.max_leverage}x of equity in all"
    yield "stops", "every position has one" if limits.requires_stop else "none: a benchmark"
    yield "foreign positions", _foreign(account)
    yield "next", _next(stored)


def _of_equity(ratio: Decimal, equity: Decimal) -> str:
    return f"{plain(ratio * 100)} % of equity, now {plain((ratio * equity).quantize(_CENT))} USDT"


def _foreign(account: Account) -> str:
    if account.foreign is ForeignPolicy.ADOPT:
        return "adopted: protected, and left by the account's rules"
    return "left alone; their symbols are not entered"


def _next(stored: StoredAccount) -> str:
    if stored.operator_state is OperatorState.HALTED:
        return (
            f"nothing: the operator has halted it (perpflow release --account {stored.account.id})"
        )
    if stored.status is not AccountStatus.ACTIVE:
        return f"nothing: it is {stored.status} (perpflow accounts resume {stored.account.id})"
    return f"the first cycle at its next {stored.account.interval} slot, while the arena runs"
