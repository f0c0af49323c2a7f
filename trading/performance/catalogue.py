"""What each figure means: unit, formula, when it is undefined (null), and what it was checked against.

The one place where a figure is described: the API's fields and docs/performance.md are made from it.
Money is quote, ratios are fractions of one, E is equity, r a daily return, g growth without flows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the tables."""

    unit: str
    meaning: str
    """The formula, in words and signs."""
    undefined: str
    """When it is null; empty: never."""
    oracle: str = ""
    """The library with which the tests compare it."""


_NO_READING = "without a reading of equity"
_NO_GROWTH = "without a reading, or when something was earned without money to earn it on"
_FEW = "fewer than two daily returns"
_NO_TRADE = "no closed trade"
_BOTH = "empyrical, quantstats"

EQUITY_FIGURES: dict[str, Figure] = {
    "starting_equity": Figure(
        "quote", "The configured equity of the account; never changes.", _NO_READING
    ),
    "equity": Figure(
        "quote", "Wallet plus unrealised PnL at the mark, newest reading.", _NO_READING
    ),
    "transfers": Figure("quote", "Deposits minus withdrawals since the start.", ""),
    "net_pnl": Figure("quote", "equity - starting equity - transfers.", _NO_READING),
    "total_return": Figure(
        "ratio",
        "Time-weighted: the product over the stretches between flows of E at the end over E at the"
        " start, minus 1. Without flows E_n / E_0 - 1.",
        _NO_GROWTH,
        "empyrical",
    ),
    "money_weighted_return": Figure(
        "ratio",
        "net PnL over the mean money in the account: starting equity + each flow x the share of the"
        " time that it was there (modified Dietz).",
        "without a reading, or when that mean is not positive",
    ),
    "max_drawdown": Figure(
        "ratio",
        "Largest 1 - g / running peak of g over every reading, the start included; 0 to 1.",
        _NO_GROWTH,
        _BOTH,
    ),
    "max_drawdown_peak_at": Figure(
        "time", "Last reading at the peak before the deepest fall.", "nothing was drawn down"
    ),
    "max_drawdown_bottom_at": Figure(
        "time", "Reading at the bottom of the deepest fall.", "nothing was drawn down"
    ),
    "max_drawdown_recovered_at": Figure(
        "time",
        "First reading back at the peak before the deepest fall.",
        "not recovered, or nothing was drawn down",
    ),
    "current_drawdown": Figure(
        "ratio", "1 - g / running peak of g at the newest reading; 0 to 1.", _NO_GROWTH
    ),
    "time_in_market": Figure(
        "ratio",
        "Share of the time between readings in which a position was held; gaps left out.",
        "without two readings that are no gap",
    ),
    "mean_exposure": Figure(
        "ratio",
        "Mean over time of gross exposure / equity, flat time included; gaps left out.",
        "without two readings that are no gap",
    ),
    "gaps": Figure(
        "count", "Stretches between readings longer than 1.5 x the account's interval.", ""
    ),
    "gap_seconds": Figure("seconds", "All gaps between readings together.", ""),
}

RISK_FIGURES: dict[str, Figure] = {
    "annual_return": Figure(
        "ratio",
        "product(1 + r)^(periods / days) - 1.",
        f"{_FEW}, nothing left, or too large for a number",
        _BOTH,
    ),
    "volatility": Figure("ratio per year", "std(r, n - 1) x sqrt(periods).", _FEW, _BOTH),
    "sharpe": Figure(
        "per year",
        "mean(r - rf) / std(r - rf, n - 1) x sqrt(periods).",
        f"{_FEW}, or no dispersion",
        _BOTH,
    ),
    "sortino": Figure(
        "per year",
        "mean(r - T) / sqrt(sum(min(r - T, 0)^2) / n) x sqrt(periods), n = all returns.",
        f"{_FEW}, or no downside",
        _BOTH,
    ),
    "calmar": Figure(
        "per year",
        "annual return / max drawdown.",
        "either is null, or no drawdown",
        f"{_BOTH}; on daily readings",
    ),
    "value_at_risk": Figure(
        "ratio",
        "Historical, one day: minus the (1 - level) percentile of r, interpolated; a loss is"
        " positive.",
        "fewer than 1 / (1 - level) daily returns",
        "empyrical",
    ),
    "conditional_value_at_risk": Figure(
        "ratio",
        "Historical, one day: minus the mean of the floor((n - 1)(1 - level)) + 1 worst r.",
        "fewer than 1 / (1 - level) daily returns",
        "empyrical",
    ),
}

