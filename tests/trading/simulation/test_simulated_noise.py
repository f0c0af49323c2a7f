"""The only source of chance of the simulated market."""

import ast
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import trading.simulation.noise as noise
from trading.simulation.noise import (
    exponential,
    fat_normals,
    normals,
    stream_key,
    uniforms,
    value_noise,
)

INDEX = np.arange(-50_000, 150_000, dtype=np.int64)


def test_the_hash_is_the_published_splitmix64():
    # First outputs of the reference implementation seeded with 1234567 (its state grows first).
    counters = np.arange(1, 4, dtype=np.int64)
    expected = [6457827717110365317, 3203168211198807973, 9817491932198370423]
    assert noise._hashed(1234567, counters).tolist() == expected


@pytest.mark.parametrize("draw", [normals, fat_normals])
def test_draws_have_mean_0_and_deviation_1(draw):
    drawn = draw(stream_key(1, "moments"), INDEX)
    assert abs(drawn.mean()) < 0.01
    assert abs(drawn.std() - 1.0) < 0.01


def test_fat_draws_have_fatter_tails_than_normal_ones_and_an_end():
    drawn = fat_normals(stream_key(1, "tails"), INDEX)
    assert (np.abs(drawn) > 4.0).mean() > 0.0005
    assert np.abs(drawn).max() < 6.8


def test_neighbouring_draws_and_neighbouring_seeds_are_unrelated():
    one, other = normals(stream_key(1, "a"), INDEX), normals(stream_key(2, "a"), INDEX)
    assert abs(np.corrcoef(one, other)[0, 1]) < 0.01
    assert abs(np.corrcoef(one[1:], one[:-1])[0, 1]) < 0.01


def test_uniform_draws_fill_the_interval_from_0_up_to_below_1():
    drawn = uniforms(stream_key(1, "u"), INDEX)
    assert drawn.min() >= 0.0
    assert drawn.max() < 1.0
    shares = np.histogram(drawn, bins=10, range=(0, 1))[0] / drawn.size
    assert np.all(np.abs(shares - 0.1) < 0.005)


def test_names_are_not_run_together_in_a_stream_key():
    assert stream_key(1, "ab", "c") != stream_key(1, "a", "bc")
    assert stream_key(1, "1", "x") != stream_key(11, "x")


@settings(deadline=None)
@given(st.integers(-(10**7), 10**8), st.integers(2, 5_000))
def test_value_noise_at_a_minute_does_not_depend_on_the_other_minutes_asked_for(start, period):
    minutes = np.arange(start, start + 40, dtype=np.int64)
    together = value_noise(5, minutes, period)
    alone = [value_noise(5, minutes[i : i + 1], period)[0] for i in (0, 17, 39)]
    assert alone == [together[0], together[17], together[39]]


def test_value_noise_moves_in_small_steps():
    curve = value_noise(stream_key(3, "smooth"), np.arange(100_000, dtype=np.int64), 100)
    assert np.abs(np.diff(curve)).max() < 1.5 * 7.0 / 100.0


@settings(deadline=None)
@given(st.floats(-700, 700))
def test_the_own_exponential_agrees_with_the_true_one(power):
    assert exponential(np.array([power]))[0] == pytest.approx(math.exp(power), rel=1e-14)


def test_no_function_is_used_whose_last_digit_differs_between_processors():
    inexact = {"exp", "log", "log1p", "expm1", "sin", "cos", "tan", "tanh", "power", "cbrt", "sum"}
    for path in Path(noise.__file__).parent.glob("*.py"):
        used = {
            node.attr
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id in {"np", "math"}
        }
        assert not used & inexact, f"{path.name} uses {used & inexact}"
