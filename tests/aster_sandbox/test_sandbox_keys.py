"""Who is let in: V1 and V3 on the raw bytes, nonces, windows and permissions."""

from __future__ import annotations

import time

import httpx
import pytest

from tests.adapters.venues.aster.demo_keys import AGENT_KEY, PAIR_KEY, SIGNER, USER
from tests.adapters.venues.aster.ethereum_oracle import Account
from tests.aster_sandbox.raw_calls import (
    call_v1,
    code_of,
    get_v3,
    post_v3,
    signature_of,
    signed_v1,
    signed_v3,
)
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import Agent, User

OTHER_KEY = "0x" + "11" * 32
LIMIT = {
    "symbol": "BTCUSDT",
    "side": "BUY",
    "type": "LIMIT",
    "timeInForce": "GTC",
    "quantity": "0.1",
    "price": "59000",
}
pytestmark = pytest.mark.usefixtures("user")


def now_us() -> int:
    return time.time_ns() // 1000


def test_v3_parameters_are_taken_from_query_or_body_but_never_from_both(sandbox: Sandbox) -> None:
    assert code_of(post_v3(sandbox.url, "order", signed_v3(LIMIT))) == (200, 0)
    assert code_of(post_v3(sandbox.url, f"order?{signed_v3(LIMIT)}", "")) == (200, 0)
    head, _, tail = signed_v3(LIMIT).partition("&")
    assert code_of(post_v3(sandbox.url, f"order?{head}&", tail)) == (400, -1000)


def test_the_signature_is_read_with_and_without_prefix_and_in_any_case(sandbox: Sandbox) -> None:
    for change in (str, str.upper, lambda text: "0x" + text):
        message, _, signature = signed_v3({}).rpartition("&signature=")
        response = get_v3(sandbox.url, "balance", f"{message}&signature={change(signature)}")
        assert code_of(response) == (200, 0)


def test_the_bytes_count_as_they_came_and_are_not_encoded_again(sandbox: Sandbox) -> None:
    terms = f"note=a+b%20c(d)~e*&nonce={now_us()}&user={USER}&signer={SIGNER}"
    signature = signature_of(terms, 714, AGENT_KEY)
    assert code_of(get_v3(sandbox.url, "balance", f"{terms}&signature={signature}")) == (200, 0)


def test_a_signature_for_the_other_network_or_by_another_key_is_refused(sandbox: Sandbox) -> None:
    for bad in (signed_v3({}, chain_id=1666), signed_v3({}, key=OTHER_KEY)):
        response = get_v3(sandbox.url, "balance", bad)
        assert code_of(response) == (400, -1000)
        assert response.json()["msg"] == "Signature check failed"


def test_an_unknown_an_expired_and_a_foreign_signer_have_no_agent(
    sandbox: Sandbox, user: User
) -> None:
    other = Account.from_key(OTHER_KEY).address
    sandbox.add_user(other)
    stranger = signed_v3(
        {}, key="0x" + "22" * 32, signer=Account.from_key("0x" + "22" * 32).address
    )
    assert "No agent" in get_v3(sandbox.url, "balance", stranger).text
    assert "No agent" in get_v3(sandbox.url, "balance", signed_v3({}, user=other)).text
    user.agents[SIGNER.lower()].expires_ms = 1
    assert "No agent" in get_v3(sandbox.url, "balance", signed_v3({})).text


def test_the_user_may_be_left_out_and_a_wallet_may_sign_for_itself(sandbox: Sandbox) -> None:
    assert code_of(get_v3(sandbox.url, "balance", signed_v3({}, user=None))) == (200, 0)
    main = Account.from_key(OTHER_KEY).address
    sandbox.add_user(main)
    own = {"key": OTHER_KEY, "user": main.upper().replace("0X", "0x"), "signer": main}
    assert code_of(get_v3(sandbox.url, "balance", signed_v3({}, **own))) == (200, 0)


def test_an_agent_without_the_right_to_trade_reads_only(sandbox: Sandbox, user: User) -> None:
    user.agents[SIGNER.lower()] = Agent(address=SIGNER, can_perp_trade=False)
    assert code_of(get_v3(sandbox.url, "balance", signed_v3({}))) == (200, 0)
    assert code_of(post_v3(sandbox.url, "order", signed_v3(LIMIT))) == (400, -4088)


def test_the_same_signed_bytes_never_execute_twice(sandbox: Sandbox, user: User) -> None:
    text = signed_v3(LIMIT)
    assert code_of(post_v3(sandbox.url, "order", text)) == (200, 0)
    assert code_of(post_v3(sandbox.url, "order", text)) == (400, -4225)
    assert len(user.records) == 1


@pytest.mark.parametrize("window_us", [10_000_000, 60_000_000])
def test_a_nonce_outside_the_window_is_expired(sandbox: Sandbox, window_us: int) -> None:
    sandbox.venue.settings.nonce_window_us = window_us
    for off in (window_us + 2_000_000, -window_us - 2_000_000):
        text = signed_v3({}, nonce=now_us() + off)
        assert code_of(get_v3(sandbox.url, "balance", text)) == (400, -4225)
    inside = signed_v3({}, nonce=now_us() - window_us + 5_000_000)
    assert code_of(get_v3(sandbox.url, "balance", inside)) == (200, 0)


