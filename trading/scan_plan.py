"""How an account finds its instruments by itself: the n best of its candidates, at each cycle."""

from __future__ import annotations

from dataclasses import dataclass

from trading.errors import InvalidRecord

MOST_CHOSEN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """The candidates are the account's assets, or the whole market when it names none."""

    count: int
    """How many instruments are chosen at each cycle; those held stay beside them."""

    def __post_init__(self) -> None:
        if not 1 <= self.count <= MOST_CHOSEN:
            raise InvalidRecord(f"scan is {self.count}, allowed is 1 to {MOST_CHOSEN}")
