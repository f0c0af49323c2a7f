"""Trades: round trips flat to flat that add up to the ledger, whatever the fills were."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trading.errors import InvalidRecord
from trading.orders import Fill, Side
from trading.positions import Direction, Position, apply_fill
from trading.trades import Trade, apply_fill_to_trade, apply_funding_to_trade, build_trades

NOON = datetime(2025, 3, 3, 12, tzinfo=UTC)
TINY = Decimal("1e-8")


def fill(
    side: str,
    quantity: str,
    price: str,
    *,
    fee: str = "0",
    realized: str = "0",
    minute: int = 0,
    symbol: str = "BTCUSDT",
) -> Fill:
    return Fill(
        trade_id=f"t{minute}",
        venue_order_id="1",
        client_order_id="c",
        symbol=symbol,
        side=Side(side),
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        realized_pnl=Decimal(realized),
        is_maker=False,
        filled_at=NOON + timedelta(minutes=minute),
    )


def opened(*fills: Fill) -> Trade:
    trade: Trade | None = None
    for each in fills:
        closed, trade = apply_fill_to_trade(trade, each)
        assert closed is None
    assert trade is not None
    return trade


def test_the_first_fill_opens_a_trade_in_its_direction():
    closed, trade = apply_fill_to_trade(None, fill("sell", "2", "100", fee="0.12"))
    assert closed is None
    assert trade is not None
    assert trade.direction is Direction.SHORT
    assert trade.open_quantity == Decimal(-2)
    assert (trade.entry_price, trade.exit_price) == (Decimal(100), None)
    assert trade.is_open
    assert trade.net_pnl == Decimal("-0.12")


def test_adds_average_the_entry_and_raise_the_largest_quantity():
    trade = opened(fill("buy", "1", "100"), fill("buy", "3", "104"))
    assert trade.entry_price == Decimal(103)
    assert trade.quantity == trade.open_quantity == Decimal(4)


def test_a_partial_close_keeps_the_trade_open_and_its_entry():
    trade = opened(fill("buy", "4", "100"), fill("sell", "1", "110", realized="10"))
    assert trade.open_quantity == Decimal(3)
    assert trade.quantity == Decimal(4)
    assert (trade.entry_price, trade.exit_price) == (Decimal(100), Decimal(110))
    assert trade.gross_pnl == Decimal(10)


def test_adds_after_a_partial_close_average_over_all_that_was_entered():
    trade = opened(
        fill("buy", "4", "100"),
        fill("sell", "3", "100"),
        fill("buy", "1", "100"),
        fill("buy", "5", "110"),
    )
    assert trade.entry_price == Decimal(105)  # 5 at 100 and 5 at 110
    assert trade.entered_quantity == Decimal(10)
    assert trade.quantity == Decimal(7)


def test_the_last_fill_closes_it_with_the_mean_exit():
    trade = opened(fill("buy", "4", "100", fee="1"), fill("sell", "1", "110", realized="10"))
    closed, going_on = apply_fill_to_trade(
        trade, fill("sell", "3", "102", fee="2", realized="6", minute=9)
    )
    assert going_on is None
    assert closed is not None
    assert not closed.is_open
    assert closed.closed_at == NOON + timedelta(minutes=9)
    assert closed.open_quantity == Decimal(0)
    assert closed.quantity == Decimal(4)
    assert closed.exit_price == Decimal(104)
    assert (closed.gross_pnl, closed.fees, closed.net_pnl) == (Decimal(16), Decimal(3), Decimal(13))


def test_a_flip_closes_one_trade_opens_the_other_and_splits_the_fee_by_quantity():
    closed, trade = apply_fill_to_trade(
        opened(fill("buy", "1", "100")),
        fill("sell", "4", "90", fee="0.8", realized="-10", minute=5),
    )
    assert closed is not None
    assert trade is not None
    assert (closed.fees, closed.gross_pnl) == (Decimal("0.2"), Decimal(-10))
    assert closed.exit_price == Decimal(90)
    assert trade.direction is Direction.SHORT
    assert trade.open_quantity == Decimal(-3)
    assert (trade.fees, trade.gross_pnl) == (Decimal("0.6"), Decimal(0))
    assert trade.entry_price == Decimal(90)
    assert trade.opened_at == closed.closed_at == NOON + timedelta(minutes=5)


def test_funding_counts_into_the_net_and_not_into_the_gross():
    trade = apply_funding_to_trade(opened(fill("buy", "1", "100", fee="0.1")), Decimal("-0.5"))
    trade = apply_funding_to_trade(trade, Decimal("0.2"))
    assert trade.gross_pnl == Decimal(0)
    assert trade.net_pnl == Decimal("-0.4")


def test_a_fill_of_another_symbol_is_refused():
    with pytest.raises(InvalidRecord, match="ETHUSDT"):
        apply_fill_to_trade(
            opened(fill("buy", "1", "100")), fill("buy", "1", "9", symbol="ETHUSDT")
        )


def test_a_fill_without_quantity_is_refused():
    with pytest.raises(InvalidRecord, match="must be positive"):
        apply_fill_to_trade(None, fill("buy", "0", "100"))


def test_a_closed_trade_takes_no_more_fills():
    closed, _ = apply_fill_to_trade(opened(fill("buy", "1", "100")), fill("sell", "1", "100"))
    with pytest.raises(InvalidRecord, match="is closed"):
        apply_fill_to_trade(closed, fill("buy", "1", "100"))


AMOUNTS = st.one_of(
    st.sampled_from([Decimal(1), Decimal(2), Decimal(3)]),  # so that trades also end exactly flat
    st.decimals("0.001", "50", places=3),
)
PRICES = st.decimals("0.5", "70000", places=1)
FEES = st.decimals("-1", "5", places=6)
FILLS = st.lists(
    st.tuples(
        st.sampled_from(["BTCUSDT", "ETHUSDT"]), st.sampled_from(Side), AMOUNTS, PRICES, FEES
    ),
    max_size=40,
)


def booked(rows) -> list[Fill]:
    """The rows as the venue would book them: realised PnL by the position rules."""
    positions: dict[str, Position | None] = {}
    fills: list[Fill] = []
    for minute, (symbol, side, quantity, price, fee) in enumerate(rows):
        each = fill(side, str(quantity), str(price), fee=str(fee), minute=minute, symbol=symbol)
        effect = apply_fill(
            positions.get(symbol),
            symbol=symbol,
            side=side,
            quantity=quantity,
            price=price,
            leverage=3,
            at=each.filled_at,
        )
        positions[symbol] = effect.position
        fills.append(
            fill(
                side,
                str(quantity),
                str(price),
                fee=str(fee),
                realized=str(effect.realized_pnl),
                minute=minute,
                symbol=symbol,
            )
        )
    return fills


@given(FILLS)
def test_trades_add_up_to_the_ledger_of_the_fills(rows):
    fills = booked(rows)
    history = build_trades(fills)
    trades = (*history.closed, *history.open_by_symbol.values())
    earned = sum((each.gross_pnl - each.fees for each in trades), Decimal(0))
    ledger = sum((each.realized_pnl - each.fee for each in fills), Decimal(0))
    assert abs(earned - ledger) < TINY


@given(FILLS)
def test_the_open_quantity_is_the_running_sum_of_the_fills(rows):
    for count in range(len(rows) + 1):
        history = build_trades(booked(rows[:count]))
        for symbol in ("BTCUSDT", "ETHUSDT"):
            net = sum(
                (q * side.sign for s, side, q, _, _ in rows[:count] if s == symbol), Decimal(0)
            )
            trade = history.open_by_symbol.get(symbol)
            assert net == (trade.open_quantity if trade is not None else 0)


@given(FILLS)
def test_the_gross_of_a_closed_trade_is_its_price_difference_times_what_was_traded(rows):
    for trade in build_trades(booked(rows)).closed:
        assert trade.exit_price is not None
        assert trade.entered_quantity == trade.exited_quantity >= trade.quantity
        difference = (trade.exit_price - trade.entry_price) * trade.direction.sign
        assert abs(trade.gross_pnl - difference * trade.entered_quantity) < TINY


@given(FILLS)
def test_every_closed_trade_ends_before_the_next_of_its_symbol_begins(rows):
    history = build_trades(booked(rows))
    for symbol in ("BTCUSDT", "ETHUSDT"):
        trades = [each for each in history.closed if each.symbol == symbol]
        if symbol in history.open_by_symbol:
            trades.append(history.open_by_symbol[symbol])
        for before, after in pairwise(trades):
            assert before.closed_at is not None
            assert before.closed_at <= after.opened_at