def test_below_the_smallest_of_the_remembered_nonces_all_are_burnt(sandbox: Sandbox) -> None:
    sandbox.venue.settings.nonces_kept = 3
    base = now_us()
    for nonce in (base, base + 1, base + 2, base + 3):
        assert code_of(get_v3(sandbox.url, "balance", signed_v3({}, nonce=nonce))) == (200, 0)
    for nonce in (base - 1, base, base + 2):
        assert code_of(get_v3(sandbox.url, "balance", signed_v3({}, nonce=nonce))) == (400, -4225)


def test_v1_signs_query_and_body_together(sandbox: Sandbox) -> None:
    body = "quantity=0.1&price=59000"
    head = {name: LIMIT[name] for name in ("symbol", "side", "type", "timeInForce")}
    query = signed_v1(head, body=body)
    assert code_of(call_v1(sandbox.url, "POST", "v1/order", query, body=body)) == (200, 0)
    changed = body.replace("59000", "59001")
    assert code_of(call_v1(sandbox.url, "POST", "v1/order", query, body=changed)) == (400, -1022)


def test_v1_time_runs_from_a_second_ahead_to_the_window_behind(sandbox: Sandbox) -> None:
    for ahead, window, code in (
        (500, None, 0),
        (3000, None, -1021),
        (-4000, None, 0),
        (-6000, None, -1021),
        (-6000, "60000", 0),
        (0, "60001", -1131),
    ):
        given = {} if window is None else {"recvWindow": window}
        response = call_v1(sandbox.url, "GET", "v2/balance", signed_v1(given, ahead_ms=ahead))
        assert code_of(response)[1] == code


def test_v1_keys_open_v1_paths_only(sandbox: Sandbox) -> None:
    assert code_of(call_v1(sandbox.url, "GET", "v2/balance", signed_v1({}), key="x")) == (
        401,
        -2015,
    )
    assert code_of(call_v1(sandbox.url, "GET", "v3/balance", signed_v1({}))) == (400, -1102)
    assert code_of(httpx.get(f"{sandbox.url}/fapi/v2/balance?{signed_v3({})}")) == (401, -2014)


def test_a_listen_key_needs_the_v1_key_alone(sandbox: Sandbox) -> None:
    first = call_v1(sandbox.url, "POST", "v1/listenKey", "").json()["listenKey"]
    assert call_v1(sandbox.url, "POST", "v1/listenKey", "").json()["listenKey"] == first
    assert code_of(call_v1(sandbox.url, "PUT", "v1/listenKey", "listenKey=")) == (200, 0)
    call_v1(sandbox.url, "DELETE", "v1/listenKey", "")
    assert code_of(call_v1(sandbox.url, "PUT", "v1/listenKey", "", key=PAIR_KEY)) == (400, -1125)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"side": ""}, -1102),
        ({"price": ""}, -1102),
        ({"timeInForce": ""}, -1102),
        ({"side": "LONG"}, -1117),
        ({"type": "STOP_LOSS"}, -1116),
        ({"timeInForce": "PO"}, -1115),
        ({"quantity": "1e-05"}, -1100),
        ({"quantity": "0"}, -4003),
        ({"symbol": "NOPE"}, -1121),
        ({"positionSide": "LONG"}, -4061),
        ({"reduceOnly": "maybe"}, -1130),
        ({"newClientOrderId": "a b"}, -4015),
        ({"price": "59000.05"}, -4014),
        # The first broken rule in the venue's order is the one that is told.
        ({"side": "LONG", "symbol": "NOPE", "price": "1"}, -1117),
        ({"symbol": "NOPE", "positionSide": "LONG"}, -1121),
        ({"positionSide": "LONG", "price": "59000.05"}, -4061),
    ],
)
def test_orders_are_judged_in_the_venues_order(
    sandbox: Sandbox, user: User, change: dict[str, str], code: int
) -> None:
    terms = {name: value for name, value in {**LIMIT, **change}.items() if value}
    assert code_of(post_v3(sandbox.url, "order", signed_v3(terms))) == (400, code)
    assert user.records == {}


def test_flags_are_read_in_any_case_unless_the_sandbox_is_strict(sandbox: Sandbox) -> None:
    terms = {**LIMIT, "reduceOnly": "False"}
    assert code_of(post_v3(sandbox.url, "order", signed_v3(terms))) == (200, 0)
    sandbox.venue.settings.has_strict_flags = True
    assert code_of(post_v3(sandbox.url, "order", signed_v3(terms))) == (400, -1130)


def test_a_market_order_is_acknowledged_as_new_unless_its_result_is_asked_for(
    sandbox: Sandbox,
) -> None:
    terms = {"symbol": "BTCUSDT", "side": "BUY", "type": "MARKET", "quantity": "0.01"}
    answered = post_v3(sandbox.url, "order", signed_v3(terms)).json()
    assert (answered["status"], answered["executedQty"]) == ("NEW", "0")
    number = {"symbol": "BTCUSDT", "orderId": str(answered["orderId"])}
    assert get_v3(sandbox.url, "order", signed_v3(number)).json()["status"] == "FILLED"
    result = post_v3(
        sandbox.url, "order", signed_v3({**terms, "newOrderRespType": "RESULT"})
    ).json()
    assert result["status"] == "FILLED"
