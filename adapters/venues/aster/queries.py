"""Parameters of a call from keyword arguments, in the order in which they are written."""

from __future__ import annotations

from adapters.venues.aster.signing import Parameters


def query(**values: str | int | None) -> Parameters:
    """Names and values; what is None is left out. A flag is written out by the caller."""
    return [(name, str(value)) for name, value in values.items() if value is not None]
