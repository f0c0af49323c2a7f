"""An arena with a past: five accounts, a BTC market, snapshots, decisions, trades, orders, diary.

Rows go through the same tables as in life; the walk of prices is seeded, so every run is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import numpy as np
from sqlalchemy import Connection, insert, update

from adapters.store.accounts import save_account
from adapters.store.arena import Arena, load_arena, save_arena
from adapters.store.partitions import ensure_partitions
from adapters.store.tables import (
    accounts,
    candles,
    cycles,
    decisions,
    diary,
    equity_snapshots,
    instruments,
    orders,
    positions,
    trades,
)
from trading.account import Account, AgentKind
from trading.arena_clock import ArenaClock
from trading.limits import RiskLimits
from trading.timeframes import Timeframe

MARKET = "simulated-7"
START = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=5)
SPACE = UUID(int=7)
AGENTS = (
    ("buy_and_hold", "Buy & Hold", AgentKind.BENCHMARK),
    ("grid", "Grid", AgentKind.RULE),
    ("mean_reversion", "Mean Reversion", AgentKind.RULE),
    ("ml_scalper", "ML Scalper", AgentKind.RULE),
    ("momentum", "Momentum", AgentKind.RULE),
)
SYMBOLS = {"BTCUSDT": "BTC", "ETHUSDT": "ETH", "SOLUSDT": "SOL"}
REASONS = {
    "buy": "EMA20 crossed above EMA50 with rising volume; RSI 61 leaves room",
    "sell": "Close below the lower band with ADX 31: the fall has strength",
    "hold": "No edge: the last close lies inside the noise of ATR(14)",
    "close": "Momentum faded: MACD turned under its signal line",
}


def make_account(account_id: str, name: str = "", kind: AgentKind = AgentKind.RULE) -> Account:
    return Account(
        id=account_id,
        name=name or account_id,
        kind=kind,
        strategy=account_id,
        assets=("BTC", "ETH", "SOL"),
        interval=Timeframe.M5,
        limits=RiskLimits(requires_stop=kind is not AgentKind.BENCHMARK),
    )


def seed_arena(conn: Connection, *, hours: int = 48, speed: float = 60.0) -> datetime:
    """Fill an empty store; returns the market time of the newest snapshot, which is "now"."""
    now = START + timedelta(hours=hours)
    real_now = datetime.now(UTC)
    clock = ArenaClock(real_anchor=real_now, market_anchor=now, speed=speed)
    save_arena(
        conn,
        Arena(
            market=MARKET,
            source="simulated",
            settings={"seed": 7},
            clock=clock,
            started_at=START,
            seen_at=now,
        ),
    )
    for table in (equity_snapshots, candles, diary):
        ensure_partitions(conn, table, START - STEP, now)
    seed_market(conn, hours=hours)
    for index, (account_id, name, kind) in enumerate(AGENTS):
        save_account(conn, make_account(account_id, name, kind))
        seed_account(conn, account_id, index, hours=hours, real_now=real_now)
    return now


def bring_to_now(conn: Connection) -> datetime:
    """Make a past that was seeded a while ago one that ends now; returns its newest market time."""
    arena = load_arena(conn)
    assert arena is not None
    clock, real_now = arena.clock, datetime.now(UTC)
    later = real_now - clock.real_anchor
    save_arena(conn, replace(arena, clock=replace(clock, real_anchor=real_now)))
    for table in (cycles, equity_snapshots):
        real = [column for column in table.c if column.name.startswith("real_")]
        conn.execute(update(table).values({column: column + later for column in real}))
    return clock.market_anchor


def seed_market(conn: Connection, *, hours: int) -> None:
    rng = np.random.default_rng(7)
    for symbol, base in SYMBOLS.items():
        conn.execute(
            insert(instruments).values(
                market=MARKET,
                symbol=symbol,
                base=base,
                quote="USDT",
                tick_size=Decimal("0.1"),
                step_size=Decimal("0.001"),
                min_notional=Decimal(5),
                filters={},
            )
        )
    closes = 64_000 * np.exp(np.cumsum(rng.normal(0.00001, 0.0011, hours * 12 + 1)))
    rows = []
    for index, close in enumerate(closes):
        price = money(close, 1)
        rows.append(
            {
                "market": MARKET,
                "symbol": "BTCUSDT",
                "timeframe_seconds": 300,
                "open_time": START + STEP * (index - 1),
                "open": price,
                "high": price + 30,
                "low": price - 30,
                "close": price,
                "volume": Decimal(12),
            }
        )
    conn.execute(insert(candles), rows)


def seed_account(
    conn: Connection, account_id: str, index: int, *, hours: int, real_now: datetime
) -> None:
    rng = np.random.default_rng(100 + index)
    drift = (0.00002, 0.00003, -0.00005, 0.00006, 0.00001)[index % 5]
    equity = 10_000 * np.exp(np.cumsum(rng.normal(drift, 0.0008, hours * 12 + 1)))
    equity[0] = 10_000
    add_snapshots(conn, account_id, [money(value, 2) for value in equity], real_now=real_now)
    newest = START + timedelta(hours=hours)
    conn.execute(
        update(accounts)
        .where(accounts.c.id == account_id)
        .values(peak_equity=money(max(equity), 2))
    )
    _add_story(conn, account_id, newest, rng, real_now)
    _add_trades(conn, account_id, newest, rng, count=6 + 9 * index)
    if account_id != "grid":
        add_position(conn, account_id, "BTCUSDT", at=newest, with_stop=account_id != "buy_and_hold")


def money(value: float, digits: int) -> Decimal:
    return Decimal(f"{value:.{digits}f}")


def add_snapshots(
    conn: Connection,
    account_id: str,
    equities: Sequence[Decimal],
    *,
    first: datetime = START,
    step: timedelta = STEP,
    real_now: datetime | None = None,
) -> None:
    last = first + step * (len(equities) - 1)
    ensure_partitions(conn, equity_snapshots, first, last)
    conn.execute(
        insert(equity_snapshots),
        [
            {
                "account_id": account_id,
                "at": first + step * index,
                "wallet": equity,
                "unrealized": Decimal(0),
                "equity": equity,
                "margin_used": Decimal(400),
                "available": equity - 400,
                "gross_exposure": Decimal(1_200),
                "real_at": real_now or datetime.now(UTC),
            }
            for index, equity in enumerate(equities)
        ],
    )


def add_cycle(
    conn: Connection,
    account_id: str,
    slot: datetime,
    *,
    real_at: datetime,
    status: str = "done",
    reason: str | None = None,
) -> UUID:
    row = cycle_row(account_id, slot, real_at=real_at, status=status, reason=reason)
    conn.execute(insert(cycles).values(**row))
    return row["id"]


def cycle_row(
    account_id: str,
    slot: datetime,
    *,
    real_at: datetime,
    status: str = "done",
    reason: str | None = None,
) -> dict[str, Any]:
    return {
        "id": uuid5(SPACE, f"{account_id} {slot}"),
        "account_id": account_id,
        "slot": slot,
        "trigger": "schedule",
        "status": status,
        "reason": reason,
        "config_version": 1,
        "real_started_at": real_at - timedelta(seconds=1),
        "real_finished_at": None if status == "running" else real_at,
    }


def add_decision(
    conn: Connection, account_id: str, cycle_id: UUID, symbol: str, at: datetime, **values: Any
) -> UUID:
    row = decision_row(account_id, cycle_id, symbol, at, **values)
    conn.execute(insert(decisions).values(**row))
    return row["id"]


def decision_row(
    account_id: str,
    cycle_id: UUID,
    symbol: str,
    at: datetime,
    *,
    action: str = "hold",
    **values: Any,
) -> dict[str, Any]:
    opens = action in ("buy", "sell")
    return {
        "id": uuid5(SPACE, f"{cycle_id} {symbol}"),
        "cycle_id": cycle_id,
        "account_id": account_id,
        "symbol": symbol,
        "asset": SYMBOLS[symbol],
        "decided_at": at,
        "action": action,
        "allocation_usd": Decimal("812.5") if opens else Decimal(0),
        "take_profit_price": None,
        "stop_price": None,
        "exit_plan": "close if 4h close under EMA50",
        "rationale": REASONS[action],
        "confidence": 0.62,
        "decided_by": account_id,
        "verdict": "held" if action == "hold" else "approved",
        "verdict_code": None,
        "verdict_text": None,
        "approved_notional": Decimal("812.5") if opens else None,
        "reference_price": Decimal("64012.4"),
        **values,
    }


DENIED = {
    "verdict": "denied",
    "verdict_code": "cooldown",
    "verdict_text": "the symbol was closed 10 minutes ago, the cooldown is 15",
    "approved_notional": None,
}


def _add_story(
    conn: Connection,
    account_id: str,
    newest: datetime,
    rng: np.random.Generator,
    real_now: datetime,
) -> None:
    """The last 21 cycles with a decision and a diary line per asset."""
    slots = [newest - STEP * back for back in range(20, -1, -1)]
    ran = [
        cycle_row(account_id, slot, real_at=real_now - (newest - slot) / 60 - timedelta(seconds=2))
        for slot in slots
    ]
    made = []
    for cycle in ran:
        for symbol in SYMBOLS:
            action = str(rng.choice(["hold", "hold", "hold", "buy", "sell", "close"]))
            extra = DENIED if action == "buy" and rng.random() < 0.3 else {}
            made.append(
                decision_row(account_id, cycle["id"], symbol, cycle["slot"], action=action, **extra)
            )
    conn.execute(insert(cycles), ran)
    conn.execute(insert(decisions), made)
    conn.execute(insert(diary), [_diary_row(decision) for decision in made])


def _diary_row(decision: dict[str, Any]) -> dict[str, Any]:
    return {
        "at": decision["decided_at"],
        "account_id": decision["account_id"],
        "kind": "decision",
        "asset": decision["asset"],
        "cycle_id": decision["cycle_id"],
        "decision_id": decision["id"],
        "entry": {
            "asset": decision["asset"],
            "action": decision["action"],
            "allocation_usd": "812.50",
            "rationale": decision["rationale"],
        },
    }


def _add_trades(
    conn: Connection, account_id: str, newest: datetime, rng: np.random.Generator, *, count: int
) -> None:
    rows = []
    for index in range(count):
        opened = newest - timedelta(hours=1) * (index + 1)
        rows.append(
            {
                "id": uuid5(SPACE, f"{account_id} trade {index}"),
                "account_id": account_id,
                "symbol": "ETHUSDT",
                "direction": "long" if index % 2 else "short",
                "status": "closed",
                "opened_at": opened,
                "closed_at": opened + timedelta(minutes=45),
                "quantity": Decimal("0.312"),
                "open_quantity": Decimal(0),
                "entered_quantity": Decimal("0.312"),
                "exited_quantity": Decimal("0.312"),
                "entry_price": Decimal("2604.15"),
                "exit_price": Decimal("2611.05"),
                "gross_pnl": money(rng.normal(3, 20), 4),
                "fees": Decimal("0.9751"),
                "funding": Decimal("-0.0312"),
                "exit_plan": "close if 4h close under EMA50",
                "close_reason": "target",
            }
        )
    conn.execute(insert(trades), rows)


def add_position(
    conn: Connection, account_id: str, symbol: str, *, at: datetime, with_stop: bool = True
) -> None:
    conn.execute(
        insert(positions).values(
            account_id=account_id,
            symbol=symbol,
            quantity=Decimal("0.0187"),
            entry_price=Decimal("63980.1"),
            mark_price=Decimal("64055.5"),
            unrealized_pnl=Decimal("1.40998"),
            leverage=3,
            margin=Decimal("398.81"),
            liquidation_price=Decimal("42912.7"),
            opened_at=at - timedelta(hours=2),
            seen_at=at,
        )
    )
    conn.execute(
        insert(trades).values(
            id=uuid5(SPACE, f"{account_id} open {symbol}"),
            account_id=account_id,
            symbol=symbol,
            direction="long",
            status="open",
            opened_at=at - timedelta(hours=2),
            quantity=Decimal("0.0187"),
            open_quantity=Decimal("0.0187"),
            entered_quantity=Decimal("0.0187"),
            exited_quantity=Decimal(0),
            entry_price=Decimal("63980.1"),
            gross_pnl=Decimal(0),
            fees=Decimal("0.7178"),
            funding=Decimal(0),
            stop_price=Decimal("62700.0") if with_stop else None,
            exit_plan="close if 4h close under EMA50",
        )
    )
    if with_stop:
        add_order(conn, account_id, symbol, f"{account_id}-stop", at=at, order_type="stop_market")


def add_order(
    conn: Connection, account_id: str, symbol: str, order_id: str, *, at: datetime, **values: Any
) -> None:
    row = {
        "side": "sell",
        "order_type": "market",
        "status": "new",
        "quantity": Decimal("0.0187"),
        "filled_quantity": Decimal(0),
        "stop_price": Decimal("62700.0"),
        "reduce_only": True,
        **values,
    }
    conn.execute(
        insert(orders).values(
            account_id=account_id,
            symbol=symbol,
            venue_order_id=order_id,
            client_order_id=f"pf-{order_id}",
            created_at=at,
            updated_at=at,
            **row,
        )
    )
