"""Figures of closed trades: win rate, profit factor, averages, streaks, costs, holding times."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.performance.figure_builders import DAY, HOUR, START, trade
from trading.orders import Fill, Side
from trading.performance.activity import compute_traded_notional, compute_turnover, per_day
from trading.performance.groups import summarise_groups
from trading.performance.trade_figures import compute_streaks, summarise_trades
from trading.positions import Direction
from trading.trades import build_trades

AMOUNT = st.decimals("-1000", "1000", places=4)


def fill(number: int, side: Side, price: str, realized: str, *, quantity: str = "1") -> Fill:
    return Fill(
        trade_id=str(number),
        venue_order_id=str(number),
        client_order_id=f"pf-{number}",
        symbol="BTCUSDT",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal("0.06"),
        realized_pnl=Decimal(realized),
        is_maker=False,
        filled_at=START + number * DAY,
    )


def test_win_rate_counts_break_even_below_only_and_is_net_of_costs():
    trades = [trade("10"), trade("-5"), trade("1", fees="1"), trade("2", fees="3", funding="0.5")]
    figures = summarise_trades(trades)
    assert (figures.count, figures.wins, figures.losses) == (4, 1, 2)
    assert figures.win_rate == 0.25
    assert figures.profit_factor == pytest.approx(10 / 5.5)


def test_a_closed_trade_built_from_fills_can_be_judged_as_it_is():
    closed = build_trades(
        [
            fill(1, Side.BUY, "100", "0"),
            fill(2, Side.SELL, "100.1", "0.1"),  # costs more than it won
            fill(3, Side.SELL, "100", "0"),
            fill(4, Side.BUY, "99", "1"),
        ]
    ).closed
    figures = summarise_trades(closed)
    assert figures.win_rate == 0.5
    assert figures.profit_factor == pytest.approx(0.88 / 0.02)


def test_profit_factor_is_undefined_without_a_loss_and_zero_without_a_win():
    assert summarise_trades([trade("1")]).profit_factor is None
    assert summarise_trades([trade("-1")]).profit_factor == 0.0


def test_without_trades_every_mean_is_undefined_and_every_count_is_zero():
    figures = summarise_trades([])
    undefined = (
        figures.win_rate,
        figures.profit_factor,
        figures.fee_share,
        figures.funding_share,
        figures.average_win,
        figures.average_loss,
        figures.expectancy,
        figures.largest_win,
        figures.largest_loss,
        figures.mean_holding_seconds,
        figures.median_holding_seconds,
        figures.longest_holding_seconds,
    )
    assert set(undefined) == {None}
    assert (figures.count, figures.net_pnl, figures.current_streak) == (0, 0, 0)


def test_averages_extremes_and_expectancy_are_of_net_results():
    figures = summarise_trades([trade("10", fees="1"), trade("21"), trade("-5", fees="1"), trade()])
    assert (figures.average_win, figures.average_loss) == (Decimal(15), Decimal(-6))
    assert (figures.largest_win, figures.largest_loss) == (Decimal(21), Decimal(-6))
    assert figures.expectancy == Decimal(6)


def test_a_mean_of_money_has_no_more_places_than_the_ledger_is_exact_to():
    assert summarise_trades([trade("1"), trade("1"), trade("0")]).expectancy == Decimal(
        "0.66666667"
    )


def test_the_shares_of_costs_are_of_what_was_earned_before_them():
    figures = summarise_trades([trade("30", fees="2", funding="-1"), trade("10", fees="2")])
    assert (figures.fee_share, figures.funding_share) == (pytest.approx(0.1), pytest.approx(-0.025))


@pytest.mark.parametrize("gross", ["0", "-1"])
def test_costs_have_no_share_of_nothing_earned(gross):
    figures = summarise_trades([trade(gross, fees="2", funding="1")])
    assert (figures.fee_share, figures.funding_share) == (None, None)


def test_streaks_by_hand_and_a_break_even_ends_either_kind():
    streaks = compute_streaks([Decimal(x) for x in (1, 2, -1, -1, -3, 0, -1, 4, 5, 6, 0, 7, 8)])
    assert (streaks.longest_winning, streaks.longest_losing, streaks.current) == (3, 3, 2)
    assert compute_streaks([Decimal(1), Decimal(-1), Decimal(-2)]).current == -2
    assert compute_streaks([Decimal(1), Decimal(0)]).current == 0


@given(st.lists(st.sampled_from([Decimal(1), Decimal(-1), Decimal(0)]), max_size=40))
def test_streaks_are_the_longest_runs_of_equal_signs(results):
    text = "".join("w" if r > 0 else "l" if r < 0 else "-" for r in results)
    streaks = compute_streaks(results)
    for letter, longest in (("w", streaks.longest_winning), ("l", streaks.longest_losing)):
        assert letter * longest in text
        assert letter * (longest + 1) not in text


def test_holding_times_are_from_opening_to_close():
    trades = [trade("1", closed_at=START + timedelta(hours=h)) for h in (1, 2, 9)]
    figures = summarise_trades(trades)
    held = (
        figures.mean_holding_seconds,
        figures.median_holding_seconds,
        figures.longest_holding_seconds,
    )
    assert held == (4 * 3600, 2 * 3600, 9 * 3600)


def test_turnover_counts_what_was_bought_and_sold_and_open_trades_with_what_they_did():
    half_open = trade(exited_quantity=Decimal(0), exit_price=None, closed_at=None)
    assert compute_traded_notional([trade(), half_open]) == Decimal(402 + 200)
    assert compute_turnover(Decimal(600), 1200.0) == 0.5
    assert compute_turnover(Decimal(600), None) is None


def test_what_is_counted_per_day_needs_a_whole_day():
    assert per_day(6, 2.0) == 3.0
    assert per_day(6, 0.99) is None
    assert per_day(None, 2.0) is None


@given(st.lists(st.tuples(AMOUNT, AMOUNT, AMOUNT), max_size=30))
def test_the_sums_of_the_trades_are_the_sums_of_the_account_and_of_its_groups(rows):
    trades = [
        trade(
            str(gross),
            fees=str(fees),
            funding=str(funding),
            direction=Direction.LONG if number % 2 else Direction.SHORT,
        )
        for number, (gross, fees, funding) in enumerate(rows)
    ]
    figures = summarise_trades(trades)
    assert figures.net_pnl == sum((item.net_pnl for item in trades), Decimal(0))
    assert figures.net_pnl == figures.gross_pnl - figures.fees + figures.funding
    assert figures.wins + figures.losses <= figures.count == len(trades)
    groups = summarise_groups(trades, lambda item: item.direction.value)
    for name in ("count", "wins", "losses", "gross_pnl", "fees", "funding", "net_pnl"):
        assert sum(getattr(group, name) for group in groups.values()) == getattr(figures, name)
    if figures.fee_share is not None and figures.funding_share is not None:
        net_share = float(figures.net_pnl / figures.gross_pnl)
        assert 1 - figures.fee_share + figures.funding_share == pytest.approx(net_share, abs=1e-6)


@given(
    st.lists(
        st.tuples(st.sampled_from(Side), st.decimals("0.1", "5", places=1), st.integers(90, 110)),
        max_size=40,
    )
)
def test_the_turnover_of_trades_is_that_of_their_fills(orders):
    fills = [
        fill(number, side, str(price), "0", quantity=str(quantity))
        for number, (side, quantity, price) in enumerate(orders)
    ]
    history = build_trades(fills)
    trades = (*history.closed, *history.open_by_symbol.values())
    traded = sum((each.quantity * each.price for each in fills), Decimal(0))
    assert float(compute_traded_notional(trades)) == pytest.approx(float(traded), rel=1e-12)


def test_a_group_is_named_by_its_key_in_order():
    groups = summarise_groups([trade("1", symbol="ETHUSDT"), trade("2")], lambda item: item.symbol)
    assert [(name, figures.net_pnl) for name, figures in groups.items()] == [
        ("BTCUSDT", 2),
        ("ETHUSDT", 1),
    ]


def test_an_hour_is_an_hour():
    assert summarise_trades([trade()]).mean_holding_seconds == HOUR.total_seconds()
