"""Any book that the paper venue could store: every field of every record, digits included."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from trading.orders import (
    GroupRole,
    Order,
    OrderRequest,
    OrderStatus,
    OrderType,
    PriceKind,
    Side,
    TimeInForce,
)
from trading.paper_book import BookState
from trading.paper_terms import PaperExecution, PaperFees, SlippagePolicy
from trading.positions import MarginMode, Position

START = datetime(2026, 3, 1, tzinfo=UTC)
SYMBOLS = ["BTCUSDT", "ETHUSDT", "SOLUSDT"]

money = st.decimals("0.000000000000000001", "1e15", places=18, allow_nan=False)
ratio = st.decimals(0, "0.05", places=18, allow_nan=False)
instants = st.integers(0, 10**15).map(lambda micros: START + timedelta(microseconds=micros))


@st.composite
def positions(draw: st.DrawFn) -> dict[str, Position]:
    return {
        symbol: Position(
            symbol=symbol,
            quantity=draw(money) * draw(st.sampled_from([1, -1])),
            entry_price=draw(money),
            leverage=draw(st.integers(1, 125)),
            isolated_margin=draw(money),
            opened_at=draw(instants),
            margin_mode=draw(st.sampled_from(MarginMode)),
        )
        for symbol in draw(st.lists(st.sampled_from(SYMBOLS), unique=True))
    }


@st.composite
def requests(draw: st.DrawFn, number: int) -> OrderRequest:
    kind = draw(st.sampled_from([each for each in OrderType if each is not OrderType.MARKET]))
    is_trailing = kind is OrderType.TRAILING_STOP_MARKET
    closes = draw(st.booleans()) and kind is OrderType.STOP_MARKET
    return OrderRequest(
        symbol=draw(st.sampled_from(SYMBOLS)),
        side=draw(st.sampled_from(Side)),
        order_type=kind,
        client_order_id=f"pf-{number}",
        quantity=Decimal(0) if closes else draw(money),
        price=draw(money) if kind.has_limit else None,
        stop_price=draw(money) if kind.is_conditional and not is_trailing else None,
        reduce_only=draw(st.booleans()),
        time_in_force=draw(st.sampled_from(TimeInForce)),
        close_position=closes,
        trigger_by=draw(st.sampled_from(PriceKind)),
        activation_price=draw(st.none() | money) if is_trailing else None,
        callback_ratio=draw(money) if is_trailing else None,
    )


@st.composite
def order(draw: st.DrawFn, number: int, status: st.SearchStrategy[OrderStatus]) -> Order:
    return Order(
        venue_order_id=str(number),
        request=draw(requests(number)),
        status=draw(status),
        filled_quantity=draw(money),
        average_price=draw(st.none() | money),
        created_at=draw(instants),
        updated_at=draw(instants),
        triggered_at=draw(st.none() | instants),
        extreme_price=draw(st.none() | money),
        group_id=draw(st.none() | st.just(f"g-{number}")),
        group_role=draw(st.none() | st.sampled_from(GroupRole)),
    )


@st.composite
def states(draw: st.DrawFn) -> BookState:
    numbers = sorted(draw(st.lists(st.integers(1, 2**40), max_size=6, unique=True)))
    cut = draw(st.integers(0, len(numbers)))
    open_ones = st.sampled_from([OrderStatus.NEW, OrderStatus.PARTIALLY_FILLED])
    pending = st.just(OrderStatus.PENDING)
    by_symbol = st.sampled_from(SYMBOLS)
    return BookState(
        wallet=draw(money) - 1000,
        matched_until=draw(instants),
        positions=draw(positions()),
        orders={str(n): draw(order(n, open_ones)) for n in numbers[cut:]},
        waiting={str(n): draw(order(n, pending)) for n in numbers[:cut]},
        leverage=draw(st.dictionaries(by_symbol, st.integers(1, 125))),
        margin_modes=draw(st.dictionaries(by_symbol, st.sampled_from(MarginMode))),
        marks=draw(st.dictionaries(by_symbol, money)),
        next_order_id=draw(st.integers(1, 2**60)),
        next_trade_id=draw(st.integers(1, 2**60)),
        next_tran_id=draw(st.integers(1, 2**60)),
        fees=draw(st.builds(PaperFees, maker=ratio, taker=ratio, slippage=ratio)),
        execution=PaperExecution(
            slippage=draw(st.sampled_from(SlippagePolicy)),
            volume_share=draw(st.none() | st.decimals("0.000001", "1", places=9)),
        ),
    )
