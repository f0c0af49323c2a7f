"""A week of cycles of every strategy: whatever happened, each account's ledger closes.

On the simulated market, and on the recorded one where its candles are; both through the real flow.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings
from sqlalchemy import Engine

from deployments.prefect_settings import PrefectPlace
from flows.trade_account import trade_account
from tasks import resources
from tests.arena import START, TestArena, build_account, hours, start_arena
from trading.account import Account
from trading.strategies.catalogue import STRATEGIES
from trading.timeframes import Timeframe

pytestmark = [
    pytest.mark.slow,
    pytest.mark.db,
    pytest.mark.prefect,
    pytest.mark.timeout(1800),
]

RECORDED = Path(__file__).parents[3] / "shared" / "data" / "binance_usdm_2024"
RECORDED_START = datetime(2024, 3, 3, tzinfo=UTC)
SLOTS = 7 * 6
CLOSED = Decimal("1e-8")

GAPS = """
    select w.account_id,
        w.wallet - :start - coalesce(f.net, 0) - coalesce(i.amount, 0) as of_fills,
        coalesce(f.net, 0) + coalesce(i.funding, 0) - coalesce(t.net, 0) as of_trades
    from app.paper_wallets w
    left join (select account_id, sum(realized_pnl - fee) as net from app.fills group by 1) f
        using (account_id)
    left join (select account_id, sum(amount) as amount,
                      sum(amount) filter (where symbol is not null) as funding
               from app.income group by 1) i using (account_id)
    left join (select account_id, sum(gross_pnl - fees + funding) as net from app.trades group by 1) t
        using (account_id)
"""
"""What the wallet has beyond the fills and the income, and the fills beyond the round trips."""
NAKED = """
    select p.account_id, p.symbol from app.positions p
    where not exists (
        select from app.paper_orders o
        where o.account_id = p.account_id and o.symbol = p.symbol and o.reduce_only
          and o.status in ('new', 'partially_filled') and o.order_type = 'stop_market'
    ) and p.account_id <> 'buy-and-hold'
"""


@pytest.fixture(params=["simulated", "recorded"])
def week(
    request: pytest.FixtureRequest,
    engine: Engine,
    monkeypatch: pytest.MonkeyPatch,
    prefect_server: PrefectPlace,
) -> Iterator[tuple[TestArena, datetime]]:
    """An arena on each market, and where its week begins."""
    if request.param == "recorded" and not RECORDED.is_dir():
        pytest.skip(f"recorded candles are not there: {RECORDED}")
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with temporary_settings({PREFECT_API_URL: prefect_server.api_url}):
        if request.param == "recorded":
            settings: dict[str, object] = {"folder": str(RECORDED)}
            yield (
                start_arena(engine, source="recorded", settings=settings, start=RECORDED_START),
                RECORDED_START,
            )
        else:
            yield start_arena(engine), START
    resources.forget()


async def test_a_week_of_every_strategy_closes_every_ledger(
    week: tuple[TestArena, datetime],
) -> None:
    arena, begin = week
    accounts = _accounts()
    arena.add(*accounts)
    for slot in range(SLOTS):
        arena.stand_at(begin + hours(4 * slot))
        for account in accounts:
            state = await trade_account(account.id, return_state=True)
            assert state.name == "Completed", (account.id, slot, state.message)
        assert arena.rows(NAKED) == [], f"a position without its stop after slot {slot}"
    gaps = arena.rows(GAPS, start=Decimal(10_000))
    assert len(gaps) == len(accounts)
    for account_id, of_fills, of_trades in gaps:
        assert abs(Decimal(str(of_fills))) < CLOSED, account_id
        assert abs(Decimal(str(of_trades))) < CLOSED, account_id
    traded = arena.one("select count(distinct account_id), count(*) from app.fills")
    assert traded[0] > len(accounts) / 2, "too few accounts traded: the week would prove little"


def _accounts() -> tuple[Account, ...]:
    return tuple(build_account(name, interval=Timeframe.H4) for name in STRATEGIES)
