"""The venue's own connector, unmodified, trades on the sandbox: V1 keys, everything in the query.

Skipped where it is not installed; it is on no index, only in its repository (docs/aster.md).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest

from tests.adapters.venues.aster.demo_keys import PAIR_KEY, PAIR_SECRET, USER
from tests.aster_sandbox.server import Sandbox, running_sandbox
from tests.aster_sandbox.users import User
from trading.candles import Candle

rest = pytest.importorskip("aster.rest_api", reason="aster-connector-python is not installed")

BTC = "BTCUSDT"


@pytest.fixture
def connector(sandbox: Sandbox, user: User) -> Any:
    return rest.Client(PAIR_KEY, PAIR_SECRET, base_url=sandbox.url, timeout=10)


def test_every_public_call_is_answered(connector: Any) -> None:
    assert connector.ping() == {}
    assert connector.time()["serverTime"] > 0
    assert connector.exchange_info()["symbols"][0]["symbol"] == BTC
    assert connector.depth(BTC)["asks"][0][0] == "60000.1"
    assert connector.klines(BTC, "1m")[-1][4] == "60000"
    assert connector.mark_price_klines(BTC, "1m")[-1][4] == "60000"
    assert connector.index_price_klines(BTC, "1m")[-1][4] == "60000"
    assert connector.mark_price(BTC)["markPrice"] == "60000"
    assert connector.ticker_price(BTC)["price"] == "60000"
    assert connector.book_ticker(BTC)["bidPrice"] == "59999.9"
    assert connector.ticker_24hr_price_change(BTC)["lastPrice"] == "60000"
    lists = (connector.trades(BTC), connector.historical_trades(BTC), connector.agg_trades(BTC))
    assert lists == ([], [], [])
    assert connector.funding_rate(BTC) == []


def test_it_trades_and_sees_what_it_has_done(connector: Any, sandbox: Sandbox, user: User) -> None:
    assert connector.change_leverage(symbol=BTC, leverage=10)["leverage"] == 10
    assert connector.change_margin_type(symbol=BTC, marginType="ISOLATED")["code"] == 200
    bought = connector.new_order(
        symbol=BTC, side="BUY", type="MARKET", quantity="0.1", newOrderRespType="RESULT"
    )
    assert (bought["status"], bought["avgPrice"]) == ("FILLED", "60000.1")
    stop = connector.new_order(
        symbol=BTC, side="SELL", type="STOP_MARKET", stopPrice="59000", closePosition="true"
    )
    assert [each["orderId"] for each in connector.get_orders(symbol=BTC)] == [stop["orderId"]]
    sandbox.set_price(BTC, Decimal(59_000))
    assert connector.get_position_risk(symbol=BTC)[0]["positionAmt"] == "0"
    assert len(connector.get_account_trades(symbol=BTC)) == 2
    assert Decimal(connector.balance()[0]["balance"]) == user.ledger.wallet
    assert Decimal(connector.account()["totalWalletBalance"]) == user.ledger.wallet
    income = connector.get_income_history()
    assert sum(Decimal(each["income"]) for each in income) == user.ledger.wallet


def test_batches_cancels_and_settings(connector: Any, user: User) -> None:
    terms = {"symbol": BTC, "side": "BUY", "type": "LIMIT", "timeInForce": "GTC", "quantity": "0.1"}
    placed, failed = connector.new_batch_order(
        [{**terms, "price": "59000"}, {**terms, "price": "59000.05"}]
    )
    assert (placed["status"], failed["code"]) == ("NEW", -4014)
    number = {"symbol": BTC, "orderId": placed["orderId"]}
    ended = connector.sign_request("DELETE", "/fapi/v1/order", number)
    assert ended["status"] == "CANCELED"
    connector.new_order(**terms, price="59000")
    assert connector.cancel_open_orders(symbol=BTC)["code"] == "200"
    assert user.open_records() == []
    assert connector.get_position_mode() == {"dualSidePosition": False}
    assert connector.get_multi_asset_mode() == {"multiAssetsMargin": False}
    assert connector.leverage_brackets(symbol=BTC)["brackets"][0]["initialLeverage"] == 125
    assert connector.commission_rate(symbol=BTC)["takerCommissionRate"] == "0.0006"
    assert connector.adl_quantile() == []
    assert connector.force_orders() == []
    assert len(connector.get_all_orders(symbol=BTC)) == 2
    key = connector.new_listen_key()["listenKey"]
    assert connector.renew_listen_key(key) == {}
    assert connector.close_listen_key(key) == {}


def test_modes_margins_and_the_dead_mans_switch(connector: Any, user: User) -> None:
    assert connector.change_multi_asset_mode(multiAssetsMargin="true")["code"] == 200
    assert connector.change_multi_asset_mode(multiAssetsMargin="false")["code"] == 200
    assert connector.change_position_mode(dualSidePosition="true")["code"] == 200
    assert connector.change_position_mode(dualSidePosition="false")["code"] == 200
    connector.change_margin_type(symbol=BTC, marginType="ISOLATED")
    connector.new_order(symbol=BTC, side="BUY", type="MARKET", quantity="0.1")
    moved = connector.modify_isolated_position_margin(symbol=BTC, amount="25.5", type=1)
    assert (moved["amount"], moved["type"]) == (25.5, 1)
    (row,) = connector.get_position_margin_history(symbol=BTC)
    assert row["amount"] == "25.5"
    armed = connector.countdown_cancel_order(symbol=BTC, countdownTime=60_000)
    assert armed == {"symbol": BTC, "countdownTime": "60000"}
    assert BTC in user.countdowns


def test_its_broken_methods_meet_the_venues_refusal(connector: Any) -> None:
    error = pytest.importorskip("aster.error")
    with pytest.raises(error.ClientError) as caught:
        connector.query_order(symbol=BTC, orderId=1)
    assert caught.value.error_code == -1102


LISTENER = """
import json, sys
from aster.websocket.client.stream import WebsocketClient
client = WebsocketClient(sys.argv[1])
client.start()
tell = lambda message: print(json.dumps(message), flush=True)
client.user_data(listen_key=sys.argv[2], id=1, callback=tell)
for wanted in sys.stdin:
    name, *arguments = wanted.split()
    given = dict(each.split("=") for each in arguments)
    getattr(client, name)(id=2, callback=tell, **given)
