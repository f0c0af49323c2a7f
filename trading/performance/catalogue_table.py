"""The tables of docs/performance.md: every figure with its formula, unit, when null, and oracle."""

from __future__ import annotations

from collections.abc import Mapping

from trading.performance.catalogue import (
    EQUITY_FIGURES,
    EXECUTION_FIGURES,
    RISK_FIGURES,
    TRADE_FIGURES,
    TRADE_RECORD_FIGURES,
    Figure,
)
from trading.performance.catalogue_twins import TWIN_FIGURES

_SECTIONS = {
    "Equity": EQUITY_FIGURES,
    "Return against risk, from daily returns": RISK_FIGURES,
    "Trades": TRADE_FIGURES,
    "Execution": EXECUTION_FIGURES,
}


def render_figures() -> str:
    """The figures of an account, in sections."""
    parts = [f"### {title}\n\n{_table(figures)}" for title, figures in _SECTIONS.items()]
    return "\n\n".join(parts)


def render_trade_record_figures() -> str:
    """The figures of a single trade."""
    return _table(TRADE_RECORD_FIGURES)


def render_twin_figures() -> str:
    """The figures of a live account beside its paper twin."""
    return _table(TWIN_FIGURES)


def _table(figures: Mapping[str, Figure]) -> str:
    lines = ["| figure | unit | formula | null when | checked against |", "|---|---|---|---|---|"]
    for name, figure in figures.items():
        undefined, oracle = figure.undefined or "never", figure.oracle or "by hand"
        lines.append(f"| `{name}` | {figure.unit} | {figure.meaning} | {undefined} | {oracle} |")
    return "\n".join(lines)
