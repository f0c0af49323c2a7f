"""What each strategy says of a fixed run of the simulated market, as committed JSON.

`python -m tests.trading.strategies.golden_vectors` writes the files in `golden/`; commit them only when
a rule was changed on purpose. Sides are `+`, `-` and `.`; leaves are `l`, `s`, `b` (both) and `.`.
"""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tests.trading.strategies.simulated_runs import SEED, UNTIL, simulated_run
from trading.strategies.catalogue import STRATEGIES
from trading.strategies.columns import OpinionColumns
from trading.strategies.recent_candles import RecentCandles

FOLDER = Path(__file__).parent / "golden"
SYMBOL = "SOLUSDT"
ROWS = 240
"""Candles after the warm-up."""
MOST_ENTRIES = 12
FUNDING_SCALE = 4.0
"""The rates of the run are multiplied by this: as they are, they seldom pay anybody's costs."""


def golden_run(name: str) -> RecentCandles:
    """The candles that the vectors of a strategy are made from."""
    strategy = STRATEGIES[name]
    count = strategy.warm_up(strategy.parameters()) - 1 + ROWS
    run = simulated_run(name, count, symbol=SYMBOL)
    return replace(
        run,
        funding_rate=FUNDING_SCALE * run.funding_rate,
        funding_estimate=FUNDING_SCALE * run.funding_estimate,
        funding_paid=FUNDING_SCALE * run.funding_paid,
    )


def golden_vector(name: str) -> dict[str, Any]:
    """The columns over that run, entries in full at `MOST_ENTRIES` candles spread over them."""
    strategy, run = STRATEGIES[name], golden_run(name)
    columns = strategy.opinions(run, strategy.parameters())
    entries = np.flatnonzero(columns.side)
    spread = entries[np.unique(np.linspace(0, entries.size - 1, MOST_ENTRIES).astype(int))]
    return {
        "made_by": "python -m tests.trading.strategies.golden_vectors",
        "market": f"simulated-{SEED}",
        "symbol": SYMBOL,
        "timeframe": str(strategy.timeframe),
        "closed_at": f"{UNTIL:%Y-%m-%dT%H:%MZ}",
        "candles": len(run),
        "side": "".join(".+-"[side] for side in columns.side[-ROWS:]),
        "leave": _leaves(columns),
        "entries": [_entry(columns, int(row)) for row in spread],
    }


def _leaves(columns: OpinionColumns) -> str:
    marks = columns.leave_long[-ROWS:].astype(int) + 2 * columns.leave_short[-ROWS:].astype(int)
    return "".join(".lsb"[mark] for mark in marks)


def _entry(columns: OpinionColumns, row: int) -> dict[str, float]:
    """The measures of an entry; one that it does not have is left out."""
    now = columns.row(row)
    measures = {"stop": now.stop, "target": now.target, "confidence": now.confidence}
    if now.level is not None:
        measures["level"] = now.level
    return {"row": row} | {key: value for key, value in measures.items() if not np.isnan(value)}


def main() -> None:
    """Write one file per strategy."""
    FOLDER.mkdir(exist_ok=True)
    for name in STRATEGIES:
        path = FOLDER / f"{name}.json"
        path.write_text(json.dumps(golden_vector(name), indent=1) + "\n")
        sys.stdout.write(f"{path.name}\n")


if __name__ == "__main__":
    main()
