"""Which options go with which market; the real market runs in real time and nothing else.

A variable of the environment may stay where it does not apply, because accounts share some of them;
an option of the command line was meant, and is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from adapters.config.problems import ConfigurationError, Problem

if TYPE_CHECKING:
    from adapters.config.settings import Settings

    Given = TypeVar("Given", bound=Settings)

REAL_TIME = 1.0
"""Speed of a market whose prices are the world's."""


def require_market_options(settings: Settings, overrides: Mapping[str, object]) -> None:
    """Raises `ConfigurationError`."""
    if settings.base_url is not None and "@" in settings.base_url:
        raise _refused(
            overrides,
            "ASTERDEX_BASE_URL",
            "holds a user or a password",
            "write https://host[:port]; keys are named under asterdex in the accounts",
        )
    if settings.market != "aster":
        if overrides.get("PERPFLOW_NETWORK") is not None:
            raise _refused(
                overrides,
                "PERPFLOW_NETWORK",
                f"goes with AsterDEX, but the market is {settings.market}",
                "add --market aster, or leave --network out",
            )
        return
    if "speed" in settings.model_fields_set and settings.speed != REAL_TIME:
        raise _refused(
            overrides,
            "PERPFLOW_SPEED",
            f"is {settings.speed:g}, but prices of AsterDEX come in real time only",
            "leave the speed out; it is 1 there",
        )


def in_real_time(settings: Given) -> Given:
    """The settings with the speed that their market has."""
    if settings.market != "aster":
        return settings
    return settings.model_copy(update={"speed": REAL_TIME})


def _refused(
    overrides: Mapping[str, object], name: str, text: str, hint: str
) -> ConfigurationError:
    is_option = overrides.get(name) is not None
    options = {"PERPFLOW_NETWORK": "--network", "PERPFLOW_SPEED": "--speed"}
    return ConfigurationError(
        [
            Problem(
                source="command line" if is_option else "environment",
                line=None,
                key=options[name] if is_option else name,
                text=text,
                hint=hint,
            )
        ]
    )
