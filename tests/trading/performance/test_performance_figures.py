"""All figures together: what they do not depend on, and what a new reading may change."""

from __future__ import annotations

import math
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.trading.performance.figure_builders import DAY, START, daily, readings, trade
from trading.orders import Fill, Side
from trading.performance.catalogue import FIGURES, TRADE_RECORD_FIGURES, describe
from trading.performance.catalogue_table import render_figures, render_trade_record_figures
from trading.performance.records import EquityReading
from trading.performance.settings import FigureSettings
from trading.performance.summary import summarise
from trading.trades import build_trades

MONEY = st.decimals("0.01", "1000000", places=2)
RATIOS = (
    "total_return",
    "money_weighted_return",
    "max_drawdown",
    "time_in_market",
    "mean_exposure",
)


def ratios_of(summary) -> dict[str, float | None]:
    return {
        **{name: getattr(summary.equity, name) for name in RATIOS},
        **asdict(summary.risk),
        "turnover": summary.turnover,
        "win_rate": summary.trades.win_rate,
        "profit_factor": summary.trades.profit_factor,
        "fee_share": summary.trades.fee_share,
    }


def test_no_readings_and_no_trades_are_all_undefined_and_nothing_is_zero_by_default():
    empty = summarise([], [])
    assert set(ratios_of(empty).values()) == {None}
    assert (empty.equity.equity, empty.equity.net_pnl, empty.equity.drawdown) == (None,) * 3
    assert (empty.trades_per_day, empty.turnover_per_day) == (None, None)
    assert empty.equity.daily_returns == ()


def test_an_account_that_never_traded_returned_exactly_zero_and_has_no_ratios():
    flat = summarise(readings(*((day / 4, "12345.678901", "0", "0") for day in range(100))), [])
    assert (flat.equity.total_return, flat.equity.max_drawdown, flat.equity.net_pnl) == (0, 0, 0)
    assert {item.value for item in flat.equity.daily_returns} == {0.0}
    assert (flat.risk.volatility, flat.risk.value_at_risk) == (0.0, 0.0)
    assert (flat.equity.time_in_market, flat.turnover) == (0.0, 0.0)
    undefined = (flat.risk.sharpe, flat.risk.sortino, flat.risk.calmar, flat.trades.win_rate)
    assert undefined == (None,) * 4


def test_the_settings_reach_their_figures_and_are_shown():
    path = daily(*(100 + (n * 7) % 11 for n in range(30)))
    usual = summarise(path, [])
    chosen = FigureSettings(periods_per_year=365, risk_free=0.001, target=0.002, risk_level=0.9)
    other = summarise(path, [], settings=chosen)
    assert other.settings == chosen
    assert usual.settings == FigureSettings()
    for name in ("sharpe", "sortino", "volatility", "calmar", "value_at_risk"):
        assert getattr(other.risk, name) != getattr(usual.risk, name)


def test_the_risk_free_rate_is_for_sharpe_and_the_target_for_sortino_alone():
    path = daily(*(100 + (n * 7) % 11 for n in range(30)))
    usual = summarise(path, []).risk
    free = summarise(path, [], settings=FigureSettings(risk_free=0.001)).risk
    target = summarise(path, [], settings=FigureSettings(target=0.001)).risk
    assert (free.sharpe != usual.sharpe, free.sortino) == (True, usual.sortino)
    assert (target.sharpe, target.sortino != usual.sortino) == (usual.sharpe, True)


def test_activity_is_measured_against_mean_equity_and_market_days():
    path = readings((0, "1000", "0", "0"), (2, "1000", "0", "0"))
    summary = summarise(path, [trade("1")], still_open=[trade(closed_at=None)])
    assert summary.traded_notional == 804
    assert summary.turnover == pytest.approx(0.804)
    assert summary.turnover_per_day == pytest.approx(0.402)
    assert summary.trades_per_day == 0.5


@given(st.lists(MONEY, min_size=3, max_size=40), st.sampled_from(["0.01", "7", "1000000"]))
def test_the_same_path_with_more_or_less_money_has_the_same_ratios(path, factor):
    scale = Decimal(factor)

    def of(times: Decimal):
        found = [
            EquityReading(
                at=START + number * DAY / 2, equity=e * times, gross_exposure=e * times / 3
            )
            for number, e in enumerate(path)
        ]
        trades = [
            trade(
                str(e * times - path[0] * times),
                fees=str(e * times / 1000),
                entered_quantity=times,
                exited_quantity=times,
            )
            for e in path
        ]
        return summarise(found, trades)

    for (name, figure), other in zip(
        ratios_of(of(Decimal(1))).items(), ratios_of(of(scale)).values(), strict=True
    ):
        assert (figure is None) == (other is None), name
        assert figure is None or figure == pytest.approx(other, rel=1e-6, abs=1e-9), name


