"""The last look before an order leaves: gate, lease, operator, risk. A way out is asked for its lease only.

An operator's halt waits for what is announced here, so nothing leaves after it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import Connection

from adapters.store.accounts import load_account
from adapters.store.cycles import require_lease
from adapters.store.errors import UnknownAccount
from adapters.store.intents import StoredIntent, move_intent, without_outcome
from adapters.store.send_gate import ANNOUNCED_SECONDS, SEND_SECONDS, GateBarred, pass_gate
from adapters.venues.leaving import leaving_before
from tasks.lateness import market_time, next_slot
from tasks.resources import store_engine
from trading.account import AccountStatus, OperatorState, TradingState
from trading.errors import VenueUnavailable
from trading.orders import IntentState

if TYPE_CHECKING:
    from tasks.cycle import Cycle

Sent = TypeVar("Sent")
OPERATOR_HALT = "operator halt"


def start_submitting(cycle: Cycle, *legs: StoredIntent) -> datetime | str:
    """Last look before the socket: gate, lease, operator, risk.

    Announces the orders of one message and returns the real instant until which it may be sent, or
    says why not.
    """
    first = legs[0].intent.request
    opens = not first.only_reduces
    try:
        with store_engine().begin() as conn:
            if opens:
                pass_gate(conn, cycle.account.id)
            now = datetime.now(UTC)
            until = require_lease(conn, cycle.account.id, cycle.lease_token, real_now=now)
            if opens:
                refusal = _why_late(cycle, now) or _why_not(conn, cycle.account.id, first.symbol)
                if refusal is not None:
                    return refusal
                until = min(until, now + timedelta(seconds=ANNOUNCED_SECONDS))
            for leg in legs:
                move_intent(conn, leg.id, IntentState.SUBMITTING, real_now=now)
    except GateBarred:
        return OPERATOR_HALT
    return until


async def leave_before(until: datetime, send: Callable[[], Awaitable[Sent]]) -> Sent:
    """The one call to the venue, within `SEND_SECONDS`, and nothing that leaves after that instant.

    A process that was held up (suspended, starved) must not wake up and send: by now the account may
    be halted, or belong to another run. Raises `VenueUnavailable` then.
    """
    if datetime.now(UTC) > until:
        raise VenueUnavailable("the process was held up after the order had been checked")
    with leaving_before(until):
        async with asyncio.timeout(SEND_SECONDS):
            return await send()


def _why_late(cycle: Cycle, now: datetime) -> str | None:
    """A decision of a slot opens nothing once the account's next slot has begun (faults L21)."""
    if market_time(cycle, now) >= next_slot(cycle):
        return "late: the account's next slot had begun"
    return None


def _why_not(conn: Connection, account_id: str, symbol: str) -> str | None:
    """Why nothing may be opened. A way out is never asked this."""
    open_question = without_outcome(conn, account_id).get(symbol)
    if open_question is not None:
        return open_question
    try:
        account = load_account(conn, account_id)
    except UnknownAccount:
        return "account was removed"
    if account.operator_state is OperatorState.HALTED:
        return OPERATOR_HALT
    if account.status is not AccountStatus.ACTIVE:
        return f"account is {account.status}"
    if account.trading_state is not TradingState.ACTIVE:
        return f"trading state is {account.trading_state}"
    return None
