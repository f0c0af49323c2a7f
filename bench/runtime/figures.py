"""The arithmetic of the measurement: percentiles, CPU per cycle, medians over rounds, ratios.

Pure functions over records. Seconds, megabytes (10^6 bytes), ratios; None where there is no figure.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFigures:
    """One flow run; lags are seconds after the scheduled instant, None when it never came so far."""

    account_id: str
    prefect_state: str
    outcome: str
    """`done`, `failed`, `skipped` or `missed` as in `cycles.status`; `none` without a cycle."""
    start_lag: float | None = None
    """Prefect's start time of the flow run."""
    task_lag: float | None = None
    """The first task (claim_slot) at work."""
    decision_lag: float | None = None
    """The last decision stored with its verdict."""
    end_lag: float | None = None
    """The cycle's row closed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """CPU-seconds per part over a span, and the highest memory seen."""

    busy_seconds: float
    """Length of the span in which the runs were worked on."""
    busy_cpu: dict[str, float]
    idle_seconds: float
    idle_cpu: dict[str, float]
    peak_mb: dict[str, float] = field(default_factory=dict)
    """Proportional set size per part, and `all` for the highest sum."""
    counted_by: str = ""


def percentile(values: Iterable[float | None], share: float) -> float | None:
    """Nearest rank: the smallest value that at least `share` of the values do not exceed."""
    known = sorted(value for value in values if value is not None)
    if not known:
        return None
    return known[max(0, math.ceil(share * len(known)) - 1)]


def lag_figures(values: Sequence[float | None]) -> dict[str, float | None]:
    """p50, p95, max and how many there are."""
    return {
        "p50": percentile(values, 0.50),
        "p95": percentile(values, 0.95),
        "max": percentile(values, 1.0),
        "count": sum(value is not None for value in values),
    }


def cpu_per_run(usage: Usage, runs: int) -> dict[str, float]:
    """CPU-seconds per run and part beyond what the parts use when nothing is due; `all` is the sum."""
    if runs < 1 or usage.idle_seconds <= 0:
        return {}
    scale = usage.busy_seconds / usage.idle_seconds
    parts = {
        part: (busy - usage.idle_cpu.get(part, 0.0) * scale) / runs
        for part, busy in usage.busy_cpu.items()
    }
    return {**parts, "all": sum(parts.values())}


def summarise(runs: Sequence[RunFigures], usage: Usage | None) -> dict[str, Any]:
    """The figures of one cell."""
    outcomes = Counter(run.outcome for run in runs)
    return {
        "runs": len(runs),
        "outcomes": dict(outcomes),
        "prefect_states": dict(Counter(run.prefect_state for run in runs)),
        "done_share": outcomes[DONE] / len(runs) if runs else 0.0,
        "start_lag": lag_figures([run.start_lag for run in runs]),
        "task_lag": lag_figures([run.task_lag for run in runs]),
        "decision_lag": lag_figures([run.decision_lag for run in runs]),
        "end_lag": lag_figures([run.end_lag for run in runs]),
        "cpu_per_run": {} if usage is None else cpu_per_run(usage, len(runs)),
        "idle_cpu_per_second": {}
        if usage is None or usage.idle_seconds <= 0
        else {part: cpu / usage.idle_seconds for part, cpu in usage.idle_cpu.items()},
        "peak_mb": {} if usage is None else usage.peak_mb,
        "usage": None if usage is None else asdict(usage),
    }


def median_figures(summaries: Sequence[Mapping[str, Any]]) -> dict[str, float | None]:
    """The figures of the table, each the median over the rounds of one arm."""
    return {name: _median(_dig(each, path) for each in summaries) for name, path in COLUMNS.items()}


COLUMNS: dict[str, tuple[str, ...]] = {
    "done share": ("done_share",),
    "start p50": ("start_lag", "p50"),
    "start p95": ("start_lag", "p95"),
    "task p50": ("task_lag", "p50"),
    "task p95": ("task_lag", "p95"),
    "decision p50": ("decision_lag", "p50"),
    "decision p95": ("decision_lag", "p95"),
    "decision max": ("decision_lag", "max"),
    "CPU-s/cycle": ("cpu_per_run", "all"),
    "of it worker": ("cpu_per_run", "worker"),
    "server": ("cpu_per_run", "server"),
    "postgres": ("cpu_per_run", "postgres"),
    "peak MB all": ("peak_mb", "all"),
    "peak MB worker": ("peak_mb", "worker"),
}
"""Column of the table -> where the figure is in a summary."""


def ratio(
    slow: Mapping[str, float | None], fast: Mapping[str, float | None], column: str
) -> float | None:
    """How many times larger the figure of `slow` is; None when either is missing or not positive."""
    above, below = slow.get(column), fast.get(column)
    if above is None or below is None or above <= 0 or below <= 0:
        return None
    return above / below


def _median(values: Iterable[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return median(known) if known else None


def _dig(summary: Mapping[str, Any], path: tuple[str, ...]) -> float | None:
    value: Any = summary
    for name in path:
        value = value.get(name) if isinstance(value, Mapping) else None
    return value
