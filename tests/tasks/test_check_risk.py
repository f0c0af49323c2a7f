"""The step that asks the rules of risk, on stored state: what it remembers survives a restart."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from adapters.store.accounts import save_account
from adapters.store.arena import ASTER
from adapters.store.trades import apply_fills_to_trades
from tasks import resources
from tasks.account_state import AccountState, reconcile
from tasks.cycle import Cycle, claim_slot, holding_lease
from tasks.decide import Decided, decide
from tasks.market import Markets, fetch_klines
from tasks.risk import Approval, check_risk
from tests.arena import START, TestArena, build_account, hours, overtaken
from trading.decisions import Action
from trading.limits import RiskLimits
from trading.orders import Fill, FillCause, Side
from trading.paper_terms import PaperFees, PaperTerms
from trading.ports import Balance

BUY: dict[str, Any] = {
    "action": Action.BUY,
    "allocation_usd": Decimal(1000),
    "stop_price": None,
    "take_profit_price": None,
    "confidence": 1.0,
}


def claim(arena: TestArena, at: datetime) -> Cycle:
    """The next cycle, in a process that remembers nothing."""
    resources.forget()
    arena.stand_at(at)
    claimed = asyncio.run(claim_slot.fn("momentum"))
    assert isinstance(claimed, Cycle), claimed
    return claimed


async def judge(
    cycle: Cycle,
    *,
    equity: str | None = None,
    wishes: dict[str, dict[str, Any]] | None = None,
    at_last: Cycle | None = None,
) -> tuple[Approval, ...]:
    """Risk's answer to the same wish for each asset (or the wishes by symbol) at an equity.

    `at_last` is the cycle as it stands when the decision is ready.
    """
    async with holding_lease(cycle):
        state = await reconcile(cycle)
        if equity is not None:
            state = at_equity(state, equity)
        markets = await fetch_klines.fn(cycle)
        decided = await decide.fn(cycle, state, markets)
        return await check_risk.fn(at_last or cycle, state, markets, as_wished(decided, wishes))


def as_wished(
    decided: tuple[Decided, ...], wishes: dict[str, dict[str, Any]] | None = None
) -> tuple[Decided, ...]:
    return tuple(
        replace(
            each, decision=replace(each.decision, **(wishes or {}).get(each.decision.symbol, BUY))
        )
        for each in decided
    )


def at_equity(state: AccountState, equity: str) -> AccountState:
    wallet = Decimal(equity)
    balance = Balance(
        wallet=wallet, unrealized=Decimal(0), margin_used=Decimal(0), available=wallet
    )
    return replace(state, balance=balance)


def verdicts(arena: TestArena, cycle: Cycle) -> dict[str, tuple[object, object]]:
    rows = arena.rows(
        "select symbol, verdict, verdict_code from app.decisions where cycle_id = :id", id=cycle.id
    )
    return {str(symbol): (verdict, code) for symbol, verdict, code in rows}


def close_a_trade(arena: TestArena, side: Side, at: datetime) -> None:
    """A position in BTC that was opened by `side` and closed at `at`."""
    fills = [
        Fill(
            trade_id=f"{at:%H%M}{number}",
            venue_order_id=f"{number}",
            client_order_id="other",
            symbol="BTCUSDT",
            side=way,
            quantity=Decimal("0.01"),
            price=Decimal(50_000),
            fee=Decimal(0),
            realized_pnl=Decimal(0),
            is_maker=False,
            cause=FillCause.ORDER,
            filled_at=at - timedelta(minutes=10 * (1 - number)),
        )
        for number, way in enumerate((side, Side.SELL if side is Side.BUY else Side.BUY))
    ]
    with arena.engine.begin() as conn:
        apply_fills_to_trades(conn, "momentum", fills)


def test_a_daily_loss_stops_entries_until_the_next_day_over_recovery_and_restart(
    arena: TestArena,
) -> None:
    first = claim(arena, START + hours(1))
    asyncio.run(judge(first, equity="9499"))
    assert set(verdicts(arena, first).values()) == {("denied", "daily_loss")}
    # No snapshot was written in between: the reading itself was noted.
    recovered = claim(arena, START + hours(23))
    asyncio.run(judge(recovered, equity="10000"))
    assert set(verdicts(arena, recovered).values()) == {("denied", "daily_loss")}
    next_day = claim(arena, START + hours(24))
    asyncio.run(judge(next_day, equity="10000"))
    assert {verdict for verdict, _ in verdicts(arena, next_day).values()} == {"approved"}


def test_the_days_start_does_not_move_with_the_equity(arena: TestArena) -> None:
    asyncio.run(judge(claim(arena, START + hours(1)), equity="9700"))
    second = claim(arena, START + hours(2))
    # 9501 is 2 % below the last reading and 4.99 % below the day's start.
    assert len(asyncio.run(judge(second, equity="9501"))) == 2
    third = claim(arena, START + hours(3))
    assert asyncio.run(judge(third, equity="9500")) == ()


def test_a_broken_equity_denies_entries_lets_closes_pass_and_is_not_stored(
    arena: TestArena, cycle: Cycle
) -> None:
    wishes = {"BTCUSDT": BUY, "ETHUSDT": BUY | {"action": Action.CLOSE}}
    approvals = asyncio.run(judge(cycle, equity="NaN", wishes=wishes))
    assert [each.decided.decision.symbol for each in approvals] == ["ETHUSDT"]
    assert verdicts(arena, cycle)["BTCUSDT"] == ("denied", "equity_unknown")
    assert arena.rows("select * from app.risk_days") == []


def test_row_l21_in_real_time_an_entry_ready_after_the_next_slot_began_is_denied_a_close_passes(
    arena: TestArena, cycle: Cycle
) -> None:
    late = overtaken(cycle, source=ASTER)
    wishes = {"BTCUSDT": BUY, "ETHUSDT": BUY | {"action": Action.CLOSE}}
    approvals = asyncio.run(judge(cycle, wishes=wishes, at_last=late))
    assert [each.decided.decision.symbol for each in approvals] == ["ETHUSDT"]
    assert arena.rows(
        "select verdict, verdict_code, verdict_limit, verdict_actual from app.decisions"
        " where symbol = 'BTCUSDT'"
    ) == [("denied", "late", "before 2026-11-20 01:00:00 UTC", "2026-11-20 01:00:00 UTC")]


def test_on_a_market_that_is_not_the_worlds_a_slow_machine_denies_nothing(cycle: Cycle) -> None:
    approvals = asyncio.run(judge(cycle, at_last=overtaken(cycle, source="simulated")))
    assert [each.decided.decision.symbol for each in approvals] == ["BTCUSDT", "ETHUSDT"]


def test_a_symbol_that_was_just_closed_waits_and_the_other_one_does_not(
    arena: TestArena,
) -> None:
    close_a_trade(arena, Side.BUY, START + timedelta(minutes=31))
    cycle = claim(arena, START + hours(1))
    asyncio.run(judge(cycle))
    assert verdicts(arena, cycle) == {
        "BTCUSDT": ("denied", "cooldown"),
        "ETHUSDT": ("approved", None),
    }


@pytest.mark.parametrize(
    ("confidence", "verdict"),
    [(0.59, ("denied", "direction_change")), (0.6, ("shrunk", "confidence_size"))],
)
def test_a_change_of_direction_needs_more_confidence_than_an_entry(
    arena: TestArena, confidence: float, verdict: tuple[str, str]
) -> None:
    close_a_trade(arena, Side.SELL, START + timedelta(minutes=20))
    cycle = claim(arena, START + hours(1))
    wish = BUY | {"confidence": confidence}
    asyncio.run(judge(cycle, wishes={"BTCUSDT": wish, "ETHUSDT": wish}))
    assert verdicts(arena, cycle)["BTCUSDT"] == verdict
    assert verdicts(arena, cycle)["ETHUSDT"] == ("shrunk", "confidence_size")


def test_entries_of_one_cycle_count_against_each_other(arena: TestArena) -> None:
    limits = RiskLimits(
        max_correlated_ratio=Decimal("0.15"), correlation_threshold=0.01, max_positions=2
    )
    with arena.engine.begin() as conn:
        save_account(conn, build_account("momentum", limits=limits))
    cycle = claim(arena, START + hours(1))
    first, second = asyncio.run(judge(cycle))
    assert first.verdict is not None
    assert second.verdict is not None
    together = first.verdict.notional + second.verdict.notional
    assert Decimal(1400) < together <= Decimal(1500)
    assert verdicts(arena, cycle) == {
        "BTCUSDT": ("approved", None),
        "ETHUSDT": ("shrunk", "correlated_exposure"),
    }


def test_a_decision_for_a_symbol_without_usable_data_is_denied_by_its_problem(
    arena: TestArena, cycle: Cycle
) -> None:
    async def judged() -> tuple[Approval, ...]:
        state = await reconcile(cycle)
        markets = await fetch_klines.fn(cycle)
        decided = await decide.fn(cycle, state, markets)
        views = {"ETHUSDT": markets.views["ETHUSDT"]}
        broken = Markets(markets.reading, views, {"BTCUSDT": "2 candles missing"}, is_shared=False)
        return await check_risk.fn(cycle, state, broken, as_wished(decided))

    approvals = asyncio.run(judged())
    assert [each.decided.decision.symbol for each in approvals] == ["ETHUSDT"]
    assert verdicts(arena, cycle)["BTCUSDT"] == ("denied", "data_problem")


def test_the_margin_has_to_bear_the_fees_that_the_account_pays(arena: TestArena) -> None:
    dear = PaperTerms(fees=PaperFees(taker=Decimal("0.01"), slippage=Decimal("0.01")))
    limits = RiskLimits(max_margin_ratio=Decimal("0.033"))
    with arena.engine.begin() as conn:
        save_account(conn, build_account("momentum", limits=limits, paper=dear))
    cycle = claim(arena, START + hours(1))
    approvals = asyncio.run(judge(cycle, wishes={"ETHUSDT": BUY | {"action": Action.HOLD}}))
    assert approvals[0].verdict is not None
    # 330 x 3 / (1.01 x 1.03) = 951.65..., less than a lot of 0.001 BTC
    assert Decimal(850) < approvals[0].verdict.notional <= Decimal("951.66")
    assert verdicts(arena, cycle)["BTCUSDT"] == ("shrunk", "margin_use")


def test_asking_again_gives_the_same_verdicts(arena: TestArena, cycle: Cycle) -> None:
    async def twice() -> tuple[tuple[Approval, ...], tuple[Approval, ...]]:
        state = await reconcile(cycle)
        markets = await fetch_klines.fn(cycle)
        decided = as_wished(await decide.fn(cycle, state, markets))
        once = await check_risk.fn(cycle, state, markets, decided)
        return once, await check_risk.fn(cycle, state, markets, decided)

    once, again = asyncio.run(twice())
    assert len(once) == 2
    assert once == again
    assert arena.one("select count(*) from app.risk_days") == (1,)
