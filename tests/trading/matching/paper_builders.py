"""Short words for paper books, orders and candles, so that a test reads like a trade.

Times are minutes after `T0`; candles are 1m. `NO_COSTS` leaves fees and slippage out of a picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from tests import builders
from tests.builders import bracket, build_quote
from trading.candles import Candle
from trading.errors import OrderRejected
from trading.market import FundingRate, OrderBook, Quote
from trading.matching.candle_walk import match_candle
from trading.matching.submission import Counter, submit
from trading.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side
from trading.paper_book import BookState, FundingPaid, OrderChanged, OrderFilled, VenueEvent
from trading.paper_terms import PaperFees
from trading.positions import MarginMode, Position

T0 = datetime(2026, 1, 5, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
NO_COSTS = PaperFees(maker=Decimal(0), taker=Decimal(0), slippage=Decimal(0))
BUY, SELL = Side.BUY, Side.SELL

BTC = replace(
    builders.BTC,
    min_quantity=Decimal("0.002"),
    max_market_quantity=Decimal(120),
    max_open_orders=6,
    max_conditional_orders=4,
    brackets=(
        bracket(0, 50, "0.004"),
        bracket(50_000, 20, "0.01", 300),
        bracket(250_000, 5, "0.025", 4050),
    ),
)
ETH = replace(BTC, symbol="ETHUSDT", base="ETH")
INSTRUMENTS = {BTC.symbol: BTC, ETH.symbol: ETH}


def minute(number: int) -> datetime:
    return T0 + number * MINUTE


def candle(prices: str, *, opens: int = 1) -> Candle:
    """`"open high low close"` of the 1m candle that opens `opens` minutes after `T0`."""
    first, high, low, last = (Decimal(price) for price in prices.split())
    return Candle(minute(opens), first, high, low, last, Decimal(1))


def quote(last: str = "100", *, symbol: str = "BTCUSDT", spread: str = "0.2") -> Quote:
    return build_quote(last, T0, symbol=symbol, spread=spread)


def funding(rate: str, *, at: int, mark: str = "100", symbol: str = "BTCUSDT") -> FundingRate:
    return FundingRate(symbol=symbol, at=minute(at), rate=Decimal(rate), mark=Decimal(mark))


def position(
    quantity: str,
    entry: str = "100",
    *,
    leverage: int = 5,
    symbol: str = "BTCUSDT",
    opened: int = 0,
    mode: MarginMode = MarginMode.ISOLATED,
) -> Position:
    """Signed quantity; isolated margin is its entry notional over leverage."""
    size, price = Decimal(quantity), Decimal(entry)
    return Position(
        symbol=symbol,
        quantity=size,
        entry_price=price,
        leverage=leverage,
        isolated_margin=abs(size) * price / leverage,
        opened_at=minute(opened),
        margin_mode=mode,
    )


def request(
    order_type: OrderType,
    side: Side,
    quantity: str = "1",
    *,
    price: str | None = None,
    stop_price: str | None = None,
    reduce_only: bool = False,
    name: str = "order",
    symbol: str = "BTCUSDT",
    **more: object,
) -> OrderRequest:
    return OrderRequest(
        **more,
        symbol=symbol,
        side=side,
        order_type=order_type,
        client_order_id=name,
        quantity=Decimal(quantity),
        price=None if price is None else Decimal(price),
        stop_price=None if stop_price is None else Decimal(stop_price),
        reduce_only=reduce_only,
    )


def market(side: Side, quantity: str = "1", **more: object) -> OrderRequest:
    return request(OrderType.MARKET, side, quantity, **more)


def limit(side: Side, quantity: str, price: str, **more: object) -> OrderRequest:
    return request(OrderType.LIMIT, side, quantity, price=price, **{"name": "limit", **more})


def stop(side: Side, quantity: str, at: str, **more: object) -> OrderRequest:
    """Reduce-only unless said otherwise."""
    given = {"name": "stop", "reduce_only": True, **more}
    return request(OrderType.STOP_MARKET, side, quantity, stop_price=at, **given)


def target(side: Side, quantity: str, at: str, **more: object) -> OrderRequest:
    """Reduce-only unless said otherwise."""
    given = {"name": "target", "reduce_only": True, **more}
    return request(OrderType.TAKE_PROFIT_MARKET, side, quantity, stop_price=at, **given)


def stop_limit(side: Side, quantity: str, at: str, price: str, **more: object) -> OrderRequest:
    """Reduce-only unless said otherwise."""
    given = {"name": "stop", "reduce_only": True, **more}
    return request(OrderType.STOP, side, quantity, stop_price=at, price=price, **given)


def target_limit(side: Side, quantity: str, at: str, price: str, **more: object) -> OrderRequest:
    """Reduce-only unless said otherwise."""
    given = {"name": "target", "reduce_only": True, **more}
    return request(OrderType.TAKE_PROFIT, side, quantity, stop_price=at, price=price, **given)


def trailing(side: Side, quantity: str, ratio: str, **more: object) -> OrderRequest:
    """Reduce-only unless said otherwise; `activation` is its price, at once without one."""
    given = {"name": "trail", "reduce_only": True, **more}
    activation = given.pop("activation", None)
    return request(
        OrderType.TRAILING_STOP_MARKET,
        side,
        quantity,
        callback_ratio=Decimal(ratio),
        activation_price=None if activation is None else Decimal(str(activation)),
        **given,
    )


def counter(last: str = "100", *, at: int = 0, book: OrderBook | None = None) -> Counter:
    return Counter(instrument=BTC, quote=quote(last), at=minute(at), book=book)


def submitted(state: BookState, *asked: OrderRequest, last: str = "100", at: int = 0) -> BookState:
    """The BTC book after orders were handed in one after the other."""
    for each in asked:
        state, _ = submit(state, each, instrument=BTC, quote=quote(last), at=minute(at))
    return state


def code_of(action: Callable[[], object]) -> int | None:
    """The code of the refusal, None when the venue does as it is told."""
    try:
        action()
    except OrderRejected as refused:
        return refused.code
    return None


def resting(number: int, asked: OrderRequest, *, created: int = 0) -> Order:
    return Order(
        venue_order_id=str(number),
        request=asked,
        status=OrderStatus.NEW,
        filled_quantity=Decimal(0),
        average_price=None,
        created_at=minute(created),
        updated_at=minute(created),
    )


def book(
    *holdings: Position,
    orders: Iterable[OrderRequest] = (),
    wallet: str = "10000",
    fees: PaperFees = NO_COSTS,
    leverage: int = 5,
    created: int = 0,
    **more: object,
) -> BookState:
    """A book at `T0` with positions and resting orders, created `created` minutes after it."""
    placed = [resting(n, asked, created=created) for n, asked in enumerate(orders, start=1)]
    return BookState(
        **more,
        wallet=Decimal(wallet),
        matched_until=T0,
        positions={held.symbol: held for held in holdings},
        orders={order.venue_order_id: order for order in placed},
        leverage=dict.fromkeys(INSTRUMENTS, leverage),
        next_order_id=len(placed) + 1,
        fees=fees,
    )


def matched(state: BookState, prices: str, *, opens: int = 1) -> tuple[BookState, list[VenueEvent]]:
    """The BTC book after one candle."""
    return match_candle(state, BTC, candle(prices, opens=opens), closes_at=minute(opens + 1))


def fills_in(events: Sequence[VenueEvent]) -> list[Fill]:
    return [event.fill for event in events if isinstance(event, OrderFilled)]


def fundings_in(events: Sequence[VenueEvent]) -> list[FundingPaid]:
    return [event for event in events if isinstance(event, FundingPaid)]


def story(events: Sequence[VenueEvent]) -> list[str]:
    """Fills as `"stop sell 1 at 90"`, ended orders as `"target expired"`, in order."""
    lines: list[str] = []
    for event in events:
        if isinstance(event, OrderFilled):
            fill = event.fill
            name = fill.client_order_id.split("-")[0]
            lines.append(
                f"{name} {fill.side} {fill.quantity.normalize():f} at {fill.price.normalize():f}"
            )
        elif isinstance(event, OrderChanged) and event.order.status in (
            OrderStatus.EXPIRED,
            OrderStatus.CANCELED,
        ):
            lines.append(f"{event.order.request.client_order_id} {event.order.status}")
    return lines
