"""What an answer means that was read well and cannot be understood: the same as one that is broken.

A read may be asked again; of a write nothing is known (reference: aster 3.3).
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from adapters.venues.aster.errors import Unsettled, Unusable
from adapters.venues.aster.payloads.payload import WrongAnswer


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
