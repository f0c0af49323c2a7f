"""The scalper forecasts what repeats, refuses what does not, and uses no label early."""

import math

import numpy as np
import pytest

from trading.positions import Direction
from trading.strategies.logistic import walk_forward
from trading.strategies.ml_scalper import TIMEFRAMES, MlScalperParameters, signal, warm_up
from trading.strategies.recent_candles import recent_candles
from trading.strategies.scalper_features import compute_features, features_warm_up
from trading.timeframes import Timeframe

DEFAULTS = MlScalperParameters()
WAVE = [1000.0 + 20.0 * float(np.sin(2 * np.pi * index / 48)) for index in range(500)]


@pytest.fixture
def opinion(candles, view):
    def ask(closes, held=Direction.FLAT, parameters=DEFAULTS, **shape):
        return signal(view(candles(closes, Timeframe.M5, **shape), Timeframe.M5), parameters, held)

    return ask


@pytest.mark.parametrize(
    ("until", "direction"),
    [(475, Direction.LONG), (451, Direction.SHORT)],  # before the steep parts of the wave
)
def test_a_wave_is_learned_and_its_next_hour_forecast(opinion, until, direction):
    assert np.sign(WAVE[until + 11] - WAVE[until - 1]) == direction.sign  # what will happen
    answer = opinion(WAVE[:until])
    assert answer.direction is direction
    assert answer.confidence > 0.55
    assert (float(answer.stop_price) - WAVE[until - 1]) * direction.sign < 0


def test_a_forecast_against_the_position_asks_for_the_other_side(opinion):
    assert opinion(WAVE[:475], Direction.SHORT).direction is Direction.LONG


def test_unproven_forecasts_open_nothing_but_end_a_position_they_speak_against(opinion):
    doubtful = MlScalperParameters(min_hit_ratio=0.9)
    answers = {held: opinion(WAVE[:475], held, doubtful) for held in Direction}  # forecast: up
    assert {each.direction for each in answers.values()} == {Direction.FLAT}
    assert answers[Direction.FLAT].hold
    assert answers[Direction.LONG].hold
    assert not answers[Direction.SHORT].hold


def test_one_candle_less_than_the_warm_up_is_no_opinion(opinion):
    needed = warm_up(DEFAULTS)
    assert opinion(WAVE[: needed - 1]).reason.startswith(f"{needed - 1} of {needed} closed 5m")
    assert "probability" in opinion(WAVE[:needed]).reason


def test_a_motionless_market_teaches_nothing(opinion):
    answer = opinion([100.0] * 400, reach=0.0)
    assert answer.hold
    assert "0 past forecasts" in answer.reason


def test_the_same_window_always_gives_the_same_answer(opinion, walk):
    closes = walk(450, seed=3)
    assert opinion(closes) == opinion(closes)


def test_forecasts_do_not_change_when_the_future_does():
    rng = np.random.default_rng(11)
    features, closes = rng.normal(size=(300, 4)), rng.normal(100, 1, 300)
    settings = {"horizon": 12, "learning_rate": 0.1, "shrinkage": 0.01, "window": 500}
    whole = walk_forward(features, closes, **settings).probabilities
    for cut in (1, 12, 13, 150, 299):
        scrambled, other = features.copy(), closes.copy()
        scrambled[cut:], other[cut:] = rng.normal(size=(300 - cut, 4)), 1.0
        assert (walk_forward(scrambled, other, **settings).probabilities[:cut] == whole[:cut]).all()


def test_a_label_is_used_at_the_candle_that_decides_it_and_not_before():
    features, closes = np.ones((40, 1)), np.full(40, 100.0)
    closes[20:] = 101.0  # the first labels that differ from 1/2 are decided by candle 20
    found = walk_forward(features, closes, horizon=5, learning_rate=0.5, shrinkage=0.0, window=500)
    assert (found.probabilities[:20] == 0.5).all()
    assert (found.probabilities[20:] > 0.5).all()


