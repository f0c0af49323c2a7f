"""What makes an instrument an opportunity, part by part, on candles that were built for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from tests.builders import BTC, build_quote, build_view
from trading.candles import Candle, CandleWindow
from trading.market import MarketView
from trading.scanner.scores import WEIGHTS, ScanScore, scan_warm_up, score_instrument
from trading.timeframes import Timeframe

START = datetime(2026, 11, 1, tzinfo=UTC)


def view(
    *, drift: float = 0.0, count: int = 168, volume: int = 100, spread: str = "1", **quote: Decimal
) -> MarketView:
    """A swing of 0.4 % around a path that drifts by `drift` (log) per hour in its last day."""
    swing = 0.004 * np.sin(np.arange(count) * 2 * np.pi / 7)
    path = np.cumsum(np.where(np.arange(count) >= count - 24, drift, 0.0))
    closes = [Decimal(repr(round(float(each), 2))) for each in 50_000 * np.exp(swing + path)]
    opens = [closes[0], *closes[:-1]]
    window = CandleWindow(
        "BTCUSDT",
        Timeframe.H1,
        tuple(
            Candle(START + n * timedelta(hours=1), o, max(o, c), min(o, c), c, Decimal(volume))
            for n, (o, c) in enumerate(zip(opens, closes, strict=True))
        ),
    )
    return build_view(build_quote(closes[-1], window.closed_at, spread=spread, **quote), window)


def score(**changes: object) -> ScanScore:
    found = score_instrument(view(**changes))
    assert isinstance(found, ScanScore)
    return found


def test_the_parts_are_ratios_and_their_weights_are_one_together() -> None:
    assert sum(WEIGHTS.values()) == pytest.approx(1.0)
    found = score(drift=0.002)
    assert found.parts.keys() == WEIGHTS.keys()
    assert all(0.0 <= part <= 1.0 for part in found.parts.values())
    assert found.total == pytest.approx(sum(WEIGHTS[n] * p for n, p in found.parts.items()))


@pytest.mark.parametrize("sign", [1, -1])
def test_a_market_that_goes_somewhere_scores_above_one_that_swings(sign: int) -> None:
    still, gone = score(), score(drift=0.002 * sign)
    assert gone.adx > still.adx
    assert abs(gone.move) > abs(still.move)
    assert np.sign(gone.move) == sign
    assert gone.parts["trend"] > still.parts["trend"]
    assert gone.parts["momentum"] > still.parts["momentum"]
    assert gone.total > still.total


def test_more_turnover_scores_higher_by_powers_of_ten_within_bounds() -> None:
    found = [score(volume=volume).parts["volume"] for volume in (0, 1, 10, 100, 100_000)]
    assert found[0] == 0.0
    assert found[-1] == 1.0
    assert found[3] - found[2] == pytest.approx(1 / 3, abs=1e-6)
    assert found == sorted(found)


def test_a_wide_spread_scores_nothing() -> None:
    assert score(spread="0").parts["spread"] == 1.0
    assert score(spread="50").spread_bps == pytest.approx(10.0, rel=0.01)
    assert score(spread="50").parts["spread"] == pytest.approx(0.5, abs=0.01)
    assert score(spread="500").parts["spread"] == 0.0


def test_funding_counts_for_the_side_of_the_move_and_by_the_same_length() -> None:
    rate = Decimal("0.0005")
    assert score(drift=0.002, funding_rate=rate).parts["funding"] == pytest.approx(0.25)
    assert score(drift=-0.002, funding_rate=rate).parts["funding"] == pytest.approx(0.75)
    assert score(drift=0.002).parts["funding"] == 0.5
    seen = view(drift=0.002, funding_rate=rate)
    hourly = replace(seen, instrument=replace(BTC, funding_interval=timedelta(hours=1)))
    found = score_instrument(hourly)
    assert isinstance(found, ScanScore)
    assert found.funding_per_8h == pytest.approx(0.004)
    assert found.parts["funding"] == 0.0


def test_without_a_warm_up_there_is_a_reason_instead_of_a_score() -> None:
    short = score_instrument(view(count=scan_warm_up() - 1))
    assert short == f"{scan_warm_up() - 1} of {scan_warm_up()} closed 1h candles are there"
    assert isinstance(score_instrument(view(count=scan_warm_up())), ScanScore)
    nothing = score_instrument(replace(view(), windows={}))
    assert nothing == f"0 of {scan_warm_up()} closed 1h candles are there"


def test_a_market_that_stands_still_scores_without_a_division_by_zero() -> None:
    seen = view()
    flat = tuple(
        replace(c, open=Decimal(5), high=Decimal(5), low=Decimal(5), close=Decimal(5))
        for c in seen.windows[Timeframe.H1].candles
    )
    found = score_instrument(
        replace(seen, windows={Timeframe.H1: CandleWindow("BTCUSDT", Timeframe.H1, flat)})
    )
    assert isinstance(found, ScanScore)
    assert (found.move, found.parts["momentum"], found.parts["trend"]) == (0.0, 0.0, 0.0)


def test_the_words_give_every_measure() -> None:
    words = score(drift=0.002, funding_rate=Decimal("0.0001")).words
    for part in (
        "score 0.",
        "ADX ",
        "day's move +",
        "turnover ",
        "spread 0.2 bps",
        "0.000100 per 8 h",
    ):
        assert part in words
    assert "funding unknown" in score().words
