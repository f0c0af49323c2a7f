"""The real cycle, with a fault of our choice around it: what the isolation tests deploy.

The working folder says which database to use (`database.url`) and which account misbehaves how
(`<account>.fault`). Everything else is the product. Limits are shortened for the account at fault
only, so that a test need not wait for half a minute.
"""

from __future__ import annotations

import ctypes
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock

from prefect import flow

import tasks.cycle
from adapters.venues.paper.venue import PaperVenue
from flows.trade_account import trade_account
from tasks import time_limits
from trading.errors import VenueUnavailable
from trading.positions import Direction
from trading.signals import Signal
from trading.strategies.catalogue import STRATEGIES

STRATEGY = "momentum"
"""Of the accounts that misbehave."""
DECIDE_SECONDS = 2.0
LEASE_SECONDS = 5.0
MEGABYTES_OF_WORDS = 20
BANNED = "429: the key is banned until the operator has paid"
_ASKED = ("balance", "positions", "open_orders", "order_by_client_id", "fills_since",
          "income_since", "set_leverage", "submit", "cancel")  # fmt: skip


@flow(name="misbehaving-trade-account", persist_result=False)
async def misbehaving_trade_account(account_id: str) -> Any:
    """`trade_account` of this folder's database."""
    with fault(_instructions(account_id)):
        return await trade_account.fn(account_id)


def _instructions(account_id: str) -> str | None:
    """Sets the database; the name of the account's fault, if it has one."""
    os.environ["DATABASE_URL"] = Path("database.url").read_text()
    marker = Path(f"{account_id}.fault")
    return marker.read_text() if marker.exists() else None


@contextmanager
def fault(name: str | None) -> Iterator[None]:
    """The fault of that name while the block runs; nothing for None."""
    with ExitStack() as stack:
        if name is not None:
            _shorten_limits(stack)
            FAULTS[name](stack)
        yield


def _shorten_limits(stack: ExitStack) -> None:
    for module, limit, seconds in (
        (time_limits, "DECIDE_SECONDS", DECIDE_SECONDS),
        (time_limits, "SHORTEST_DECIDE_SECONDS", DECIDE_SECONDS),
        (time_limits, "STUCK_SECONDS", 3.0),
        (tasks.cycle, "LEASE_SECONDS", LEASE_SECONDS),
        (tasks.cycle, "RENEW_SECONDS", 1.0),
    ):
        stack.enter_context(mock.patch.object(module, limit, seconds))


def _deciding(behaviour: Callable[[], object]) -> Callable[[ExitStack], None]:
    """The strategy does this instead of deciding."""

    def put(stack: ExitStack) -> None:
        changed = replace(STRATEGIES[STRATEGY], signal=lambda *_: behaviour())
        stack.enter_context(mock.patch.dict(STRATEGIES, {STRATEGY: changed}))

    return put


def _talks_without_end(stack: ExitStack) -> None:
    original = STRATEGIES[STRATEGY]

    def signal_with_many_words(*arguments: Any) -> Any:
        answer = original.signal(*arguments)
        return replace(answer, reason="blah " * (MEGABYTES_OF_WORDS * 1_000_000 // 5))

    changed = replace(original, signal=signal_with_many_words)
    stack.enter_context(mock.patch.dict(STRATEGIES, {STRATEGY: changed}))


def _banned(stack: ExitStack) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise VenueUnavailable(BANNED)

    for call in _ASKED:
        stack.enter_context(mock.patch.object(PaperVenue, call, refuse))


def _dies_between_fill_and_stop(stack: ExitStack) -> None:
    async def die(*_: Any, **__: Any) -> None:
        _die(signal.SIGKILL)

    _deciding(lambda: Signal(direction=Direction.LONG, confidence=1.0, reason="buy"))(stack)
    stack.enter_context(mock.patch("tasks.placing.protect", die))


def _raise() -> None:
    raise ValueError("no such candle " + "x" * 5_000_000)


def _die(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)
    time.sleep(60)


def _eat_memory() -> None:
    hoard = [bytes(256 * 1024**2) for _ in range(1_000)]  # never written to: no real memory
    raise AssertionError(f"{len(hoard)} blocks were to be had")


FAULTS: dict[str, Callable[[ExitStack], None]] = {
    "hangs": _deciding(lambda: time.sleep(600)),
    "hangs_in_c": _deciding(lambda: ctypes.PyDLL(None).sleep(600)),
    "crashes": _deciding(_raise),
    "killed": _deciding(lambda: _die(signal.SIGKILL)),
    "segfaults": _deciding(lambda: _die(signal.SIGSEGV)),
    "killed_after_fill": _dies_between_fill_and_stop,
    "eats_memory": _deciding(_eat_memory),
    "banned": _banned,
    "talks": _talks_without_end,
}
"""By the name that stands in the account's file."""
