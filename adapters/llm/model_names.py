"""Is the model that answered the one that was asked?

Providers answer with a dated name (`gpt-4o-2024-08-06` for `gpt-4o`), or with another model when the
one asked for is retired or busy. A dated name is the same model; anything else is another one.
"""

from __future__ import annotations

import re
from enum import StrEnum

_DATE = re.compile(r"(-\d{2,8})+(-preview)?$")
"""`-2024-08-06`, `-0709`, `-20250514`, `-002`; a single digit is part of the name."""
_ROUTERS = ("openrouter/auto", "openrouter/free")
"""Names that leave the choice to the router."""


class Match(StrEnum):
    """How the two names go together, the best first."""

    SAME = "same"
    VERSION = "version"
    """A dated version of the one asked for."""
    CHOSEN = "chosen"
    """A router was asked to choose."""
    UNTOLD = "untold"
    """The answer names no model."""
    OTHER = "other"
    """Another model answered."""

    @staticmethod
    def of(asked: str, used: str | None) -> Match:
        """Compare; case, variants such as `:free` and a missing vendor do not matter."""
        if not used or not used.strip():
            return Match.UNTOLD
        if asked.strip().lower() in _ROUTERS:
            return Match.CHOSEN
        wanted, given = _bare(asked), _bare(used)
        if ("/" in wanted) is not ("/" in given):
            wanted, given = wanted.rpartition("/")[2], given.rpartition("/")[2]
        if wanted == given:
            return Match.SAME
        stem = wanted.removesuffix("-latest")
        return Match.VERSION if _DATE.sub("", given) == stem else Match.OTHER


def _bare(name: str) -> str:
    return name.strip().lower().partition(":")[0]
