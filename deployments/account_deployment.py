"""What Prefect has to know about one account; never a secret. No Prefect needed to say it."""

from __future__ import annotations

from dataclasses import dataclass

from adapters.store.account_json import config_hash
from deployments.schedule import RealSchedule, schedule_for
from trading.account import Account
from trading.arena_clock import ArenaClock

_VERSION_DIGITS = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDeployment:
    """The deployment `trade-account/<account_id>` as it should be."""

    account_id: str
    description: str
    schedule: RealSchedule | None
    """None: runs are only made by hand (`up --once`)."""
    tags: tuple[str, ...] = ()
    version: str | None = None
    """Fingerprint of the configuration it was made from: another one means that it is out of date."""


def deployment_for(account: Account, clock: ArenaClock | None) -> AccountDeployment:
    """The deployment of an account on the slots of the clock; without a clock none is planned."""
    return AccountDeployment(
        account_id=account.id,
        description=(
            f"{account.name}: {account.strategy} on {account.traded}, "
            f"every {account.interval} of market time, {account.mode.value}."
        ),
        schedule=None if clock is None else schedule_for(clock, account.interval),
        tags=(account.mode.value, account.strategy),
        version=config_hash(account)[:_VERSION_DIGITS],
    )
