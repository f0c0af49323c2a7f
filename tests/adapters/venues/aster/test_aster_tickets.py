"""Orders in the venue's words: what goes out, and what is refused before it could."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.venues.aster.tickets import Ticket, check_client_id
from trading.errors import InvalidRecord

D = Decimal
STOP = {
    "symbol": "BTCUSDT",
    "side": "SELL",
    "type": "STOP_MARKET",
    "stop_price": D("58000.10"),
    "client_order_id": "pf-s",
}
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "quantity": D("1E+1"),
    "price": D("0.00001000"),
    "time_in_force": "GTX",
    "client_order_id": "pf-l",
}


def test_a_stop_that_closes_the_position_has_no_quantity_and_no_reduce_only() -> None:
    ticket = Ticket(close_position=True, working_type="MARK_PRICE", price_protect=True, **STOP)
    assert ticket.parameters() == [
        ("symbol", "BTCUSDT"),
        ("side", "SELL"),
        ("type", "STOP_MARKET"),
        ("stopPrice", "58000.1"),
        ("workingType", "MARK_PRICE"),
        ("closePosition", "true"),
        ("priceProtect", "TRUE"),
        ("newClientOrderId", "pf-s"),
        ("newOrderRespType", "RESULT"),
    ]


def test_a_reduce_only_flag_is_the_documented_small_text() -> None:
    sent = dict(Ticket(quantity=D("0.5"), reduce_only=True, **STOP).parameters())
    assert (sent["reduceOnly"], sent["quantity"]) == ("true", "0.5")
    assert "closePosition" not in sent


def test_numbers_have_no_exponent_and_no_zeros_behind() -> None:
    sent = dict(Ticket(**LIMIT).parameters())
    assert (sent["quantity"], sent["price"], sent["timeInForce"]) == ("10", "0.00001", "GTX")


@given(st.decimals(min_value="1e-18", max_value="1e12", allow_nan=False, allow_infinity=False))
def test_every_number_goes_out_with_its_value(value: Decimal) -> None:
    sent = dict(Ticket(**LIMIT | {"quantity": value}).parameters())["quantity"]
    assert D(sent) == value
    assert set(sent) <= set("0123456789.")
    assert "." not in sent or not sent.endswith(("0", "."))


def test_an_item_of_a_group_names_its_client_id_differently() -> None:
    item = Ticket(**LIMIT).sub_order()
    assert item["clientOrderId"] == "pf-l"
    assert not {"newClientOrderId", "newOrderRespType"} & set(item)


@pytest.mark.parametrize(
    ("base", "change", "problem"),
    [
        (STOP, {}, "needs quantity"),
        (STOP, {"close_position": True, "quantity": D(1)}, "excludes quantity"),
        (STOP, {"close_position": True, "reduce_only": True}, "excludes quantity and reduce_only"),
        (STOP, {"quantity": D(1), "stop_price": None}, "needs stop_price"),
        (STOP, {"type": "STOP", "quantity": D(1)}, "needs price"),
        (STOP, {"type": "MARKET", "close_position": True}, "close_position is for"),
        (STOP, {"type": "TRAILING_STOP_MARKET", "quantity": D(1)}, "needs callback_rate"),
        (LIMIT, {"price": None}, "needs price"),
        (LIMIT, {"time_in_force": None}, "needs time_in_force"),
        (LIMIT, {"quantity": D(0)}, "quantity is 0"),
        (LIMIT, {"quantity": D("-1")}, "quantity is -1"),
        (LIMIT, {"price": D("NaN")}, "price is NaN"),
        (LIMIT, {"price": D("Infinity")}, "price is Infinity"),
        (LIMIT, {"callback_rate": D("0.05")}, "0.1 to 5 percent"),
        (LIMIT, {"callback_rate": D("5.1")}, "0.1 to 5 percent"),
        (LIMIT, {"client_order_id": ""}, "1 to 36"),
        (LIMIT, {"client_order_id": "a" * 37}, "1 to 36"),
        (LIMIT, {"client_order_id": "a b"}, "1 to 36"),
        (LIMIT, {"client_order_id": "ä"}, "1 to 36"),
        (LIMIT, {"client_order_id": "a\n"}, "1 to 36"),
    ],
)
def test_an_order_that_the_venue_would_not_take_is_never_built(base, change, problem) -> None:
    with pytest.raises(InvalidRecord, match=problem):
        Ticket(**base | change)


def test_our_own_client_ids_are_of_the_allowed_alphabet() -> None:
    assert check_client_id("pf-abcDEF123_/:.") == "pf-abcDEF123_/:."
