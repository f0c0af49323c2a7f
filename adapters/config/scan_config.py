"""The forms of `assets`: a list, or a scan that chooses the best of the market or of a list.

`[BTC, ETH]`, `BTC ETH`, `scan(5)` and `{scan: 5, of: [BTC, ETH, SOL]}`.
"""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, model_validator

from adapters.config.problems import KeyPath, Problem
from adapters.config.value_types import Assets, Whole
from adapters.config.yaml_document import Document
from trading.scan_plan import MOST_CHOSEN, Scan

_CALL = re.compile(r"scan\s*\(\s*(.*?)\s*\)")
_LISTED, _SCANNED = "[listed]", "[scanned]"
"""No key is written like that, so `explain` can leave them out of a place."""


class ScanConfig(BaseModel):
    """How many of which instruments are chosen at each cycle."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    scan: Whole = Field(
        ge=1,
        le=MOST_CHOSEN,
        description=f"how many instruments are chosen, a whole number from 1 to {MOST_CHOSEN}",
    )
    of: Annotated[Assets, Field(min_length=1)] | None = Field(
        None, description="the base assets to choose from; without it the whole market"
    )

    @model_validator(mode="before")
    @classmethod
    def _of_text(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        call = _CALL.fullmatch(value.strip())
        return {"scan": call[1] if call else value}


def _form(value: Any) -> str:
    is_call = isinstance(value, str) and value.strip().startswith("scan")
    return _SCANNED if is_call or isinstance(value, dict | ScanConfig) else _LISTED


AssetsForm = Annotated[
    Annotated[Assets, Field(min_length=1), Tag(_LISTED)] | Annotated[ScanConfig, Tag(_SCANNED)],
    Discriminator(_form),
]


def listed_assets(assets: list[str] | ScanConfig, path: KeyPath) -> tuple[list[str], KeyPath]:
    """The assets that are named, with the place of the list; of a scan those it chooses from."""
    if isinstance(assets, ScanConfig):
        return assets.of or [], (*path, "assets", "of")
    return assets, (*path, "assets")


def scan_of(assets: list[str] | ScanConfig) -> Scan | None:
    """The scan of an account, if its assets are one."""
    return Scan(count=assets.scan) if isinstance(assets, ScanConfig) else None


def check_scan(document: Document, assets: list[str] | ScanConfig, path: KeyPath) -> list[Problem]:
    """A scan that has fewer candidates than it chooses says something else than was meant."""
    if not isinstance(assets, ScanConfig) or assets.of is None or assets.scan <= len(assets.of):
        return []
    text = f"is {assets.scan}, but `of` names only {len(assets.of)}"
    hint = "name more assets, or write the list without a scan to trade all of them"
    return [document.problem((*path, "assets", "scan"), text, hint)]
