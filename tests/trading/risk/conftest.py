"""Builders for risk tests: a healthy account that asks for 1000 USDT of BTC at 100."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest

from tests.builders import BTC, bracket, build_quote
from tests.trading.risk.denial_examples import NOON
from trading.account import TradingState
from trading.decisions import Action, TradeDecision
from trading.limits import RiskLimits
from trading.positions import Position
from trading.risk.correlation import Correlations
from trading.risk.positions import MarkedPosition
from trading.risk.state import RiskContext

INSTRUMENT = replace(BTC, brackets=(*BTC.brackets, bracket(20_000, 2, "0.05", 900)))
QUOTE = replace(
    build_quote("100", NOON, funding_rate=Decimal("0.0001")),
    next_funding_at=NOON + timedelta(hours=4),
)
SYMBOLS = ("BTCUSDT", "ETHUSDT", "SOLUSDT", *(f"A{number}USDT" for number in range(5)))
UNRELATED = Correlations(by_pair={frozenset(pair): 0.0 for pair in combinations(SYMBOLS, 2)})
DECISION = TradeDecision(
    symbol="BTCUSDT",
    action=Action.BUY,
    allocation_usd=Decimal(1000),
    take_profit_price=Decimal(110),
    stop_price=Decimal(95),
    exit_plan="stop or target",
    rationale="test",
    confidence=1.0,
    decided_by="test",
)
CONTEXT = RiskContext(
    limits=RiskLimits(),
    decision=DECISION,
    instrument=INSTRUMENT,
    quote=QUOTE,
    at=NOON,
    judged_at=NOON,
    next_slot=NOON + timedelta(minutes=5),
    equity=Decimal(10_000),
    available=Decimal(10_000),
    equity_at_day_start=Decimal(10_000),
    lowest_equity_today=Decimal(10_000),
    peak_equity=Decimal(10_000),
    trading_state=TradingState.ACTIVE,
    positions=(),
    entries_today=0,
    atr=2.0,
    last_close=None,
    correlations=UNRELATED,
)

Build = Callable[..., RiskContext]


@pytest.fixture(scope="session")
def build() -> Build:
    """A context with some fields replaced; `decide`, `quoted`, `limit`, `listed` replace inside."""

    def context(
        *,
        decide: dict[str, Any] | None = None,
        quoted: dict[str, Any] | None = None,
        limit: dict[str, Any] | None = None,
        listed: dict[str, Any] | None = None,
        **fields: Any,
    ) -> RiskContext:
        return replace(
            CONTEXT,
            decision=replace(DECISION, **(decide or {})),
            quote=replace(QUOTE, **(quoted or {})),
            limits=replace(CONTEXT.limits, **(limit or {})),
            instrument=replace(INSTRUMENT, **(listed or {})),
            **fields,
        )

    return context


@pytest.fixture(scope="session")
def hold() -> Callable[..., MarkedPosition]:
    """A marked position, by default 5 BTC long from 100 at leverage 3."""

    def held(
        quantity: str = "5", *, symbol: str = "BTCUSDT", mark: str = "100", leverage: int = 3
    ) -> MarkedPosition:
        amount = Decimal(quantity)
        return MarkedPosition(
            position=Position(
                symbol=symbol,
                quantity=amount,
                entry_price=Decimal(100),
                leverage=leverage,
                isolated_margin=abs(amount) * 100 / leverage,
                opened_at=NOON,
            ),
            mark=Decimal(mark),
        )

    return held
