"""Close every position of an account on the operator's word, outside its schedule.

It works as a cycle does: with a row in `cycles`, under the account's lease, through the same
`submit`, so it never meets a running cycle and never sends twice. It needs Postgres and the venue,
not Prefect. The market time is the arena's: it stands still while nothing runs.
"""

from __future__ import annotations

from dataclasses import dataclass

from adapters.store.accounts import load_account
from adapters.store.permits import load_first_permit
from adapters.store.trades import set_close_reason
from tasks.account_state import AccountState, reconcile
from tasks.aside import claim_aside
from tasks.closing import flatten, sweep_orphans
from tasks.cycle import Cycle, holding_lease
from tasks.metrics import snapshot_metrics
from tasks.resources import store_engine
from tasks.setbacks import Setbacks
from tasks.settling import resolve_unknown_orders
from trading.account import Mode

REASON = "operator"
"""Close reason of the trades, and code of the exits in the diary."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flattened:
    """What a try to flatten has come to; assets, not symbols."""

    closed: tuple[str, ...]
    left: tuple[str, ...]
    """Still open: the venue refused, or has not answered."""

    @property
    def sentence(self) -> str:
        """For the command's outcome."""
        if not self.closed and not self.left:
            return "there was no open position"
        parts = [f"closed {', '.join(self.closed)}"] if self.closed else []
        parts += [f"still open: {', '.join(self.left)}"] if self.left else []
        return "; ".join(parts)


async def flatten_account(account_id: str, *, sentence: str) -> Flattened | None:
    """Close all positions at market, reduce-only, then take their protection away.

    None: a cycle of the account is running; try again when it has ended.

    Raises
    ------
    UnknownAccount
        There is no such account.
    TradingError
        The venue or its market could not be used, or the lease was lost on the way; what could be
        closed is closed.
    """
    if _never_traded_live(account_id):
        return Flattened(closed=(), left=())
    cycle = await claim_aside(account_id, trigger="manual")
    if cycle is None:
        return None
    async with holding_lease(cycle):
        await resolve_unknown_orders.fn(cycle)
        before = await reconcile(cycle)
        setbacks = Setbacks(cycle)
        for held in before.positions:
            symbol = held.position.symbol
            with setbacks.survived(f"closing {symbol}"):
                with store_engine().begin() as conn:
                    set_close_reason(conn, account_id, symbol, REASON)
                await flatten(cycle, symbol, code=REASON, sentence=sentence, decision_id=None)
        with setbacks.survived("sweeping orphans"):
            await sweep_orphans(cycle)
        setbacks.raise_first()
        after = await reconcile(cycle)
        await snapshot_metrics.fn(cycle, after)
    left = _assets(cycle, after)
    closed = tuple(asset for asset in _assets(cycle, before) if asset not in left)
    return Flattened(closed=closed, left=left)


def _never_traded_live(account_id: str) -> bool:
    """A live account that nobody has ever permitted has sent nothing: there is nothing to close."""
    with store_engine().connect() as conn:
        is_live = load_account(conn, account_id).account.mode is Mode.LIVE
        return is_live and load_first_permit(conn, account_id) is None


def _assets(cycle: Cycle, state: AccountState) -> tuple[str, ...]:
    return tuple(cycle.assets.of(held.position.symbol) for held in state.positions)