TRADE_FIGURES: dict[str, Figure] = {
    "trades": Figure("count", "Closed trades, flat to flat.", ""),
    "winning_trades": Figure("count", "Net PnL above zero.", ""),
    "losing_trades": Figure("count", "Net PnL below zero.", ""),
    "win_rate": Figure(
        "ratio",
        "winning / closed trades; break-even counts below only.",
        _NO_TRADE,
        "quantstats, on results",
    ),
    "profit_factor": Figure(
        "ratio",
        "sum of net wins / sum of net losses.",
        "nothing was lost",
        "quantstats, on results",
    ),
    "gross_pnl": Figure("quote", "Realised by closed trades before costs.", ""),
    "fees": Figure("quote", "Paid by closed trades.", ""),
    "funding": Figure("quote", "Received by closed trades; negative was paid.", ""),
    "trades_net_pnl": Figure("quote", "gross - fees + funding of closed trades.", ""),
    "fee_share": Figure("ratio", "fees / gross PnL.", "gross PnL is not positive"),
    "funding_share": Figure(
        "ratio", "funding / gross PnL; negative when paid.", "gross PnL is not positive"
    ),
    "average_win": Figure(
        "quote", "Mean net PnL of winning trades.", "no winning trade", "quantstats, on results"
    ),
    "average_loss": Figure(
        "quote",
        "Mean net PnL of losing trades; negative.",
        "no losing trade",
        "quantstats, on results",
    ),
    "expectancy": Figure("quote", "Mean net PnL of a closed trade.", _NO_TRADE),
    "largest_win": Figure(
        "quote", "Highest net PnL.", "no winning trade", "quantstats, on results"
    ),
    "largest_loss": Figure(
        "quote", "Lowest net PnL; negative.", "no losing trade", "quantstats, on results"
    ),
    "longest_winning_streak": Figure(
        "count", "Winning trades in a row, by time of closing.", "", "quantstats, on results"
    ),
    "longest_losing_streak": Figure(
        "count", "Losing trades in a row; break-even ends either.", "", "quantstats, on results"
    ),
    "current_streak": Figure(
        "count", "Wins in a row up to the newest close; negative: losses.", ""
    ),
    "mean_holding_seconds": Figure("seconds", "Mean market time from opening to close.", _NO_TRADE),
    "median_holding_seconds": Figure("seconds", "Median time from opening to close.", _NO_TRADE),
    "longest_holding_seconds": Figure("seconds", "Longest time from opening to close.", _NO_TRADE),
    "trades_per_day": Figure(
        "per day", "closed trades / market days.", "before a whole day has passed"
    ),
    "traded_notional": Figure("quote", "Bought plus sold, open trades included.", ""),
    "turnover": Figure(
        "ratio", "traded notional / mean equity over time.", "without two readings that are no gap"
    ),
    "turnover_per_day": Figure(
        "ratio per day", "turnover / market days.", "before a whole day has passed"
    ),
}

EXECUTION_FIGURES: dict[str, Figure] = {
    "orders_sent": Figure("count", "Orders that left the house, protection included.", ""),
    "filled_share": Figure(
        "ratio",
        "Entries and exits filled completely / those that came to an end.",
        "none came to an end",
    ),
    "maker_share": Figure(
        "ratio", "Filled notional that added liquidity / filled notional.", "nothing was filled"
    ),
    "slippage": Figure(
        "ratio",
        "(fill - meant price) x side, over the meant price, weighted by quantity; positive is a"
        " cost. Meant is the price seen when the order was planned; for stops and targets the trigger.",
        "no fill with a meant price",
    ),
    "slippage_cost": Figure(
        "quote", "What the fills cost more than the meant prices; negative: less.", ""
    ),
}

TRADE_RECORD_FIGURES: dict[str, Figure] = {
    "net_pnl": Figure("quote", "gross - fees + funding.", ""),
    "holding_seconds": Figure("seconds", "From opening to close.", "still open"),
    "return_on_margin": Figure(
        "ratio",
        "(exit - entry) / entry x leverage, sign turned for shorts: the leverage-adjusted PnL.",
        "before the first exit, or the leverage was never seen",
    ),
    "max_adverse_excursion": Figure(
        "ratio",
        "MAE: furthest price against the trade / entry - 1, from candles wholly inside it and"
        " its exit; never negative.",
        "no candle inside it",
    ),
    "max_favourable_excursion": Figure(
        "ratio",
        "MFE: furthest price in favour of the trade / entry - 1, as MAE; never negative.",
        "no candle inside it",
    ),
}

FIGURES: dict[str, Figure] = {
    **EQUITY_FIGURES,
    **RISK_FIGURES,
    **TRADE_FIGURES,
    **EXECUTION_FIGURES,
}
"""Of an account, by the names of the API."""


def describe(figure: Figure) -> str:
    """One sentence for a field or a tooltip."""
    null = f" Null: {figure.undefined}." if figure.undefined else ""
    return f"{figure.unit}: {figure.meaning}{null}"
