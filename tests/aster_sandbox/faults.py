"""What goes wrong, by plan: per method, end of the path and how many calls from now.

Times are seconds. A fault either lets the request have its effect first (`execute`) or not; one that
only delays or only hides always does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_NUMBER = re.compile(r"-?[0-9]{1,20}(\.[0-9]{1,20})?")
_STOPS = ("STOP", "STOP_MARKET", "TAKE_PROFIT", "TAKE_PROFIT_MARKET", "TRAILING_STOP_MARKET")


@dataclass(slots=True, kw_only=True)
class Fault:
    """One thing that goes wrong."""

    path: str
    """End of the path, e.g. `order` or `v3/order`."""
    method: str | None = None
    """None: any."""
    nth: int = 1
    """The first matching call it happens to, counted from when it was planned."""
    times: int = 1
    """To how many calls in a row; 0: to all from then on."""
    execute: bool = False
    status: int | None = None
    body: str | None = None
    """Instead of the true answer; with `status` alone a short error of the venue."""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    """Before anything is done."""
    answer_delay: float = 0.0
    """Between what is done and the answer."""
    drop: bool = False
    """The connection ends without an answer."""
    cut: int | None = None
    """The connection ends after that many bytes of the answer."""
    hide_stops: bool = False
    """Conditional orders are left out of the listing."""
    merge: dict[str, Any] = field(default_factory=dict)
    """Fields of the true answer, or of each row of it, that are replaced; None takes a field away."""
    retype: bool = False
    """Numbers become texts and texts that are numbers become numbers, everywhere in the answer."""
    where: dict[str, str] = field(default_factory=dict)
    """Parameters that the request must have, e.g. the type of an order."""
    seen: int = 0

    def matches(self, method: str, path: str, parameters: Mapping[str, str]) -> bool:
        is_there = self.method in (None, method) and path.endswith("/" + self.path)
        return is_there and self.where.items() <= parameters.items()

    @property
    def is_executed(self) -> bool:
        """Whether the request has its effect."""
        return self.execute or not (self.status or self.body is not None or self.drop)

    @property
    def text(self) -> str | None:
        """The answer instead of the true one; None: the true one."""
        if self.body is not None:
            return self.body
        if self.status is None or self.status < 400:
            return None
        return '{"code":-1000,"msg":"An unknown error occurred while processing the request."}'

    def bent(self, document: Any) -> Any:
        """The true answer with what the fault hides or replaces."""
        if self.hide_stops and isinstance(document, list):
            document = [row for row in document if row.get("origType") not in _STOPS]
        if self.merge:
            document = _merged(document, self.merge)
        return _retyped(document) if self.retype else document


def _merged(document: Any, fields: dict[str, Any]) -> Any:
    if isinstance(document, list):
        return [_merged(row, fields) for row in document]
    if not isinstance(document, dict):
        return document
    merged = {**document, **fields}
    return {name: value for name, value in merged.items() if value is not None}


def _retyped(document: Any) -> Any:
    if isinstance(document, dict):
        return {name: _retyped(value) for name, value in document.items()}
    if isinstance(document, list):
        return [_retyped(each) for each in document]
    if isinstance(document, str) and _NUMBER.fullmatch(document):
        return float(document) if "." in document else int(document)
    if isinstance(document, int | float) and not isinstance(document, bool):
        return str(document)
    return document


@dataclass(slots=True)
class FaultPlan:
    """All that is planned, and what has happened."""

    planned: list[Fault] = field(default_factory=list)
    happened: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of every call that met a fault."""

    def add(self, path: str, **how: Any) -> Fault:
        fault = Fault(path=path, **how)
        self.planned.append(fault)
        return fault

    def clear(self) -> None:
        self.planned.clear()

    def take(
        self, method: str, path: str, parameters: Mapping[str, str] | None = None
    ) -> Fault | None:
        """The fault of this call; every plan that matches counts it."""
        found: Fault | None = None
        for fault in list(self.planned):
            if not fault.matches(method, path, parameters or {}):
                continue
            fault.seen += 1
            is_due = fault.seen >= fault.nth and (
                fault.times == 0 or fault.seen < fault.nth + fault.times
            )
            if fault.times and fault.seen >= fault.nth + fault.times - 1:
                self.planned.remove(fault)
            if is_due and found is None:
                found = fault
        if found is not None:
            self.happened.append((method, path))
        return found
