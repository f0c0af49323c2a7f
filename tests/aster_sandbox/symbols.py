"""The default contracts and what `exchangeInfo` says of them: the filters of a live row of Aster.

ASTERUSDT as seen in public material (ten conditional orders, 5 USDT, no FOK); the others in its manner.
"""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from trading.instruments import Instrument, MaintenanceBracket
from trading.units import plain

ORDER_TYPES = (
    "LIMIT",
    "MARKET",
    "STOP",
    "STOP_MARKET",
    "TAKE_PROFIT",
    "TAKE_PROFIT_MARKET",
    "TRAILING_STOP_MARKET",
)
_BRACKETS = (
    (0, 125, "0.004", "0"),
    (50_000, 100, "0.005", "50"),
    (500_000, 50, "0.01", "2550"),
    (5_000_000, 20, "0.025", "77550"),
    (50_000_000, 5, "0.1", "3827550"),
)
MOST_NOTIONAL = 500_000_000
"""Cap of the last bracket."""


def contract(base: str, tick: str, step: str, most: str, **more: Any) -> Instrument:
    return Instrument(
        symbol=f"{base}USDT",
        base=base,
        quote="USDT",
        tick_size=Decimal(tick),
        step_size=Decimal(step),
        min_quantity=Decimal(step),
        max_quantity=Decimal(most) * 10,
        max_market_quantity=Decimal(most),
        min_notional=Decimal(5),
        brackets=tuple(
            MaintenanceBracket(
                notional_floor=Decimal(floor),
                max_leverage=leverage,
                maintenance_ratio=Decimal(ratio),
                cumulative=Decimal(cumulative),
            )
            for floor, leverage, ratio, cumulative in _BRACKETS
        ),
        funding_interval=timedelta(hours=more.pop("hours", 8)),
        max_open_orders=200,
        max_conditional_orders=10,
        min_price=Decimal(tick),
        max_price=Decimal(tick) * 10_000_000,
        multiplier_up=Decimal("1.05"),
        multiplier_down=Decimal("0.95"),
        order_types=frozenset(name.lower() for name in ORDER_TYPES),
        times_in_force=frozenset(more.pop("forces", ("gtc", "ioc", "fok", "gtx"))),
    )


def default_instruments() -> dict[str, Instrument]:
    """BTCUSDT, ETHUSDT and ASTERUSDT, which is funded every four hours and knows no FOK."""
    contracts = (
        contract("BTC", "0.1", "0.001", "120"),
        contract("ETH", "0.01", "0.001", "2000"),
        contract("ASTER", "0.0001", "0.01", "900000", hours=4, forces=("gtc", "ioc", "gtx")),
    )
    return {each.symbol: each for each in contracts}


DEFAULT_PRICES = {
    "BTCUSDT": Decimal(60_000),
    "ETHUSDT": Decimal(3000),
    "ASTERUSDT": Decimal("0.5"),
}


def symbol_row(instrument: Instrument, *, status: str) -> dict[str, Any]:
    """One symbol of `exchangeInfo`."""
    return {
        "symbol": instrument.symbol,
        "pair": instrument.symbol,
        "contractType": "PERPETUAL",
        "deliveryDate": 4133404800000,
        "onboardDate": 1627628400000,
        "status": status,
        "baseAsset": instrument.base,
        "quoteAsset": instrument.quote,
        "marginAsset": instrument.quote,
        "pricePrecision": instrument.price_decimals,
        "quantityPrecision": instrument.quantity_decimals,
        "baseAssetPrecision": 8,
        "quotePrecision": 8,
        "underlyingType": "COIN",
        "underlyingSubType": [],
        "settlePlan": 0,
        "triggerProtect": "0.1500",
        "liquidationFee": "0.025000",
        "marketTakeBound": "0.05",
        "filters": _filters(instrument),
        "orderTypes": [name for name in ORDER_TYPES if name.lower() in instrument.order_types],
        "timeInForce": [*sorted(name.upper() for name in instrument.times_in_force), "HIDDEN"],
    }


def _filters(instrument: Instrument) -> list[dict[str, Any]]:
    least, step = plain(instrument.min_quantity), plain(instrument.step_size)
    return [
        {
            "filterType": "PRICE_FILTER",
            "minPrice": plain(instrument.min_price),
            "maxPrice": plain(instrument.max_price),
            "tickSize": plain(instrument.tick_size),
        },
        {
            "filterType": "LOT_SIZE",
            "minQty": least,
            "maxQty": plain(instrument.max_quantity),
            "stepSize": step,
        },
        {
            "filterType": "MARKET_LOT_SIZE",
            "minQty": least,
            "maxQty": plain(instrument.max_market_quantity),
            "stepSize": step,
        },
        {"filterType": "MAX_NUM_ORDERS", "limit": instrument.max_open_orders},
        {"filterType": "MAX_NUM_ALGO_ORDERS", "limit": instrument.max_conditional_orders},
        {"filterType": "MIN_NOTIONAL", "notional": plain(instrument.min_notional)},
        {
            "filterType": "PERCENT_PRICE",
            "multiplierUp": plain(instrument.multiplier_up or Decimal(10)),
            "multiplierDown": plain(instrument.multiplier_down or Decimal(0)),
            "multiplierDecimal": "4",
        },
    ]


def bracket_rows(instrument: Instrument) -> list[dict[str, Any]]:
    """`brackets` of `leverageBracket`: numbers, not texts."""
    floors = [row.notional_floor for row in instrument.brackets]
    caps = [*floors[1:], Decimal(MOST_NOTIONAL)]
    return [
        {
            "bracket": number,
            "initialLeverage": row.max_leverage,
            "notionalCap": int(cap),
            "notionalFloor": int(row.notional_floor),
            "maintMarginRatio": float(row.maintenance_ratio),
            "cum": float(row.cumulative),
        }
        for number, (row, cap) in enumerate(zip(instrument.brackets, caps, strict=True), start=1)
    ]


def most_notional(instrument: Instrument, leverage: int) -> int:
    """The largest position (quote) that this leverage allows."""
    allowed = [
        r["notionalCap"] for r in bracket_rows(instrument) if r["initialLeverage"] >= leverage
    ]
    return max(allowed, default=0)
