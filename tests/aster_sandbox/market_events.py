"""What the market streams say besides mark, best prices and candles: trades, day figures, depth, liquidations.

Depth is told whole each time: of twenty levels nothing is gained by differences, and `U`, `u` and `pu`
follow one another as a local book needs it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from tests.aster_sandbox.market import Market
from tests.aster_sandbox.venue_time import ms_of
from trading.orders import Order
from trading.units import ZERO, plain

_LEVELS = (5, 10, 20)
_SPEEDS = ("", "@100ms", "@500ms")


@dataclass(slots=True)
class Told:
    """How far a symbol's streams have come."""

    update_id: int = 0
    trade: int = 0


def documents_of_move(market: Market, now_ms: int, before: Told) -> dict[str, dict[str, Any]]:
    """By stream: what is told after a move of the price; `before` is carried on."""
    name = market.instrument.symbol.lower()
    day = _day(market, now_ms)
    told = {
        f"{name}@ticker": {**day, "e": "24hrTicker"},
        f"{name}@miniTicker": {
            **{key: day[key] for key in ("E", "s", "c", "o", "h", "l", "v", "q")},
            "e": "24hrMiniTicker",
        },
    }
    for speed in _SPEEDS:
        for levels in (*_LEVELS, None):
            depth = _depth(market, now_ms, levels, before.update_id)
            told[f"{name}@depth{levels or ''}{speed}"] = depth
    before.update_id = market.update_id
    if market.trades and market.trades[-1][0] > before.trade:
        number, price, quantity, at = market.trades[-1]
        before.trade = number
        told[f"{name}@aggTrade"] = {
            "e": "aggTrade",
            "E": now_ms,
            "s": market.instrument.symbol,
            "a": number,
            "p": plain(price),
            "q": plain(quantity),
            "f": number,
            "l": number,
            "T": ms_of(at),
            "m": False,
        }
    return told


def lists_of(told: Mapping[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The same for those who follow every symbol at once, in lists."""
    return {
        f"!{kind}@arr": document
        for stream, document in told.items()
        if (kind := stream.partition("@")[2]) in ("ticker", "miniTicker")
    }


def liquidation_document(order: Order, now_ms: int) -> dict[str, Any]:
    """`forceOrder`."""
    average = plain(order.average_price or ZERO)
    return {
        "e": "forceOrder",
        "E": now_ms,
        "o": {
            "s": order.symbol,
            "S": order.request.side.upper(),
            "o": "LIMIT",
            "f": "IOC",
            "q": plain(order.request.quantity),
            "p": average,
            "ap": average,
            "X": order.status.upper(),
            "l": plain(order.filled_quantity),
            "z": plain(order.filled_quantity),
            "T": now_ms,
        },
    }


def _day(market: Market, now_ms: int) -> dict[str, Any]:
    first, volume = market.candles[0].open, sum((c.volume for c in market.candles), ZERO)
    change = market.last - first
    return {
        "E": now_ms,
        "s": market.instrument.symbol,
        "p": plain(change),
        "P": plain((change / first * 100).quantize(Decimal("0.001"))),
        "w": plain(market.last),
        "c": plain(market.last),
        "Q": "0",
        "o": plain(first),
        "h": plain(max(each.high for each in market.candles)),
        "l": plain(min(each.low for each in market.candles)),
        "v": plain(volume),
        "q": plain(volume * market.last),
        "O": now_ms - 86_400_000,
        "C": now_ms,
        "F": 0,
        "L": len(market.trades),
        "n": len(market.trades),
    }


def _depth(market: Market, now_ms: int, levels: int | None, before: int) -> dict[str, Any]:
    return {
        "e": "depthUpdate",
        "E": now_ms,
        "T": now_ms,
        "s": market.instrument.symbol,
        "U": before + 1,
        "u": market.update_id,
        "pu": before,
        "b": [[plain(each.price), plain(each.quantity)] for each in market.bids[:levels]],
        "a": [[plain(each.price), plain(each.quantity)] for each in market.asks[:levels]],
    }
