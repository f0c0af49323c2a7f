"""A full situation of an account, for tests of the context: two markets, a position, a past."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests.trading.simulated_views import simulated_view
from trading.account import TradingState
from trading.blend_plan import Regime
from trading.decision.context.situation import (
    Announcement,
    EntryRoom,
    HeldPosition,
    MarketBrief,
    PastTrade,
    Situation,
    Standing,
)
from trading.exits.invalidation.parse import parse_condition
from trading.indicators.market_document import build_market_document
from trading.limits import RiskLimits
from trading.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side
from trading.ports import Balance, VenuePosition
from trading.positions import Direction, Position
from trading.regime.detection import RegimeReading
from trading.timeframes import Timeframe
from trading.trades import Trade

NOW = datetime(2025, 3, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
READ = {Timeframe.M5: 80, Timeframe.M15: 60, Timeframe.H1: 60, Timeframe.H4: 80}


def brief(symbol: str) -> MarketBrief:
    view = simulated_view(symbol, NOW, read=READ)
    return MarketBrief(
        view=view,
        document=build_market_document(view, open_interest_average=Decimal("25393.68")),
        regime=RegimeReading(
            regime=Regime.TRENDING, adx=31.2, efficiency=0.44, volatility=1.1, candles=80
        ),
    )


def past_trade(number: int, **more: str) -> PastTrade:
    """Closed `number` hours ago, with a loss for each odd number."""
    return PastTrade(
        asset="BTC",
        trade=Trade(
            symbol="BTCUSDT",
            direction=Direction.LONG,
            opened_at=NOW - (number + 3) * HOUR,
            closed_at=NOW - number * HOUR,
            quantity=Decimal("0.1"),
            open_quantity=Decimal(0),
            entered_quantity=Decimal("0.1"),
            exited_quantity=Decimal("0.1"),
            entry_price=Decimal(45000),
            exit_price=Decimal(45100),
            gross_pnl=Decimal(-10 if number % 2 else 12),
            fees=Decimal(1),
        ),
        close_reason="target",
        rationale=more.get("rationale", "Momentum."),
    )


def fill(number: int) -> Fill:
    """Of `number` hours ago."""
    return Fill(
        trade_id=str(1000 - number),
        venue_order_id="1",
        client_order_id="pf-1",
        symbol="BTCUSDT",
        side=Side.BUY,
        quantity=Decimal("0.05"),
        price=Decimal("45000.1"),
        fee=Decimal("1.35"),
        realized_pnl=Decimal(0),
        is_maker=False,
        filled_at=NOW - number * HOUR,
    )


def held_position(**more: str) -> HeldPosition:
    """A long of BTC with its stop resting."""
    stop = Order(
        venue_order_id="7",
        request=OrderRequest(
            symbol="BTCUSDT",
            side=Side.SELL,
            order_type=OrderType.STOP_MARKET,
            client_order_id="pf-7",
            quantity=Decimal(0),
            close_position=True,
            stop_price=Decimal(44000),
        ),
        status=OrderStatus.NEW,
        filled_quantity=Decimal(0),
        average_price=None,
        created_at=NOW - HOUR,
        updated_at=NOW - HOUR,
    )
    return HeldPosition(
        asset="BTC",
        held=VenuePosition(
            position=Position(
                symbol="BTCUSDT",
                quantity=Decimal("0.05"),
                entry_price=Decimal(45000),
                leverage=3,
                isolated_margin=Decimal(750),
                opened_at=NOW - 2 * HOUR,
            ),
            mark=Decimal(45300),
            liquidation_price=None,
        ),
        stop_price=Decimal(44000),
        take_profit_price=Decimal(46000),
        leave_by=NOW + 34 * HOUR,
        conditions=(parse_condition("close < ema_50 on 4h"),),
        orders=(stop,),
        exit_plan=more.get("exit_plan", "Leave if 4h closes under EMA 50."),
        rationale=more.get("rationale", "Trend up."),
    )


def situation(
    *,
    positions: tuple[HeldPosition, ...] | None = None,
    past: tuple[PastTrade, ...] | None = None,
    announcements: tuple[Announcement, ...] = (),
) -> Situation:
    """The whole of it."""
    return Situation(
        as_of=NOW,
        interval=Timeframe.M5,
        standing=Standing(
            balance=Balance(
                wallet=Decimal("10010.123456789012"),
                unrealized=Decimal(15),
                margin_used=Decimal(750),
                available=Decimal(9275),
            ),
            start_equity=Decimal(10000),
            total_return=Decimal("0.0025"),
            drawdown=Decimal("0.01"),
            sharpe=1.234567890123,
            trading_state=TradingState.ACTIVE,
        ),
        limits=RiskLimits(),
        entries_today=3,
        rooms=(
            EntryRoom(
                asset="BTC",
                most_buy=Decimal(0),
                most_sell=Decimal(2000),
                smallest=Decimal(100),
                no_buy_because="BTCUSDT was closed 3 minutes ago; it waits for 30.",
            ),
        ),
        positions=(held_position(),) if positions is None else positions,
        fills=tuple(fill(number) for number in range(1, 6)),
        past=tuple(past_trade(number) for number in range(1, 16)) if past is None else past,
        markets=(brief("BTCUSDT"), brief("ETHUSDT")),
        no_data={"SOL": "SOLUSDT: 3 5m candle(s) missing after 2025-03-03T11:00Z"},
        announcements=announcements,
    )
