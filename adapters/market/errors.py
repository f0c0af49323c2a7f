"""What can be wrong with recorded market data; every message names file, line, value, next step.

BadMarketData (trading.errors)
└── RecordedDataError   the folder is refused as a whole -> repair or remove what is named
"""

from __future__ import annotations

from pathlib import Path

from trading.errors import BadMarketData


class RecordedDataError(BadMarketData):
    """A folder or file of recorded candles that must not be traded on."""

    def __init__(
        self, path: Path, problem: str, *, next_step: str, symbol: str = "", line: int | None = None
    ) -> None:
        where = path.name if line is None else f"{path.name} line {line}"
        super().__init__(symbol or "recorded market", f"{where}: {problem}; {next_step}")
        self.path = path
        self.problem = problem
        self.next_step = next_step
        self.line = line
