"""Total return, time-weighted (flows removed), and the money-weighted return beside it; ratios.

Without flows the first is E_n / E_0 - 1 and both are the same. The first says how well the agent
traded; the second what the money in the account earned, which depends on when it was paid in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trading.performance.growth import compute_gains
from trading.performance.path import SECOND_US, EquityPath, path_of
from trading.performance.records import EquityReading
from trading.units import to_float


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowState:
    """Deposits minus withdrawals so far, and when they came."""

    first_at: int
    """Microseconds since 1970."""
    last_at: int
    total: float = 0.0
    """Quote."""
    moment: float = 0.0
    """Sum of flow x seconds since the first reading."""


def compute_total_return(readings: Sequence[EquityReading]) -> float | None:
    """Ratio from the first to the last reading; None with no reading, 0 with one."""
    gains = compute_gains(path_of(readings))
    return None if gains is None else float(gains[-1])


def extend_flows(state: FlowState | None, path: EquityPath) -> FlowState:
    """The flows after the next readings (at least one)."""
    first_at = int(path.at[0]) if state is None else state.first_at
    flows = path.equity - path.before_flow
    since_first = (path.at - first_at) / SECOND_US
    return FlowState(
        first_at=first_at,
        last_at=int(path.at[-1]),
        total=(state.total if state else 0.0) + float(flows.sum()),
        moment=(state.moment if state else 0.0) + float((flows * since_first).sum()),
    )


def compute_money_weighted_return(
    flows: FlowState, *, starting_equity: Decimal, net_pnl: Decimal
) -> float | None:
    """Net PnL over the mean money in the account (modified Dietz): start + flows by their time.

    None when that mean is not positive.
    """
    seconds = (flows.last_at - flows.first_at) / SECOND_US
    weighted = flows.total - flows.moment / seconds if seconds > 0.0 else 0.0
    capital = to_float(starting_equity) + weighted
    return to_float(net_pnl) / capital if capital > 0.0 else None
