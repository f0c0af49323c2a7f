"""The venue's words in ours: the odd ones that a sandbox does not say by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.aster.mapping.account import balance_of, position_of, require_one_way
from adapters.venues.aster.mapping.brackets import with_brackets
from adapters.venues.aster.mapping.instants import instant_of, ms_of
from adapters.venues.aster.mapping.ledger import cause_of, fill_of, income_of, with_signs
from adapters.venues.aster.mapping.orders import UnknownWord, order_of
from adapters.venues.aster.mapping.tickets import sub_orders, ticket_of
from adapters.venues.aster.payloads.account import (
    AccountPayload,
    BracketsPayload,
    IncomePayload,
    PositionPayload,
)
from adapters.venues.aster.payloads.orders import FillPayload, OrderPayload
from tests.builders import BTC
from trading.errors import OrderRejected, SettingRefused
from trading.order_groups import OrderGroup
from trading.orders import (
    FillCause,
    OrderRequest,
    OrderStatus,
    OrderType,
    PriceKind,
    Side,
    TimeInForce,
)
from trading.positions import MarginMode

D = Decimal


def order(**fields: Any) -> OrderPayload:
    """As the documents show one."""
    return OrderPayload.model_validate(
        {
            "orderId": 22542179, "clientOrderId": "pf-1", "symbol": "BTCUSDT", "status": "NEW",
            "side": "SELL", "type": "STOP_MARKET", "origType": "STOP_MARKET", "timeInForce": "GTC",
            "price": "0", "avgPrice": "0.00000", "origQty": "0.1", "executedQty": "0",
            "cumQuote": "0", "stopPrice": "58000", "workingType": "MARK_PRICE", "reduceOnly": True,
            "closePosition": False, "priceProtect": False, "positionSide": "BOTH",
            "updateTime": 1566818724722, "time": 1566818724710,
        }
        | fields
    )  # fmt: skip


def fill(**fields: Any) -> FillPayload:
    return FillPayload.model_validate(
        {
            "id": 698759, "orderId": 25851813, "symbol": "BTCUSDT", "side": "SELL", "maker": False,
            "price": "7819.01", "qty": "0.002", "quoteQty": "15.63802", "time": 1569514978020,
            "commission": "-0.07819010", "commissionAsset": "USDT", "realizedPnl": "-0.91539999",
        }
        | fields
    )  # fmt: skip


def income(**fields: Any) -> IncomePayload:
    return IncomePayload.model_validate(
        {
            "symbol": "BTCUSDT", "incomeType": "FUNDING_FEE", "income": "-0.6", "asset": "USDT",
            "info": "", "time": 1570636800000, "tranId": 9689322392, "tradeId": "",
        }
        | fields
    )  # fmt: skip


def position(**fields: Any) -> PositionPayload:
    return PositionPayload.model_validate(
        {
            "symbol": "BTCUSDT", "positionSide": "BOTH", "positionAmt": "-0.2",
            "entryPrice": "60000", "markPrice": "59000", "unRealizedProfit": "200",
            "liquidationPrice": "0", "leverage": "10", "marginType": "isolated",
            "isolatedMargin": "1400", "updateTime": 1566818724722,
        }
        | fields
    )  # fmt: skip


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2200, 1, 1)))  # noqa: DTZ001
def test_instants_go_to_milliseconds_and_back(at: datetime) -> None:
    at = at.replace(tzinfo=UTC, microsecond=at.microsecond // 1000 * 1000)
    assert instant_of(ms_of(at)) == at


@pytest.mark.parametrize(
    ("word", "executed", "status"),
    [
        ("NEW", "0", OrderStatus.NEW),
        ("PARTIALLY_FILLED", "0.05", OrderStatus.PARTIALLY_FILLED),
        ("FILLED", "0.1", OrderStatus.FILLED),
        ("CANCELED", "0", OrderStatus.CANCELED),
        ("REJECTED", "0", OrderStatus.REJECTED),
        ("EXPIRED", "0", OrderStatus.EXPIRED),
        ("EXPIRED_IN_MATCH", "0.05", OrderStatus.EXPIRED),
        ("NEW_INSURANCE", "0.1", OrderStatus.FILLED),
        ("NEW_INSURANCE", "0", OrderStatus.NEW),
        ("NEW_ADL", "0.05", OrderStatus.PARTIALLY_FILLED),
    ],
)
def test_every_status_word_has_its_meaning(word: str, executed: str, status: OrderStatus) -> None:
    assert order_of(order(status=word, executedQty=executed)).status is status


def test_from_an_unknown_status_nothing_is_concluded_but_that_a_listed_order_is_open() -> None:
    with pytest.raises(UnknownWord, match="status 'SLEEPING'"):
        order_of(order(status="SLEEPING"))
    assert order_of(order(status="SLEEPING"), is_listed=True).status is OrderStatus.NEW
    half = order_of(order(status="SLEEPING", executedQty="0.05"), is_listed=True)
    assert half.status is OrderStatus.PARTIALLY_FILLED


def test_an_average_of_nothing_is_no_price() -> None:
    assert order_of(order()).average_price is None
    assert order_of(order(avgPrice="58000.1", executedQty="0.1")).average_price == D("58000.1")


def test_times_are_of_creation_and_of_the_last_change() -> None:
    created = order_of(order())
    assert created.updated_at - created.created_at == timedelta(milliseconds=12)
    answered = order_of(order(time=None))
    assert answered.created_at == answered.updated_at


def test_a_triggered_order_keeps_its_type_and_comes_alive_as_a_limit() -> None:
    stopped = order_of(order(type="MARKET", status="FILLED", executedQty="0.1", avgPrice="58000"))
    assert stopped.request.order_type is OrderType.STOP_MARKET
    assert stopped.triggered_at is None
    alive = order_of(order(type="LIMIT", origType="STOP", price="57900"))
    assert alive.request.order_type is OrderType.STOP
    assert alive.triggered_at == alive.updated_at
    assert order_of(order(type="STOP", origType="STOP", price="57900")).triggered_at is None


def test_a_trailing_stop_has_ratio_and_activation() -> None:
    words = {"type": "TRAILING_STOP_MARKET", "origType": "TRAILING_STOP_MARKET"}
    trailing = order_of(order(**words, priceRate="0.3", activatePrice="61000"))
    assert trailing.request.callback_ratio == D("0.003")
    assert trailing.request.activation_price == 61_000
    assert trailing.request.stop_price is None
    assert order_of(order(**words, activatePrice="0")).request.activation_price is None


@pytest.mark.parametrize(
    ("fields", "kind"),
    [
        ({"type": "PEGGED", "origType": "PEGGED", "price": "9"}, OrderType.LIMIT),
        ({"type": "LIQUIDATION", "origType": None}, OrderType.MARKET),
        ({"type": "LIMIT", "origType": "LIMIT", "timeInForce": "HIDDEN"}, OrderType.LIMIT),
        ({"origQty": "0", "closePosition": True}, OrderType.STOP_MARKET),
    ],
)
def test_orders_of_other_hands_become_the_nearest_of_ours(
    fields: dict[str, Any], kind: OrderType
) -> None:
    foreign = order_of(order(clientOrderId="web_7", **fields))
    assert foreign.request.order_type is kind
    assert foreign.request.time_in_force is TimeInForce.GTC


def test_an_order_is_called_by_the_id_it_was_asked_for() -> None:
    named = order_of(order(clientOrderId="cancel_9"), client_order_id="pf-1")
    assert named.request.client_order_id == "pf-1"


def test_parameters_go_out_only_where_the_type_takes_them() -> None:
    stop = OrderRequest(
        symbol="BTCUSDT", side=Side.SELL, order_type=OrderType.STOP_MARKET, client_order_id="pf-1",
        quantity=D("0.1"), stop_price=D(58_000), reduce_only=True, trigger_by=PriceKind.MARK,
    )  # fmt: skip
    assert dict(ticket_of(stop, BTC).parameters()) == {
        "symbol": "BTCUSDT", "side": "SELL", "type": "STOP_MARKET", "quantity": "0.1",
        "stopPrice": "58000", "workingType": "MARK_PRICE", "reduceOnly": "true",
        "newClientOrderId": "pf-1", "newOrderRespType": "RESULT",
    }  # fmt: skip
    limit = replace(stop, order_type=OrderType.LIMIT, stop_price=None, price=D(61_000))
    sent = dict(ticket_of(limit, BTC).parameters())
    assert sent["timeInForce"] == "GTC"
    assert "workingType" not in sent
    trailing = replace(
        stop,
        order_type=OrderType.TRAILING_STOP_MARKET,
        stop_price=None,
        callback_ratio=D("0.015"),
    )
    assert dict(ticket_of(trailing, BTC).parameters())["callbackRate"] == "1.5"


@pytest.mark.parametrize(
    ("field", "value", "is_taken"),
    [
        ("quantity", "0.123", True),
        ("quantity", "0.1230", True),
        ("quantity", "0.1234", False),
        ("price", "60000.1", True),
        ("price", "60000.15", False),
        ("quantity", "1E+1", True),
    ],
)
def test_what_is_finer_than_the_steps_is_refused_and_never_rounded(
    field: str, value: str, is_taken: bool
) -> None:
    terms = {"quantity": D("0.1"), "price": D(60_000)} | {field: D(value)}
    limit = OrderRequest(
        symbol="BTCUSDT",
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        client_order_id="pf-1",
        **terms,
    )
    if is_taken:
        assert getattr(ticket_of(limit, BTC), field) == D(value)
    else:
        with pytest.raises(OrderRejected, match="more decimals than its step"):
            ticket_of(limit, BTC)
    assert ticket_of(limit, None).quantity == terms["quantity"]


def test_exits_of_a_group_wait_for_the_entry_and_end_each_other_when_filled_whole() -> None:
    entry = OrderRequest(
        symbol="BTCUSDT", side=Side.BUY, order_type=OrderType.MARKET, client_order_id="e",
        quantity=D("0.1"),
    )  # fmt: skip
    stop = replace(
        entry, side=Side.SELL, order_type=OrderType.STOP_MARKET, client_order_id="s",
        stop_price=D(58_000), reduce_only=True,
    )  # fmt: skip
    target = replace(
        stop,
        order_type=OrderType.TAKE_PROFIT_MARKET,
        client_order_id="t",
        stop_price=D(62_000),
    )
    kind, (first, second, third) = sub_orders(
        OrderGroup(group_id="g", entry=entry, exits=(stop, target)), BTC
    )
    assert kind == "OTOCO"
    assert dict(first.conditions) == {"firstDrivenId": "0", "secondDrivenId": "0"}
    waits = {
        "firstDrivenId": "1",
        "firstDrivenOn": "PARTIALLY_FILLED_OR_FILLED",
        "firstTrigger": "PLACE_ORDER",
        "secondDrivenOn": "FILLED",
        "secondTrigger": "CANCEL_ORDER",
    }
    assert dict(second.conditions) == waits | {"secondDrivenId": "3"}
    assert dict(third.conditions) == waits | {"secondDrivenId": "2"}
    kind, (one, other) = sub_orders(OrderGroup(group_id="g", entry=None, exits=(stop, target)), BTC)
    assert kind == "OCO"
    assert dict(one.conditions)["secondDrivenId"] == "2"
    assert dict(other.conditions)["firstDrivenId"] == "0"


@pytest.mark.parametrize("commission", ["-0.07819010", "0.07819010"])
def test_a_fee_is_what_was_paid_whatever_sign_it_is_shown_with(commission: str) -> None:
    mapped = fill_of(fill(commission=commission), client_order_id="pf-1", quote="USDT")
    assert mapped.fee == D("0.07819010")
    assert (mapped.realized_pnl, mapped.side, mapped.trade_id) == (
        D("-0.91539999"), Side.SELL, "698759",
    )  # fmt: skip


def test_the_ledger_tells_the_sign_of_a_fee() -> None:
    fills = {("BTCUSDT", 698759): fill_of(fill(), client_order_id="pf-1", quote="USDT")}
    line = {"incomeType": "COMMISSION", "tradeId": "698759"}
    for amount, fee in (
        ("0.0781901", "-0.0781901"),
        ("-0.0781901", "0.0781901"),
        ("5", "0.0781901"),
    ):
        (signed,) = with_signs(fills, [income(**line, income=amount)]).values()
        assert signed.fee == D(fee)


def test_a_fee_in_another_asset_is_named_unless_nothing_was_paid() -> None:
    paid = fill_of(
        fill(commissionAsset="BNB", commission="-0.0010"), client_order_id="pf-1", quote="USDT"
    )
    assert (paid.fee, paid.foreign_fee) == (0, "0.001 BNB")
    free = fill_of(
        fill(commissionAsset="BNB", commission="0"), client_order_id="pf-1", quote="USDT"
    )
    assert (free.fee, free.foreign_fee) == (0, None)


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("autoclose-1566818724722", FillCause.LIQUIDATION),
        ("adl_autoclose", FillCause.ADL),
        ("pf-abc", FillCause.ORDER),
        ("web_1", FillCause.ORDER),
    ],
)
def test_the_venues_own_orders_are_told_by_their_names(name: str, cause: FillCause) -> None:
    assert cause_of(name) is cause


@pytest.mark.parametrize(
    ("fields", "tran_id", "kind", "symbol"),
    [
        ({}, "FUNDING_FEE:9689322392:BTCUSDT", "funding", "BTCUSDT"),
        ({"incomeType": "TRANSFER", "symbol": ""}, "TRANSFER:9689322392", "transfer", None),
        ({"incomeType": "INSURANCE_CLEAR"}, "INSURANCE_CLEAR:9689322392:BTCUSDT", "liquidation_fee",
         "BTCUSDT"),
        ({"incomeType": "WELCOME_BONUS", "symbol": ""}, "WELCOME_BONUS:9689322392", "welcome_bonus",
         None),
    ],
)  # fmt: skip
def test_income_has_a_kind_of_ours_and_an_id_of_its_own(
    fields: dict[str, str], tran_id: str, kind: str, symbol: str | None
) -> None:
    line = income_of(income(**fields))
    assert (line.tran_id, line.kind, line.symbol) == (tran_id, kind, symbol)


def test_a_position_is_its_signed_amount_and_what_was_set_aside_for_it() -> None:
    held = position_of(position(), lambda _: None)
    assert held is not None
    assert held.position.quantity == D("-0.2")
    assert held.position.isolated_margin == 1200
    assert held.liquidation_price is None
    assert held.position.opened_at == instant_of(1566818724722)
    told = position_of(position(isolatedWallet="1250"), lambda _: None)
    assert told is not None
    assert told.position.isolated_margin == 1250
    crossed = position_of(position(marginType="cross"), lambda _: None)
    assert crossed is not None
    assert crossed.position.margin_mode is MarginMode.CROSS
    assert crossed.position.isolated_margin == 1200
    assert position_of(position(positionAmt="0.000"), lambda _: None) is None


def test_hedge_mode_shows_in_any_row() -> None:
    require_one_way([position(), position(symbol="ETHUSDT", positionAmt="0")])
    with pytest.raises(SettingRefused, match="hedge mode"):
        require_one_way([position(), position(positionSide="SHORT", positionAmt="0")])


def test_equity_is_the_venues_margin_balance_to_the_digit() -> None:
    row = {
        "asset": "USDT", "walletBalance": "100.00000001", "unrealizedProfit": "1.5",
        "marginBalance": "101.50000002", "initialMargin": "7", "maintMargin": "1",
    }  # fmt: skip
    totals = dict.fromkeys(
        ("totalWalletBalance", "totalUnrealizedProfit", "totalMarginBalance", "totalInitialMargin",
         "totalMaintMargin"), "0",
    )  # fmt: skip
    payload = AccountPayload.model_validate(
        {
            **totals,
            "availableBalance": "93",
            "assets": [{**row, "asset": "BNB"}, row],
            "positions": [],
        }
    )
    balance = balance_of(payload, "USDT")
    assert balance.equity == D("101.50000002")
    assert (balance.wallet, balance.available) == (D("100.00000001"), 93)


def test_brackets_are_put_in_order_and_only_where_the_venue_has_some() -> None:
    rows = BracketsPayload.model_validate(
        {
            "symbol": "BTCUSDT",
            "brackets": [
                {"bracket": 2, "initialLeverage": 50, "notionalFloor": 10000, "notionalCap": 90000,
                 "maintMarginRatio": "0.01", "cum": 50},
                {"bracket": 1, "initialLeverage": 100, "notionalFloor": 0, "notionalCap": 10000,
                 "maintMarginRatio": "0.005", "cum": 0},
            ],
        }
    )  # fmt: skip
    other = replace(BTC, symbol="ETHUSDT", has_venue_brackets=False)
    told, untold = with_brackets([replace(BTC, has_venue_brackets=False), other], [rows])
    assert [row.max_leverage for row in told.brackets] == [100, 50]
    assert told.has_venue_brackets
    assert told.bracket_for(D(20_000)).cumulative == 50
    assert untold is other
