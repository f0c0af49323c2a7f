"""The account's money after a cycle: one equity snapshot, the peak, and the state of the gates.

A snapshot is written only from a successful read of the venue: a failed read is missing, never
zero.
"""

from __future__ import annotations

from prefect import task

from adapters.store.accounts import save_peak, set_trading_state
from adapters.store.income import total_transfers
from adapters.store.snapshots import last_transfers, save_snapshot
from tasks.account_state import AccountState
from tasks.cycle import Cycle
from tasks.options import READ
from tasks.resources import store_engine
from tasks.run_log import run_log
from tasks.story import money, tell_equity
from tasks.wallet_gap import settle_wallet
from trading.account import TradingState
from trading.risk.gates import next_peak, trading_state_for
from trading.units import ZERO, plain


@task(name="snapshot_metrics", **READ)
async def snapshot_metrics(cycle: Cycle, state: AccountState) -> TradingState:
    """Store equity, move the peak, and set what risk allows from now on."""
    state = await settle_wallet(cycle, state)
    equity = state.balance.equity
    with store_engine().begin() as conn:
        transfers = total_transfers(conn, cycle.account.id)
        flow = transfers - last_transfers(conn, cycle.account.id)
        peak = next_peak(cycle.peak_equity or cycle.account.initial_equity, equity, flow=flow)
        trading_state = trading_state_for(equity, peak, cycle.account.limits)
        save_snapshot(
            conn,
            cycle.account.id,
            cycle.as_of,
            state.balance,
            state.gross_exposure,
            cycle.id,
            transfers=transfers,
        )
        save_peak(conn, cycle.account.id, peak, is_moved=flow != ZERO)
        set_trading_state(conn, cycle.account.id, trading_state)
        tell_equity(
            conn,
            cycle,
            {
                "equity": money(equity),
                "wallet": money(state.balance.wallet),
                "unrealized": money(state.balance.unrealized),
                "gross_exposure": money(state.gross_exposure),
                "positions": len(state.positions),
                "trading_state": trading_state.value,
            },
        )
    log = run_log()
    if trading_state is not cycle.trading_state:
        log.warning("%s: trading state %s -> %s (equity %s, peak %s).", cycle.account.id,
                    cycle.trading_state, trading_state, plain(equity), plain(peak))  # fmt: skip
    log.info("%s closes the cycle with equity %s USDT.", cycle.account.id, plain(round(equity, 2)))
    return trading_state
