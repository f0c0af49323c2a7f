"""The results as text: one line per arm, and how many times the stock arms exceed the warm one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bench.runtime.figures import COLUMNS, median_figures, ratio

REFERENCE = "warm"
RATIO_COLUMNS = ("start p50", "start p95", "decision p95", "CPU-s/cycle", "peak MB worker")
Figures = Mapping[str, float | None]


def render(cells: Sequence[Mapping[str, Any]]) -> str:
    """A table per kind of measurement, with a line under it for each cell without a result."""
    kinds = dict.fromkeys(_kind(cell) for cell in sorted(cells, key=_size))
    return "\n\n".join(
        _block(kind, [cell for cell in cells if _kind(cell) == kind]) for kind in kinds
    )


def grouped(cells: Sequence[Mapping[str, Any]]) -> dict[str, Figures]:
    """Median figures by arm, over the rounds that have a result."""
    arms: dict[str, list[Mapping[str, Any]]] = {}
    for cell in cells:
        if cell.get("summary"):
            arms.setdefault(cell["spec"]["arm"], []).append(cell["summary"])
    return {arm: median_figures(summaries) for arm, summaries in arms.items()}


def _kind(cell: Mapping[str, Any]) -> str:
    """Only cells of one kind are compared."""
    spec = cell["spec"]
    if spec["single_slots"]:
        return "one account, slot after slot"
    return f"{spec['accounts']} accounts due at once"


def _size(cell: Mapping[str, Any]) -> tuple[bool, int]:
    return (not cell["spec"]["single_slots"], cell["spec"]["accounts"])


def _block(title: str, cells: Sequence[Mapping[str, Any]]) -> str:
    by_arm = grouped(cells)
    rows = [["arm", *COLUMNS]]
    rows += [
        [arm, *(_number(figures[name]) for name in COLUMNS)] for arm, figures in by_arm.items()
    ]
    problems = [
        f"  {cell['spec']['arm']}, round {cell['spec']['round']}: {cell['error']}"
        for cell in cells
        if cell.get("error")
    ]
    head = f"{title} (seconds; medians over rounds)"
    return "\n".join([head, *_aligned(rows), *_ratio_lines(by_arm), *problems])


def _ratio_lines(by_arm: Mapping[str, Figures]) -> list[str]:
    reference = by_arm.get(REFERENCE)
    if reference is None:
        return []
    lines = []
    for arm, figures in by_arm.items():
        if arm == REFERENCE:
            continue
        found = ((name, ratio(figures, reference, name)) for name in RATIO_COLUMNS)
        told = ", ".join(f"{name} {value:.1f}x" for name, value in found if value is not None)
        unequal = "" if _same_work(figures, reference) else "; not the same work: see `done share`"
        lines.append(f"  {arm} / {REFERENCE}: {told or 'no common figure'}{unequal}")
    return lines


def _same_work(one: Figures, other: Figures) -> bool:
    """Ratios mean something only when (nearly) the same number of cycles was carried out."""
    shares = one.get("done share"), other.get("done share")
    return None not in shares and abs((shares[0] or 0.0) - (shares[1] or 0.0)) <= 0.03


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.2f}"


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "  ".join(
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
