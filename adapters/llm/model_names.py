"""Is the model that answered the one that was asked?

Providers answer with a dated name (`gpt-4o-2024-08-06` for `gpt-4o`), or with another model when the
one asked for is retired or busy. A dated name is the same model; anything else is another one.
"""

from __future__ import annotations

import re
from enum import StrEnum

_YEAR, _MONTH, _DAY = r"20\d\d", r"(0[1-9]|1[0-2])", r"(0[1-9]|[12]\d|3[01])"
_DATE = re.compile(
    rf"-({_YEAR}-?{_MONTH}-?{_DAY}|{_MONTH}-?{_DAY}|{_MONTH}-{_YEAR}|2\d{_MONTH}({_DAY})?|00\d)"
    r"(-preview)?$"
)
"""`-2024-08-06`, `-20250514`, `-07-09`, `-0709`, `-08-2024`, `-2411`, `-250115`, and Google's `-002`; other
numbers are part of the name, a size for instance."""
_VARIANT = re.compile(r":(free|nitro|floor|online|exacto|extended|thinking|beta|latest)$")
"""How a router serves a model, and the tag that a local server puts where there is none. Other tags
(`llama3.1:8b`) name another model."""
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
    return _VARIANT.sub("", name.strip().lower())
