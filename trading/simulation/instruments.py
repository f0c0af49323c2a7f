"""The six perpetuals of the simulated market and the character of each.

Filters come from `trading.instrument_defaults`; the rest is made up to look plausible. Turnover
and open interest are in base, volatilities are ratios per day.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from trading.errors import UnknownName
from trading.instrument_defaults import KNOWN_INSTRUMENTS
from trading.instruments import Instrument
from trading.simulation.factors import Factor
from trading.simulation.regimes import MARKET
from trading.units import to_float

MARKET_FACTOR = Factor(name=MARKET, daily_volatility=0.019, anchor_deviation=0.30)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedAsset:
    """One instrument of the simulated market."""

    instrument: Instrument
    base_price: Decimal
    """The price around which decades of the path lie."""
    beta: float
    """Log-price move per log-price move of the market factor."""
    own: Factor
    """The asset's own factor."""
    daily_volume: float
    """Usual base quantity traded in a day."""
    open_interest: float
    """Usual base quantity outstanding."""

    @property
    def symbol(self) -> str:
        return self.instrument.symbol


def _asset(
    base: str,
    *,
    price: str,
    beta: float,
    own_volatility: float,
    volume_usdt: float,
    interest_usdt: float,
    funding_hours: int = 8,
) -> SimulatedAsset:
    instrument = replace(
        KNOWN_INSTRUMENTS[f"{base}USDT"], funding_interval=timedelta(hours=funding_hours)
    )
    own = Factor(
        name=instrument.symbol,
        daily_volatility=own_volatility,
        anchor_deviation=10.0 * own_volatility,
    )
    usual = to_float(Decimal(price))
    return SimulatedAsset(
        instrument=instrument,
        base_price=Decimal(price),
        beta=beta,
        own=own,
        daily_volume=volume_usdt / usual,
        open_interest=interest_usdt / usual,
    )


ASSETS = {
    asset.symbol: asset
    for asset in (
        _asset(
            "BTC", price="62000", beta=1.0, own_volatility=0.006, volume_usdt=9e9, interest_usdt=6e9
        ),
        _asset(
            "ETH", price="3100", beta=1.15, own_volatility=0.013, volume_usdt=6e9, interest_usdt=4e9
        ),
        _asset(
            "SOL",
            price="150",
            beta=1.3,
            own_volatility=0.023,
            volume_usdt=2e9,
            interest_usdt=1e9,
            funding_hours=4,
        ),
        _asset(
            "BNB", price="560", beta=0.8, own_volatility=0.014, volume_usdt=4e8, interest_usdt=4e8
        ),
        _asset(
            "XRP", price="0.62", beta=0.95, own_volatility=0.021, volume_usdt=8e8, interest_usdt=5e8
        ),
        _asset(
            "DOGE",
            price="0.135",
            beta=1.25,
            own_volatility=0.026,
            volume_usdt=7e8,
            interest_usdt=4e8,
            funding_hours=1,
        ),
    )
}
"""By symbol."""


def require_asset(symbol: str) -> SimulatedAsset:
    """The asset of a symbol. Raises `UnknownName` with the known symbols."""
    asset = ASSETS.get(symbol)
    if asset is None:
        raise UnknownName("simulated symbol", symbol, tuple(ASSETS))
    return asset
