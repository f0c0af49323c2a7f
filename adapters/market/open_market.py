"""From the arena's market setting to a market source; the one place that knows both kinds."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from adapters.market.recorded import RecordedMarket
from adapters.market.simulated import SimulatedMarket
from trading.errors import InvalidRecord, UnknownName
from trading.ports import MarketSource

MarketKind = Literal["simulated", "recorded"]


def open_market(source: MarketKind, settings: Mapping[str, object]) -> MarketSource:
    """The market source for `{"seed": 7}` (simulated) or `{"folder": "..."}` (recorded).

    A recorded folder is read symbol by symbol as needed; validate it once with
    `RecordedMarket.open` before the arena starts.

    Raises `UnknownName` for another source, `InvalidRecord` for wrong settings, and
    `RecordedDataError` for a folder that cannot be used.
    """
    if source == "simulated":
        return SimulatedMarket(_seed(_only_setting(source, settings, "seed")))
    if source == "recorded":
        return RecordedMarket.open(
            _folder(_only_setting(source, settings, "folder")), validate=False
        )
    raise UnknownName("market source", str(source), ("simulated", "recorded"))


def _only_setting(source: str, settings: Mapping[str, object], name: str) -> object:
    if set(settings) != {name}:
        found = ", ".join(sorted(settings)) or "none"
        raise InvalidRecord(f"the {source} market takes the one setting {name!r}, found: {found}")
    return settings[name]


def _seed(value: object) -> int:
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise InvalidRecord(f"seed is {value!r}, allowed is a whole number such as 7")


def _folder(value: object) -> Path:
    if isinstance(value, (str, Path)) and str(value):
        return Path(value).expanduser()
    raise InvalidRecord(f"folder is {value!r}, allowed is the path of a folder with candle files")
