"""Calls about money, positions, settings, keys and the ledger."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any, TypeVar

from tests.aster_sandbox.account_answers import account_document, balance_rows, position_row
from tests.aster_sandbox.desk import ADL_ID
from tests.aster_sandbox.ledger import ASSET
from tests.aster_sandbox.order_answers import fill_document, order_document
from tests.aster_sandbox.refusals import VenueRefusal
from tests.aster_sandbox.routing import Access, Ask, by_symbol, route
from tests.aster_sandbox.spans import span_of
from tests.aster_sandbox.symbols import bracket_rows, most_notional
from tests.aster_sandbox.user_events import account_update, config_update
from tests.aster_sandbox.venue_time import ms_of
from trading.errors import OrderRejected
from trading.matching.amendments import set_leverage, set_margin_mode
from trading.matching.liquidation import LIQUIDATION_ID_PREFIX
from trading.matching.margin import free_margin
from trading.positions import MarginMode
from trading.units import ZERO, plain

_DONE = {"code": 200, "msg": "success"}
_MODES = {"ISOLATED": MarginMode.ISOLATED, "CROSSED": MarginMode.CROSS}
_Result = TypeVar("_Result")


@route("GET", "v2/balance", "v3/balance", weight=5, access=Access.SIGNED)
def balances(ask: Ask) -> Any:
    return balance_rows(ask.venue, ask.user)


@route(
    "GET",
    "v2/account",
    "v4/account",
    "v3/account",
    "v3/accountWithJoinMargin",
    weight=5,
    access=Access.SIGNED,
)
def account(ask: Ask) -> Any:
    return account_document(ask.venue, ask.user)


@route(
    "GET", "v1/positionRisk", "v2/positionRisk", "v3/positionRisk", weight=5, access=Access.SIGNED
)
def positions(ask: Ask) -> Any:
    symbol = ask.parameters.get("symbol")
    markets = [ask.venue.market(symbol)] if symbol else list(ask.venue.markets.values())
    rows = [position_row(ask.venue, ask.user, each) for each in markets]
    if not ask.user.is_hedge:
        return rows
    return [{**row, "positionSide": side} for row in rows for side in ("LONG", "SHORT")]


@route("POST", "*/leverage", access=Access.TRADING)
def leverage(ask: Ask) -> Any:
    symbol, wanted = ask.need("symbol"), ask.need("leverage")
    market = ask.venue.market(symbol)
    if re.fullmatch(r"[0-9]{1,4}", wanted) is None:
        raise VenueRefusal(-1100, "Illegal characters found in parameter 'leverage'.")
    number = int(wanted)
    ask.user.book = _of_engine(
        lambda: set_leverage(ask.user.book, symbol, number, market.instrument)
    )
    ask.venue.hub.tell_user(
        ask.user.listen_key, config_update(symbol, number, ask.venue.time.now_ms)
    )
    return {
        "leverage": number,
        "maxNotionalValue": str(most_notional(market.instrument, number)),
        "symbol": symbol,
    }


@route("POST", "*/marginType", access=Access.TRADING)
def margin_type(ask: Ask) -> Any:
    symbol, wanted = ask.need("symbol"), ask.need("marginType")
    ask.venue.market(symbol)
    if wanted not in _MODES:
        raise VenueRefusal(-1130, "Data sent for parameter 'marginType' is not valid.")
    if ask.user.is_multi_assets and wanted == "ISOLATED":
        raise VenueRefusal(
            -4168, "Unable to adjust to isolated-margin mode under Multi-Assets mode."
        )
    ask.user.book = _of_engine(lambda: set_margin_mode(ask.user.book, symbol, _MODES[wanted]))
    _tell_account(ask, "MARGIN_TYPE_CHANGE", symbol)
    return _DONE


@route("POST", "*/positionMargin", access=Access.TRADING)
def position_margin(ask: Ask) -> Any:
    symbol, kind = ask.need("symbol"), ask.number("type")
    try:
        amount = Decimal(ask.need("amount"))
    except ArithmeticError:
        raise VenueRefusal(-1100, "Illegal characters found in parameter 'amount'.") from None
    book = ask.user.book
    position = book.positions.get(symbol)
    if position is None:
        raise VenueRefusal(-4054, "Cannot add position margin: position is 0.")
    if position.margin_mode is not MarginMode.ISOLATED:
        raise VenueRefusal(-4050, "Cross position margin is fixed.")
    change = amount if kind == 1 else -amount
    if amount <= ZERO or kind not in (1, 2):
        raise VenueRefusal(-1130, "Data sent for parameter 'amount' is not valid.")
    least = position.notional(position.entry_price) / position.leverage
    if change > free_margin(book) or position.isolated_margin + change < least:
        raise VenueRefusal(-4051, "Isolated balance insufficient.")
    grown = replace(position, isolated_margin=position.isolated_margin + change)
    ask.user.book = replace(book, positions={**book.positions, symbol: grown})
    ask.user.margin_history.append(
        {
            "amount": plain(amount),
            "asset": ASSET,
            "symbol": symbol,
            "time": ask.venue.time.now_ms,
            "type": kind,
            "positionSide": "BOTH",
        }
    )
    _tell_account(ask, "MARGIN_TRANSFER", symbol)
    return {"amount": float(amount), "code": 200, "msg": "Success.", "type": kind}


@route("GET", "*/positionMargin/history", access=Access.SIGNED)
def position_margin_history(ask: Ask) -> Any:
    symbol, kind, span = ask.need("symbol"), ask.number("type"), span_of(ask)
    found = [
        row
        for row in ask.user.margin_history
        if row["symbol"] == symbol and kind in (None, row["type"]) and span.holds(row["time"])
    ]
    return found[-span.limit :]


@route("GET", "*/positionSide/dual", weight=30, access=Access.SIGNED)
def position_mode(ask: Ask) -> Any:
    return {"dualSidePosition": ask.user.is_hedge}


@route("POST", "*/positionSide/dual", access=Access.TRADING)
def set_position_mode(ask: Ask) -> Any:
    wanted = ask.need("dualSidePosition").lower() == "true"
    if wanted is ask.user.is_hedge:
        raise VenueRefusal(-4059, "No need to change position side.")
    if ask.user.book.orders or ask.user.book.waiting:
        raise VenueRefusal(-4067, "Position side cannot be changed if there exists open orders.")
    if ask.user.book.positions:
        raise VenueRefusal(-4068, "Position side cannot be changed if there exists position.")
    ask.user.is_hedge = wanted
    _tell_modes(ask)
    return _DONE


@route("GET", "*/multiAssetsMargin", weight=30, access=Access.SIGNED)
def multi_assets(ask: Ask) -> Any:
    return {"multiAssetsMargin": ask.user.is_multi_assets}


@route("POST", "*/multiAssetsMargin", access=Access.TRADING)
def set_multi_assets(ask: Ask) -> Any:
    ask.user.is_multi_assets = ask.need("multiAssetsMargin").lower() == "true"
    _tell_modes(ask)
    return _DONE


@route("GET", "*/leverageBracket", access=Access.SIGNED)
def brackets(ask: Ask) -> Any:
    symbol = ask.parameters.get("symbol")
    if symbol:
        return {"symbol": symbol, "brackets": bracket_rows(ask.venue.market(symbol).instrument)}
    return [
        {"symbol": name, "brackets": bracket_rows(each.instrument)}
        for name, each in ask.venue.markets.items()
    ]


@route("GET", "*/commissionRate", weight=20, access=Access.SIGNED)
def commission(ask: Ask) -> Any:
    symbol = ask.need("symbol")
    ask.venue.market(symbol)
    fees = ask.user.book.fees
    return {
        "symbol": symbol,
        "makerCommissionRate": plain(fees.maker),
        "takerCommissionRate": plain(fees.taker),
    }


@route("GET", "*/adlQuantile", weight=5, access=Access.SIGNED)
def adl_quantile(ask: Ask) -> Any:
    return [{"symbol": name, "adlQuantile": {"BOTH": 0}} for name in ask.user.book.positions]


@route("GET", "*/income", weight=30, access=Access.SIGNED)
def income(ask: Ask) -> Any:
    symbol, kind = ask.parameters.get("symbol"), ask.parameters.get("incomeType")
    span = span_of(ask, limit=100)
    found = [
        line
        for line in sorted(ask.user.ledger.lines, key=lambda each: each.at_ms)
        if span.holds(line.at_ms)
        and line.trade_id not in ask.user.unlisted
        and symbol in (None, "", line.symbol)
        and kind in (None, "", line.kind)
    ]
    rows = found[: span.limit] if span.is_from else found[-span.limit :]
    return [line.document() for line in rows]


@route("GET", "*/userTrades", weight=5, access=Access.SIGNED)
def user_trades(ask: Ask) -> Any:
    symbol, first = ask.need("symbol"), ask.number("fromId")
    ask.venue.market(symbol)
    if first is not None and (ask.number("startTime") or ask.number("endTime")):
        raise VenueRefusal(-1128, "Combination of optional parameters invalid.")
    span = span_of(ask)
    found = [
        fill
        for fill in ask.user.fills
        if fill.symbol == symbol
        and fill.trade_id not in ask.user.unlisted
        and (
            int(fill.trade_id) >= first if first is not None else span.holds(ms_of(fill.filled_at))
        )
    ]
    rows = found[: span.limit] if first is not None or span.is_from else found[-span.limit :]
    return [fill_document(fill) for fill in rows]


@route("GET", "*/forceOrders", weight=by_symbol(20, 50), access=Access.SIGNED)
def force_orders(ask: Ask) -> Any:
    symbol, span = ask.parameters.get("symbol"), span_of(ask, limit=50)
    return [
        order_document(each, has_time=True)
        for each in ask.user.records.values()
        if each.order.request.client_order_id.startswith((LIQUIDATION_ID_PREFIX, ADL_ID))
        and symbol in (None, "", each.order.symbol)
        and span.holds(ms_of(each.order.created_at))
    ]


@route("GET", "v3/agent", weight=5, access=Access.SIGNED)
def agents(ask: Ask) -> Any:
    return [each.document() for each in ask.user.agents.values()]


@route("GET", "v3/builder", access=Access.SIGNED)
def builders(ask: Ask) -> Any:
    return ask.user.builders


@route("POST", "*/listenKey", access=Access.KEY)
def start_stream(ask: Ask) -> Any:
    user, now = ask.user, ask.venue.time.now_ms
    if user.listen_key is None or user.listen_key_until_ms <= now:
        user.listen_key = f"{user.alias}k{now}".ljust(64, "0")
    user.listen_key_until_ms = now + int(ask.venue.settings.listen_key_seconds * 1000)
    return {"listenKey": user.listen_key}


@route("PUT", "*/listenKey", access=Access.KEY)
def keep_stream(ask: Ask) -> Any:
    user, now = ask.user, ask.venue.time.now_ms
    if user.listen_key is None or user.listen_key_until_ms <= now:
        raise VenueRefusal(-1125, "This listenKey does not exist.")
    user.listen_key_until_ms = now + int(ask.venue.settings.listen_key_seconds * 1000)
    return {}


@route("DELETE", "*/listenKey", access=Access.KEY)
def close_stream(ask: Ask) -> Any:
    ask.user.listen_key = None
    return {}


def _tell_account(ask: Ask, reason: str, symbol: str) -> None:
    venue, user = ask.venue, ask.user
    document = account_update(user, reason, [symbol], ZERO, venue.time.now_ms, venue.marks)
    venue.hub.tell_user(user.listen_key, document)


def _tell_modes(ask: Ask) -> None:
    """Both modes of an account are told together."""
    now, user = ask.venue.time.now_ms, ask.user
    modes = {"j": user.is_multi_assets, "d": user.is_hedge}
    document = {"e": "ACCOUNT_CONFIG_UPDATE", "E": now, "T": now, "ai": modes}
    ask.venue.hub.tell_user(user.listen_key, document)


def _of_engine(change: Callable[[], _Result]) -> _Result:
    try:
        return change()
    except OrderRejected as refused:
        raise VenueRefusal(refused.code, refused.text) from None
