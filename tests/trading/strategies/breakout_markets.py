"""Random walks with breakouts, and rules of the volatility system to meet them with."""

import numpy as np
from hypothesis import strategies as st

from trading.strategies.volatility_system import VolatilitySystemParameters

MARKETS = st.fixed_dictionaries(
    {
        "seed": st.integers(0, 2**32 - 1),
        "step": st.sampled_from([0.002, 0.01]),
        "tail": st.sampled_from([1, 4]),
    }
)
RULES = st.builds(
    VolatilitySystemParameters,
    atr_period=st.integers(2, 20),
    breakout_atr=st.sampled_from([0.5, 1.0, 1.5]),
    campaign_candles=st.integers(4, 30),
    parts=st.integers(1, 5),
    trail_atr=st.sampled_from([0.5, 2.0, 4.0]),
)


def market(seed, step, tail, count=300):
    """A random walk whose moves are quiet for stretches, so that there is something to break out."""
    rng = np.random.default_rng(seed)
    moves = rng.normal(0.0, step, count) * np.where(rng.random(count) < 0.1, tail, 1.0)
    return (1000.0 * np.exp(np.cumsum(moves))).tolist()