@given(st.lists(MONEY, min_size=2, max_size=40))
def test_a_flat_day_more_changes_only_what_time_and_a_zero_return_change(path):
    before = summarise(daily(*path), [trade("3"), trade("-1")])
    after = summarise(daily(*path, path[-1]), [trade("3"), trade("-1")])
    assert after.trades == before.trades
    assert after.traded_notional == before.traded_notional
    for name in ("total_return", "money_weighted_return", "net_pnl", "equity", "transfers"):
        assert getattr(after.equity, name) == getattr(before.equity, name)
    assert after.equity.drawdown == before.equity.drawdown
    assert after.equity.daily_returns[:-1] == before.equity.daily_returns
    assert after.equity.daily_returns[-1].value == 0.0
    for name in ("sharpe", "sortino"):
        one, other = getattr(before.risk, name), getattr(after.risk, name)
        assert one is None or (one >= 0) == (other >= 0) or abs(one) < 1e-9


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Side),
            st.decimals("0.01", "5", places=2),
            st.decimals("90", "110", places=2),
            st.decimals("0", "1", places=4),
        ),
        min_size=1,
        max_size=40,
    )
)
def test_what_the_trades_earned_is_what_the_account_earned(orders):
    wallet, held, entry = Decimal(10_000), Decimal(0), Decimal(0)
    fills, path = [], [EquityReading(at=START, equity=wallet)]
    for number, (side, quantity, price, fee) in enumerate(orders, start=1):
        signed = quantity * side.sign
        closing = min(quantity, abs(held)) if held * signed < 0 else Decimal(0)
        realized = (price - entry) * closing * (1 if held > 0 else -1)
        if held * signed >= 0:
            entry = (entry * abs(held) + price * quantity) / (abs(held) + quantity)
        elif quantity > abs(held):
            entry = price
        held, wallet = held + signed, wallet + realized - fee
        at = START + number * DAY
        fills.append(_fill(number, side, quantity, price, fee, realized, at))
        path.append(EquityReading(at=at, equity=wallet + (price - entry) * held))
    history = build_trades(fills)
    summary = summarise(path, history.closed)
    still_open = sum((each.net_pnl for each in history.open_by_symbol.values()), Decimal(0))
    unrealized = path[-1].equity - wallet
    assert float(summary.trades.net_pnl + still_open + unrealized) == pytest.approx(
        float(summary.equity.net_pnl), abs=1e-8
    )


def _fill(number, side, quantity, price, fee, realized, at) -> Fill:
    return Fill(
        trade_id=str(number),
        venue_order_id=str(number),
        client_order_id=f"pf-{number}",
        symbol="BTCUSDT",
        side=side,
        quantity=quantity,
        price=price,
        fee=fee,
        realized_pnl=realized,
        is_maker=False,
        filled_at=at,
    )


@given(st.lists(st.decimals("-100", "1000", places=2), min_size=1, max_size=40))
def test_no_figure_is_ever_nan_or_infinite(path):
    summary = summarise(
        [EquityReading(at=START + n * timedelta(hours=7), equity=e) for n, e in enumerate(path)],
        [trade(str(e)) for e in path],
    )
    for name, value in ratios_of(summary).items():
        assert value is None or math.isfinite(value), name


def test_the_tables_of_the_documents_have_a_line_for_every_figure():
    table = render_figures()
    assert all(f"\n| `{name}` | {figure.unit} | " in table for name, figure in FIGURES.items())
    assert render_trade_record_figures().count("\n| `") == len(TRADE_RECORD_FIGURES)


def test_every_figure_is_described_with_its_unit_and_when_it_is_null():
    assert describe(FIGURES["sharpe"]).startswith("per year: mean(r - rf)")
    assert describe(FIGURES["sharpe"]).endswith(
        "Null: fewer than two daily returns, or no dispersion."
    )
    assert "Null" not in describe(FIGURES["trades"])