client.stop()
"""


def certificate_for_localhost(folder: Path) -> tuple[str, str]:
    """Files of a certificate that nobody but this test trusts, and of its key."""
    x509 = pytest.importorskip("cryptography.x509", reason="cryptography is not installed")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    files = folder / "certificate.pem", folder / "key.pem"
    files[0].write_bytes(made.public_bytes(pem))
    private = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    files[1].write_bytes(key.private_bytes(pem, *private))
    return str(files[0]), str(files[1])


MARKET_STREAMS = [
    ("agg_trade", BTC, "aggTrade"),
    ("mark_price", BTC, "markPriceUpdate", "speed=1"),
    ("kline", BTC, "kline", "interval=1m"),
    ("mini_ticker", BTC, "24hrMiniTicker"),
    ("ticker", BTC, "24hrTicker"),
    ("book_ticker", BTC, "bookTicker"),
    ("partial_book_depth", BTC, "depthUpdate", "level=5", "speed=100"),
    ("diff_book_depth", "ETHUSDT", "depthUpdate", "speed=500"),
]


def hear_a_move(told: IO[str], sandbox: Sandbox, symbol: str, kind: str) -> None:
    """From a subscription's confirmation on until the market has moved and that stream has said so."""
    while json.loads(told.readline()) != {"result": None, "id": 2}:
        pass
    at, price = datetime.now(UTC), sandbox.venue.markets[symbol].last
    sandbox.step(symbol, Candle(at, price, price, price, price, Decimal(1)))
    document: dict[str, Any] = {}
    while (document.get("e"), document.get("s")) != (kind, symbol):
        document = json.loads(told.readline())


def test_its_streams_hear_orders_and_every_market_event_over_tls(tmp_path: Path) -> None:
    """In a process of its own: its reactor starts once in a process's life."""
    certificate, key = certificate_for_localhost(tmp_path)
    with running_sandbox(ssl_certfile=certificate, ssl_keyfile=key) as sandbox:
        user = sandbox.add_user(USER)
        user.listen_key, user.listen_key_until_ms = "thekey", 2**62
        listener = subprocess.Popen(
            [
                sys.executable,
                "-c",
                LISTENER,
                sandbox.stream_url.replace("127.0.0.1", "localhost"),
                "thekey",
            ],
            env={**os.environ, "SSL_CERT_FILE": certificate},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert listener.stdin is not None
        assert listener.stdout is not None
        try:
            subscribed = json.loads(listener.stdout.readline())
            assert subscribed == {"result": None, "id": 1}
            sandbox.trade_by_hand(user, symbol=BTC, side="BUY", type="MARKET", quantity="0.1")
            told = [json.loads(listener.stdout.readline()) for _ in range(3)]
            assert [each["e"] for each in told] == ["ORDER_TRADE_UPDATE"] * 2 + ["ACCOUNT_UPDATE"]
            for name, symbol, kind, *terms in MARKET_STREAMS:
                listener.stdin.write(" ".join((name, f"symbol={symbol}", *terms)) + "\n")
                listener.stdin.flush()
                hear_a_move(listener.stdout, sandbox, symbol, kind)
        finally:
            listener.terminate()
            listener.wait(20)
            listener.stdin.close()
            listener.stdout.close()
