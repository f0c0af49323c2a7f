"""The table of routes: which call, what it weighs, who may ask; and how a request finds its route.

Weights are the documented ones; those that depend on a parameter are functions of the parameters.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Any

from tests.aster_sandbox.authorising import Caller
from tests.aster_sandbox.refusals import VenueRefusal, missing
from tests.aster_sandbox.users import User
from tests.aster_sandbox.venue import Venue

Weight = int | Callable[[Mapping[str, str]], int]


class Access(Enum):
    """What proves who asks."""

    OPEN = auto()
    SIGNED = auto()
    TRADING = auto()
    """Signed, by keys that may trade."""
    KEY = auto()
    """V1: the key's header alone; V3: signed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request that has been let in."""

    venue: Venue
    parameters: Mapping[str, str]
    caller: Caller | None

    @property
    def user(self) -> User:
        if self.caller is None:
            raise AssertionError("an open route has no user")
        return self.caller.user

    def need(self, name: str) -> str:
        """A parameter that must be there; -1102 without it."""
        value = self.parameters.get(name, "")
        if not value:
            raise missing(name)
        return value

    def number(self, name: str) -> int | None:
        """A whole number that may be absent; -1100 for what is none."""
        text = self.parameters.get(name, "")
        if not text:
            return None
        if re.fullmatch(r"-?[0-9]{1,19}", text) is None:
            raise VenueRefusal(-1100, f"Illegal characters found in parameter '{name}'.")
        return int(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One call."""

    answer: Callable[[Ask], Any]
    weight: Weight = 1
    access: Access = Access.OPEN
    orders: Weight = 0
    """How much it counts against the account's limit of orders."""

    def weight_of(self, parameters: Mapping[str, str]) -> int:
        try:
            return self.weight if isinstance(self.weight, int) else self.weight(parameters)
        except ValueError:
            raise VenueRefusal(-1100, "Illegal characters found in parameter 'limit'.") from None

    def orders_of(self, parameters: Mapping[str, str]) -> int:
        return self.orders if isinstance(self.orders, int) else self.orders(parameters)


ROUTES: dict[tuple[str, str], Route] = {}
"""By method and path."""


def route(
    method: str,
    *paths: str,
    weight: Weight = 1,
    access: Access = Access.OPEN,
    orders: Weight = 0,
) -> Callable[[Callable[[Ask], Any]], Callable[[Ask], Any]]:
    """Answer these paths below `/fapi`; `*/` in front stands for both families."""

    def take(answer: Callable[[Ask], Any]) -> Callable[[Ask], Any]:
        entry = Route(answer=answer, weight=weight, access=access, orders=orders)
        for path in paths:
            for version in ("v1", "v3") if path.startswith("*/") else ("",):
                ROUTES[method, f"/fapi/{path.replace('*', version, 1)}"] = entry
        return answer

    return take


def by_symbol(one: int, all_of_them: int) -> Callable[[Mapping[str, str]], int]:
    """A call that weighs more without a symbol."""
    return lambda parameters: one if parameters.get("symbol") else all_of_them
