"""Builders for the store's tests: an account, a running cycle, and records with sensible values."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID, uuid4

import pytest
from sqlalchemy import Connection, Engine

from adapters.store.accounts import save_account
from adapters.store.cycles import Claim, claim_slot
from adapters.store.decisions import NewDecision, save_decisions
from adapters.store.intents import StoredIntent, plan_intent
from trading.account import Account, AgentKind
from trading.decisions import Action, TradeDecision
from trading.orders import (
    Fill,
    Leg,
    Order,
    OrderIntent,
    OrderRequest,
    OrderStatus,
    OrderType,
    Side,
    client_order_id,
)
from trading.timeframes import Timeframe

REAL = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SLOT = datetime(2026, 3, 1, 8, 0, tzinfo=UTC)


@dataclass
class Build:
    """Records of one account, `acc1`."""

    conn: Connection
    cycle_id: UUID
    account_id: str = "acc1"
    slot: datetime = SLOT
    real: datetime = REAL

    def account(self, **changes: object) -> Account:
        values = {
            "id": "acc1",
            "name": "First",
            "kind": AgentKind.RULE,
            "strategy": "momentum",
            "assets": ("BTC", "ETH"),
            "interval": Timeframe.M5,
        }
        return Account(**(values | changes))

    def claim(self, slot: datetime, **changes: object) -> object:
        values = {
            "cycle_id": uuid4(),
            "account_id": "acc1",
            "slot": slot,
            "trigger": "schedule",
            "flow_run_id": None,
            "real_scheduled_at": None,
            "config_version": 1,
            "real_now": self.real,
            "lease_seconds": 60,
        }
        return claim_slot(self.conn, **(values | changes))

    def decision(self, symbol: str = "BTCUSDT", **changes: object) -> TradeDecision:
        values = {
            "symbol": symbol,
            "action": Action.BUY,
            "allocation_usd": Decimal(1000),
            "take_profit_price": Decimal(120),
            "stop_price": Decimal(90),
            "exit_plan": "leave below 90",
            "rationale": "it rises",
            "confidence": 0.7,
            "decided_by": "momentum",
        }
        return TradeDecision(**(values | changes))

    def stored_decision(self, symbol: str = "BTCUSDT", **changes: object) -> UUID:
        new = NewDecision(
            decision=self.decision(symbol, **changes),
            asset=symbol.removesuffix("USDT"),
            reference_price=Decimal(100),
        )
        (decision_id,) = save_decisions(
            self.conn, [new], cycle_id=self.cycle_id, account_id="acc1", decided_at=self.slot
        )
        return decision_id

    def intent(
        self,
        leg: Leg = Leg.ENTRY,
        *,
        symbol: str = "BTCUSDT",
        side: Side = Side.BUY,
        attempt: int = 1,
        decision_id: UUID | None = None,
        quantity: str = "0.5",
    ) -> OrderIntent:
        return OrderIntent(
            account_id="acc1",
            slot=self.slot,
            leg=leg,
            attempt=attempt,
            decision_id=None if decision_id is None else str(decision_id),
            request=OrderRequest(
                symbol=symbol,
                side=side,
                order_type=OrderType.MARKET,
                client_order_id=client_order_id(
                    account_id="acc1", slot=self.slot, symbol=symbol, leg=leg, attempt=attempt
                ),
                quantity=Decimal(quantity),
                reduce_only=leg is not Leg.ENTRY,
            ),
        )

    def planned(self, intent: OrderIntent) -> StoredIntent:
        stored, _ = plan_intent(
            self.conn,
            intent,
            cycle_id=self.cycle_id,
            lease_token=1,
            reference_price=Decimal(100),
        )
        return stored

    def order(
        self,
        status: OrderStatus = OrderStatus.NEW,
        *,
        filled: str = "0",
        minutes: int = 0,
        venue_order_id: str = "1",
    ) -> Order:
        return Order(
            venue_order_id=venue_order_id,
            request=self.intent().request,
            status=status,
            filled_quantity=Decimal(filled),
            average_price=Decimal(100) if Decimal(filled) else None,
            created_at=self.slot,
            updated_at=self.slot + timedelta(minutes=minutes),
        )

    def fill(
        self,
        number: int,
        side: Side = Side.BUY,
        quantity: str = "1",
        price: str = "100",
        *,
        pnl: str = "0",
        fee: str = "0.06",
        client_id: str = "not-ours",
        minutes: int = 0,
        symbol: str = "BTCUSDT",
        **changes: object,
    ) -> Fill:
        values = {
            "trade_id": str(number),
            "venue_order_id": str(number),
            "client_order_id": client_id,
            "symbol": symbol,
            "side": side,
            "quantity": Decimal(quantity),
            "price": Decimal(price),
            "fee": Decimal(fee),
            "realized_pnl": Decimal(pnl),
            "is_maker": False,
            "filled_at": self.slot + timedelta(minutes=minutes),
        }
        return Fill(**(values | changes))


@pytest.fixture
def build(engine: Engine) -> Iterator[Build]:
    """Account `acc1` and a running cycle, committed; an open transaction on top of them."""
    with engine.connect() as conn:
        made = Build(conn=conn, cycle_id=uuid4())
        save_account(conn, made.account())
        claim = made.claim(SLOT, cycle_id=made.cycle_id)
        assert isinstance(claim, Claim)
        conn.commit()
        yield made


@pytest.fixture
def conn(build: Build) -> Connection:
    """The connection of the builder."""
    return build.conn
