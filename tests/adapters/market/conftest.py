"""Folders of recorded candles, written from the simulated market."""

import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from trading.candles import Candle
from trading.simulation.candles import candles_between
from trading.simulation.instruments import ASSETS
from trading.timeframes import EPOCH, Timeframe

CANDLE_HEADER = "open_time,open,high,low,close,volume"
FUNDING_HEADER = "funding_time,funding_rate"
STARTS = datetime(2024, 3, 1, 0, 0, tzinfo=UTC)


def _row(candle: Candle) -> str:
    opened = (candle.open_time - EPOCH) // timedelta(milliseconds=1)
    prices = (candle.open, candle.high, candle.low, candle.close, candle.volume)
    return ",".join((str(opened), *map(str, prices)))


@pytest.fixture
def starts() -> datetime:
    """Open of the first row of the written files."""
    return STARTS


@pytest.fixture
def rows() -> Callable[..., list[str]]:
    """Rows of a sound file, without its header."""

    def build(symbol: str = "BTCUSDT", timeframe: str = "5m", count: int = 60) -> list[str]:
        frame = Timeframe(timeframe)
        until = STARTS + count * frame.length
        found = candles_between(7, ASSETS[symbol], frame, since=STARTS, until=until)
        return [_row(candle) for candle in found]

    return build


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """Write a file of rows into the test's folder; the header follows from the name."""

    def save(name: str, rows: Sequence[str], header: str | None = None) -> Path:
        usual = FUNDING_HEADER if "-funding" in name else CANDLE_HEADER
        text = "\n".join((usual if header is None else header, *rows)) + "\n"
        path = tmp_path / name
        path.write_bytes(gzip.compress(text.encode()) if name.endswith(".gz") else text.encode())
        return tmp_path

    return save