def test_the_hit_ratio_counts_only_forecasts_that_said_something():
    features, closes = np.ones((30, 1)), np.linspace(100, 130, 30)
    found = walk_forward(features, closes, horizon=1, learning_rate=0.5, shrinkage=0.0, window=500)
    assert found.probabilities[0] == 0.5
    assert (found.hit_ratio[-1], found.scored[-1]) == (
        1.0,
        28,
    )  # 29 labels, the first forecast was 1/2


def test_features_of_a_candle_do_not_depend_on_later_candles(candles, view, walk):
    closes = walk(200, seed=4)
    other = closes[:120] + walk(80, seed=9)
    rows, others = (
        compute_features(
            recent_candles(view(candles(each, Timeframe.M5), Timeframe.M5), Timeframe.M5, 500)
        )
        for each in (closes, other)
    )
    np.testing.assert_array_equal(rows[:120], others[:120])
    assert (rows[121] != others[121]).any()


def test_features_are_complete_from_their_warm_up_on_and_bounded(candles, view, walk):
    read = recent_candles(
        view(candles(walk(200, seed=4, step=0.05), Timeframe.M5), Timeframe.M5),
        Timeframe.M5,
        TIMEFRAMES[Timeframe.M5],
    )
    rows = compute_features(read)
    first = features_warm_up() - 1
    assert rows.shape == (200, 9)
    assert np.isnan(rows[first - 1]).any()
    assert np.isfinite(rows[first:]).all()
    assert np.abs(rows[first:]).max() <= 3.0


def one_learner(features, closes, *, horizon, learning_rate, shrinkage):
    """The forecast at the last row by one learner that begins at the first, step by step."""
    weights, made, right, said = [0.0] * features.shape[1], [], 0, 0
    for now, row in enumerate(features):
        known = now - horizon
        if known >= 0:
            change = closes[now] - closes[known]
            label = 0.5 if change == 0 else float(change > 0)
            if label != 0.5 and made[known] != 0.5:
                said += 1
                right += (made[known] > 0.5) == (label > 0.5)
            score = sum(w * x for w, x in zip(weights, features[known], strict=True))
            error = label - 1 / (1 + math.exp(-score))
            weights = [
                w + learning_rate * (error * x - shrinkage * w)
                for w, x in zip(weights, features[known], strict=True)
            ]
        score = sum(w * x for w, x in zip(weights, row, strict=True))
        made.append(1 / (1 + math.exp(-score)))
    return made[-1], right / said if said else 0.0, said


@pytest.mark.parametrize("count", [1, 29, 30, 31, 59, 60, 61, 90, 130])
def test_every_row_is_answered_by_a_learner_that_began_one_window_before(count):
    rng = np.random.default_rng(5)
    features, closes = rng.normal(size=(count, 3)), rng.normal(100, 1, count).round()
    settings = {"horizon": 4, "learning_rate": 0.3, "shrinkage": 0.02}
    found = walk_forward(features, closes, window=30, **settings)
    for row in range(count):
        part = slice(max(0, row - 29), row + 1)
        probability, hit_ratio, scored = one_learner(features[part], closes[part], **settings)
        assert found.probabilities[row] == pytest.approx(probability, abs=1e-12)
        assert (found.hit_ratio[row], found.scored[row]) == (pytest.approx(hit_ratio), scored)


@pytest.mark.parametrize("horizon", [1, 12])
def test_labels_that_are_not_known_yet_change_nothing(horizon):
    # the label of row t is decided by the close at t + horizon: everything after row 150 unknown
    rng = np.random.default_rng(2)
    features, closes = rng.normal(size=(200, 4)), rng.normal(100, 1, 200)
    settings = {"horizon": horizon, "learning_rate": 0.1, "shrinkage": 0.01, "window": 120}
    whole, known = walk_forward(features, closes, **settings), 151
    for future in (np.full(49, np.nan), closes[known:][::-1], np.full(49, 1e9)):
        other = walk_forward(features, np.concatenate((closes[:known], future)), **settings)
        for name in ("probabilities", "hit_ratio", "scored"):
            np.testing.assert_array_equal(
                getattr(other, name)[:known], getattr(whole, name)[:known]
            )
    assert (other.probabilities[known:] != whole.probabilities[known:]).any()
