"""The public calls."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from tests.aster_sandbox.hub import best_document
from tests.aster_sandbox.market import Market
from tests.aster_sandbox.past import klines_of
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.routing import Access, Ask, by_symbol, route
from tests.aster_sandbox.symbols import symbol_row
from tests.aster_sandbox.venue_time import instant_of, ms_of
from trading.timeframes import Timeframe
from trading.units import ZERO, plain


@route("GET", "*/ping")
def ping(_: Ask) -> Any:
    return {}


@route("GET", "*/time")
def server_time(ask: Ask) -> Any:
    return {"serverTime": ask.venue.time.now_ms}


@route("GET", "*/exchangeInfo")
def exchange_info(ask: Ask) -> Any:
    settings = ask.venue.settings
    limits = [
        _limit("REQUEST_WEIGHT", "MINUTE", 1, settings.weight_limit),
        _limit("ORDERS", "MINUTE", 1, settings.order_limit),
    ]
    if settings.publishes_ten_second_orders:
        limits.append(_limit("ORDERS", "SECOND", 10, 300))
    return {
        "timezone": "UTC",
        "serverTime": ask.venue.time.now_ms,
        "futuresType": "U_MARGINED",
        "rateLimits": limits,
        "exchangeFilters": [],
        "assets": [{"asset": "USDT", "marginAvailable": True, "autoAssetExchange": None}],
        "symbols": [symbol_row(each.instrument, status=each.status) for each in _markets(ask)],
    }


def _limit(kind: str, interval: str, number: int, limit: int) -> dict[str, Any]:
    return {"rateLimitType": kind, "interval": interval, "intervalNum": number, "limit": limit}


def _depth_weight(parameters: Mapping[str, str]) -> int:
    levels = int(parameters.get("limit") or 500)
    return 2 if levels <= 50 else 5 if levels <= 100 else 10 if levels <= 500 else 20


@route("GET", "*/depth", weight=_depth_weight)
def depth(ask: Ask) -> Any:
    market, levels = ask.venue.market(ask.need("symbol")), ask.number("limit") or 500
    now = ask.venue.time.now_ms
    sides = {"bids": market.bids, "asks": market.asks}
    return {"lastUpdateId": market.update_id, "E": now, "T": now} | {
        name: [[plain(each.price), plain(each.quantity)] for each in side[:levels]]
        for name, side in sides.items()
    }


@route("GET", "*/trades")
def trades(ask: Ask) -> Any:
    return _trades(ask)


@route("GET", "*/historicalTrades", weight=20, access=Access.KEY)
def historical_trades(ask: Ask) -> Any:
    return _trades(ask)


def _trades(ask: Ask) -> Any:
    market = ask.venue.market(ask.need("symbol"))
    return [
        {
            "id": number,
            "price": plain(price),
            "qty": plain(quantity),
            "quoteQty": plain(price * quantity),
            "time": ms_of(at),
            "isBuyerMaker": False,
        }
        for number, price, quantity, at in market.trades[-(ask.number("limit") or 500) :]
    ]


@route("GET", "*/aggTrades", weight=20)
def agg_trades(ask: Ask) -> Any:
    return [
        {
            "a": each["id"],
            "p": each["price"],
            "q": each["qty"],
            "f": each["id"],
            "l": each["id"],
            "T": each["time"],
            "m": False,
        }
        for each in _trades(ask)
    ]


def _kline_weight(parameters: Mapping[str, str]) -> int:
    limit = int(parameters.get("limit") or 500)
    return 1 if limit < 100 else 2 if limit < 500 else 5 if limit <= 1000 else 10


@route("GET", "*/klines", weight=_kline_weight)
def klines(ask: Ask) -> Any:
    return _klines(ask, ask.need("symbol"), of_mark=False)


@route("GET", "*/markPriceKlines", weight=_kline_weight)
def mark_klines(ask: Ask) -> Any:
    return _klines(ask, ask.need("symbol"), of_mark=True)


@route("GET", "*/indexPriceKlines", weight=_kline_weight)
def index_klines(ask: Ask) -> Any:
    return _klines(ask, ask.need("pair"), of_mark=True)


def _klines(ask: Ask, symbol: str, *, of_mark: bool) -> Any:
    market = ask.venue.market(symbol)
    try:
        timeframe = Timeframe(ask.need("interval"))
    except ValueError:
        raise VenueRefusal(-1120, "Invalid interval.") from None
    since, until = ask.number("startTime"), ask.number("endTime")
    limit = min(ask.number("limit") or 500, 1500)
    if market.past is not None:
        rows = klines_of(
            market,
            timeframe,
            since=None if since is None else instant_of(since),
            until=None if until is None else instant_of(until),
            limit=limit,
            now=instant_of(ask.venue.time.now_ms),
            of_mark=of_mark,
        )
    else:
        found = [
            candle
            for candle in market.history(timeframe, of_mark=of_mark)
            if (since is None or ms_of(candle.open_time) >= since)
            and (until is None or ms_of(candle.open_time) <= until)
        ]
        rows = found[-limit:] if since is None else found[:limit]
    return [
        [
            ms_of(each.open_time),
            *(plain(p) for p in (each.open, each.high, each.low, each.close)),
            plain(ZERO if of_mark else each.volume),
            ms_of(each.open_time) + timeframe.seconds * 1000 - 1,
            plain(ZERO if of_mark else each.volume * each.close),
            1,
            "0",
            "0",
            "0",
        ]
        for each in rows
    ]


@route("GET", "*/premiumIndex")
def premium_index(ask: Ask) -> Any:
    now = ask.venue.time.now_ms
    return _one_or_all(
        ask,
        lambda market: {
            "symbol": market.instrument.symbol,
            "markPrice": plain(market.mark),
            "indexPrice": plain(market.mark),
            "estimatedSettlePrice": plain(market.mark),
            "lastFundingRate": plain(market.funding_rate),
            "nextFundingTime": market.next_funding_ms,
            "interestRate": "0.0001",
            "time": market.told_ms(now),
        },
    )


@route("GET", "*/fundingRate")
def funding_rate(ask: Ask) -> Any:
    since, until = ask.number("startTime"), ask.number("endTime")
    wanted = ask.parameters.get("symbol")
    rows = [
        {
            "symbol": each.symbol,
            "fundingRate": plain(each.rate),
            "fundingTime": ms_of(each.at),
        }
        for market in _markets(ask)
        for each in market.fundings
        if wanted in (None, "", each.symbol)
        and (since is None or ms_of(each.at) >= since)
        and (until is None or ms_of(each.at) <= until)
    ]
    rows.sort(key=lambda row: row["fundingTime"])
    limit = min(ask.number("limit") or 100, 1000)
    return rows[-limit:] if since is None else rows[:limit]


@route("GET", "*/fundingInfo")
def funding_info(ask: Ask) -> Any:
    now = ask.venue.time.now_ms
    return [
        {
            "symbol": each.instrument.symbol,
            "interestRate": "0.0001",
            "time": now,
            "fundingIntervalHours": int(each.instrument.funding_interval.total_seconds()) // 3600,
            "fundingFeeCap": 0.03,
            "fundingFeeFloor": -0.03,
        }
        for each in _markets(ask)
        if ask.parameters.get("symbol") in (None, "", each.instrument.symbol)
    ]


@route("GET", "*/ticker/24hr", weight=by_symbol(1, 40))
def day_ticker(ask: Ask) -> Any:
    now = ask.venue.time.now_ms
    return _one_or_all(ask, lambda market: _day(market, now))


def _day(market: Market, now: int) -> dict[str, Any]:
    first = market.candles[0].open
    change = market.last - first
    volume = sum((each.volume for each in market.candles), ZERO)
    return {
        "symbol": market.instrument.symbol,
        "priceChange": plain(change),
        "priceChangePercent": plain((change / first * 100).quantize(Decimal("0.001"))),
        "weightedAvgPrice": plain(market.last),
        "prevClosePrice": plain(first),
        "lastPrice": plain(market.last),
        "lastQty": "0",
        "openPrice": plain(first),
        "highPrice": plain(max(each.high for each in market.candles)),
        "lowPrice": plain(min(each.low for each in market.candles)),
        "volume": plain(volume),
        "quoteVolume": plain(volume * market.last),
        "openTime": now - 86_400_000,
        "closeTime": now,
        "firstId": 0,
        "lastId": len(market.trades),
        "count": len(market.trades),
    }


@route("GET", "*/ticker/price", weight=by_symbol(1, 2))
def price_ticker(ask: Ask) -> Any:
    now = ask.venue.time.now_ms
    return _one_or_all(
        ask,
        lambda market: {
            "symbol": market.instrument.symbol,
            "price": plain(market.last),
            "time": market.told_ms(now),
        },
    )


@route("GET", "*/ticker/bookTicker", weight=by_symbol(1, 2))
def book_ticker(ask: Ask) -> Any:
    now = ask.venue.time.now_ms

    def row(market: Market) -> dict[str, Any]:
        best = best_document(market, now)
        return {
            "symbol": best["s"],
            "bidPrice": best["b"],
            "bidQty": best["B"],
            "askPrice": best["a"],
            "askQty": best["A"],
            "time": market.told_ms(now),
            "lastUpdateId": market.update_id,
        }

    return _one_or_all(ask, row)


@route("GET", "v1/openInterest")
def open_interest(ask: Ask) -> Any:
    symbol = ask.need("symbol")
    ask.venue.market(symbol)
    held = (user.book.positions.get(symbol) for user in ask.venue.users.values())
    total = sum((abs(each.quantity) for each in held if each is not None), Decimal(1000))
    return {"symbol": symbol, "openInterest": plain(total), "time": ask.venue.time.now_ms}


def _markets(ask: Ask) -> list[Market]:
    return list(ask.venue.markets.values())


def _one_or_all(ask: Ask, row: Any) -> Any:
    symbol = ask.parameters.get("symbol")
    if symbol:
        return row(ask.venue.market(symbol))
    return [row(each) for each in _markets(ask)]
