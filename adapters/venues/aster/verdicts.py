"""What an answer means that was read well and cannot be understood: the same as one that is broken.

A read may be asked again; of a write nothing is known (reference: aster 3.3).
"""

from __future__ import annotations

from collections.abc import Awaitable, Generator
from contextlib import contextmanager
from typing import TypeVar

from adapters.venues.aster.errors import Refused, Unsettled, Unusable
from adapters.venues.aster.payloads.payload import WrongAnswer

Row = TypeVar("Row")
_NO_SYMBOL = -1121


async def listed(call: Awaitable[tuple[Row, ...]]) -> tuple[Row, ...]:
    """A listing of one symbol; of a symbol that the venue no longer has there is nothing to list.

    Otherwise a contract that was delisted while it was held would end every later reading.
    """
    try:
        return await call
    except Refused as refused:
        if refused.code == _NO_SYMBOL:
            return ()
        raise


@contextmanager
def understood(what: str) -> Generator[None]:
    """Of a read: what cannot be understood raises `Unusable`."""
    try:
        yield
    except WrongAnswer as error:
        raise Unusable(what, str(error)) from None


@contextmanager
def settled(what: str) -> Generator[None]:
    """Of a write: what cannot be understood raises `Unsettled`."""
    try:
        yield
    except WrongAnswer as error:
        raise Unsettled(what, str(error)) from None
