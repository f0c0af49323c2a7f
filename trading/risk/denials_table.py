"""The tables of codes and limits for the documents, written from the code so that they cannot differ."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from trading.limit_ranges import LIMITS
from trading.limits import RiskLimits
from trading.risk.codes import DenialCode
from trading.units import plain


def render_denials() -> str:
    """Markdown: one row per code with its meaning, its limits and its source, in their order."""
    rows = (
        f"| `{code.value}` | {code.meaning} | {_names(code.limits)} | {code.source} |"
        for code in DenialCode
    )
    return "\n".join(("| Code | Meaning | Limits | Source |", "|---|---|---|---|", *rows)) + "\n"


def render_limits() -> str:
    """Markdown: one row per limit with default, meaning, codes and source."""
    defaults = RiskLimits()
    rows = (
        f"| `{name}` | {_default(getattr(defaults, name))} | {about.meaning} |"
        f" {_names(code.value for code in DenialCode if name in code.limits)} | {about.source} |"
        for name, about in LIMITS.items()
    )
    head = ("| Limit | Default | Meaning | Codes | Source |", "|---|---:|---|---|---|")
    return "\n".join((*head, *rows)) + "\n"


def render_limit_keys() -> str:
    """Markdown: what may be written under `limits`, in the order of the documents."""
    defaults = RiskLimits()
    rows = (
        f"| `{name}` | {_default(getattr(defaults, name))} |"
        f" {'true or false' if about.allowed is None else about.allowed.words} |"
        for name, about in LIMITS.items()
    )
    return "\n".join(("| Key of `limits` | Default | Allowed |", "|---|---:|---|", *rows)) + "\n"


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "-"


def _default(value: object) -> str:
    if value is None:
        return "not written"
    if isinstance(value, bool):
        return str(value).lower()
    return plain(value) if isinstance(value, Decimal) else f"{value:g}"
