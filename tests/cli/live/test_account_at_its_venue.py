"""`perpflow accounts show --venue`: money, whose positions, and whether they are protected."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from adapters.store.paper_books import create_paper_wallet
from adapters.store.trades import apply_fills_to_trades
from cli.exit_codes import ExitCode
from cli.failures import CommandFailed
from cli.live.venue_document import protection_words, venue_document
from cli.live.venue_now import read_document
from tests.arena import START, build_account, start_arena
from tests.cli.conftest import Ended
from tests.cli.live.conftest import ID, SECRETS, LiveArena
from trading.account import Mode
from trading.orders import Fill, Order, OrderRequest, OrderStatus, OrderType, Side
from trading.ports import Balance, VenueAccount, VenuePosition
from trading.positions import Position

D = Decimal
LONG = Position(
    symbol="BTCUSDT",
    quantity=D(2),
    entry_price=D(60_000),
    leverage=3,
    isolated_margin=D(40_000),
    opened_at=START,
)


def order(order_type: OrderType, **changes: object) -> Order:
    """A resting exit of the long position."""
    values: dict[str, object] = {
        "symbol": "BTCUSDT",
        "side": Side.SELL,
        "order_type": order_type,
        "client_order_id": "pf-1",
        "quantity": D(2),
        "reduce_only": True,
    }
    if order_type is not OrderType.TRAILING_STOP_MARKET:
        values["stop_price"] = D(58_000)
    return Order(
        venue_order_id="1",
        request=OrderRequest(**values | changes),
        status=OrderStatus.NEW,
        filled_quantity=D(0),
        average_price=None,
        created_at=START,
        updated_at=START,
    )


STOP, TARGET = OrderType.STOP_MARKET, OrderType.TAKE_PROFIT_MARKET


@pytest.mark.parametrize(
    ("orders", "words"),
    [
        ([], "UNPROTECTED"),
        ([order(STOP)], "protected by stop at 58000"),
        (
            [order(STOP), order(TARGET, stop_price=D(66_000))],
            "protected by stop at 58000; target at 66000",
        ),
        ([order(TARGET, stop_price=D(66_000))], "UNPROTECTED; target at 66000"),
        ([order(STOP, quantity=D(1))], "PARTLY PROTECTED by stop at 58000"),
        ([order(STOP, quantity=D(0), reduce_only=False, close_position=True)], "protected by stop at 58000"),
        ([order(STOP, client_order_id="web_1")], "protected by stop at 58000"),
        ([order(STOP, reduce_only=False)], "UNPROTECTED"),
        ([order(STOP, side=Side.BUY)], "UNPROTECTED"),
        ([order(STOP, symbol="ETHUSDT")], "UNPROTECTED"),
        (
            [order(OrderType.TRAILING_STOP_MARKET, callback_ratio=D("0.015"))],
            "protected by trailing stop 1.5 % away",
        ),
    ],
)  # fmt: skip
def test_a_position_is_protected_by_the_stops_that_rest_for_it(
    orders: list[Order], words: str
) -> None:
    assert protection_words(LONG, orders) == words


@pytest.mark.parametrize(
    ("own", "whose"), [("2", "ours"), ("0", "foreign"), ("0.5", "partly ours")]
)
def test_a_position_says_whose_it_is(own: str, whose: str) -> None:
    seen = VenueAccount(
        balance=Balance(wallet=D(1), unrealized=D(2), margin_used=D(0), available=D(1)),
        positions=(VenuePosition(position=LONG, mark=D(61_000), liquidation_price=None),),
        open_orders=(order(STOP, client_order_id="web_1"),),
    )

    found = venue_document(seen, {"BTCUSDT": D(own)})

    [position], [resting] = found["positions"], found["open_orders"]
    assert (position["whose"], position["own_quantity"]) == (whose, own)
    assert (position["unrealized"], position["liquidation_price"]) == ("2000", None)
    assert resting["whose"] == "foreign"
    assert found["balance"]["equity"] == "3"


@pytest.mark.db
def test_a_live_account_is_read_at_the_venue_with_what_is_its_own(
    live: LiveArena, perpflow: Callable[..., Ended]
) -> None:
    live.add()
    for symbol, side, quantity in (("BTCUSDT", "BUY", "0.02"), ("ETHUSDT", "SELL", "1")):
        live.sandbox.trade_by_hand(
            live.user, symbol=symbol, side=side, type="MARKET", quantity=quantity
        )
    live.sandbox.trade_by_hand(
        live.user,
        symbol="BTCUSDT",
        side="SELL",
        type="STOP_MARKET",
        stopPrice="58000",
        closePosition="true",
        newClientOrderId="pf-stop",
    )
    with live.engine.begin() as conn:
        apply_fills_to_trades(conn, ID, [fill("BTCUSDT", D("0.02"))])

    url = live.engine.url.render_as_string(hide_password=False)
    command = ("accounts", "show", ID, "--venue")
    found = json.loads(perpflow(*command, "--json", DATABASE_URL=url, **SECRETS).stdout)
    shown = perpflow(*command)

    positions = {each["symbol"]: each for each in found["positions"]}
    assert found["venue"] == "aster testnet"
    assert positions["BTCUSDT"]["whose"] == "ours"
    assert positions["BTCUSDT"]["protection"] == "protected by stop at 58000"
    assert positions["ETHUSDT"]["whose"] == "foreign"
    assert positions["ETHUSDT"]["protection"] == "UNPROTECTED"
    assert [each["client_order_id"] for each in found["open_orders"]] == ["pf-stop"]
    assert shown.code == ExitCode.DONE
    assert "ETHUSDT: UNPROTECTED" in shown.stdout
    assert "BTCUSDT: protected by stop at 58000" in shown.stdout


def fill(symbol: str, quantity: Decimal) -> Fill:
    return Fill(
        trade_id="1",
        venue_order_id="1",
        client_order_id="pf-entry",
        symbol=symbol,
        side=Side.BUY,
        quantity=quantity,
        price=D(60_000),
        fee=D(0),
        realized_pnl=D(0),
        is_maker=False,
        filled_at=datetime.now(UTC),
    )


@pytest.mark.db
def test_a_paper_account_is_read_at_the_paper_venue(
    engine, monkeypatch: pytest.MonkeyPatch, perpflow: Callable[..., Ended]
) -> None:
    arena = start_arena(engine)
    arena.add(build_account("momentum"))
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")

    ended = perpflow(
        *("accounts", "show", "momentum", "--venue", "--json"),
        DATABASE_URL=engine.url.render_as_string(hide_password=False),
    )

    found = json.loads(ended.stdout)
    assert (found["venue"], found["balance"]["equity"]) == ("paper", "10000")
    assert found["positions"] == found["open_orders"] == []


@pytest.mark.db
@pytest.mark.parametrize(
    ("spoil", "code"),
    [
        (lambda live: live.environ.clear(), ExitCode.BAD_CREDENTIALS),
        (lambda live: live.user.agents.clear(), ExitCode.BAD_CREDENTIALS),
        (lambda live: live.sandbox.fail("time", drop=True, times=0), ExitCode.UNREACHABLE),
    ],
)
def test_a_venue_that_cannot_be_read_is_said_with_the_next_step(
    live: LiveArena, spoil: Callable[[LiveArena], None], code: ExitCode
) -> None:
    live.add()
    spoil(live)

    with pytest.raises(CommandFailed) as failed:
        asyncio.run(read_document(live.engine, ID, live.environ))

    assert failed.value.code == code


@pytest.mark.db
def test_a_paper_account_of_this_arena_trades_on_its_market(live: LiveArena) -> None:
    account = live.add("paper", mode=Mode.PAPER, venue="paper", venue_keys=None)
    with live.engine.begin() as conn:
        create_paper_wallet(conn, "paper", wallet=D(500), at=datetime.now(UTC), terms=account.paper)

    found = asyncio.run(read_document(live.engine, "paper", {}))

    assert found["balance"]["wallet"] == "500"
