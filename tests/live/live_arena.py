"""What a test does with a live account: let cycles run with decisions of its own, and look at both ends."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import Engine

from adapters.store.accounts import load_account
from adapters.store.booked import booked_change
from adapters.store.permits import Opening, VenueIdentity, grant_permit
from tasks.account_state import AccountState, reconcile_account
from tasks.aside import claim_aside
from tasks.closing import flatten
from tasks.cycle import Cycle, holding_lease
from tasks.exits import manage_exits
from tasks.market import fetch_klines
from tasks.metrics import snapshot_metrics
from tasks.settling import resolve_unknown_orders
from tests.adapters.venues.aster.demo_keys import AGENT_KEY, SIGNER, USER
from tests.arena import TestArena, build_account, start_aster_arena
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from tests.tasks.scripted_market import Entry, enter
from trading.account import Account, AccountStatus, Mode, Network, VenueKeys
from trading.timeframes import Timeframe

KEY_VARIABLE = "PERPFLOW_TEST_AGENT_KEY"
FUNDS = Decimal(10_000)
LONG = Entry(stop=Decimal(58_000), target=Decimal(66_000), quantity=Decimal("0.01"))
"""0.01 BTC at 60,000 with a stop and a target."""


@dataclass(frozen=True)
class LiveArena(TestArena):
    """One live account on a sandbox."""

    __test__ = False

    sandbox: Sandbox
    user: User
    account_id: str = "live"

    async def begin(self) -> Cycle:
        """A claimed cycle of the account, beside its slots."""
        cycle = await claim_aside(self.account_id, trigger="manual")
        assert cycle is not None
        return cycle

    async def cycle(self, entry: Entry | None = None, *, close: bool = False) -> AccountState:
        """All steps of a cycle; instead of an agent the test decides."""
        cycle = await self.begin()
        async with holding_lease(cycle):
            await resolve_unknown_orders.fn(cycle)
            state = await reconcile_account.fn(cycle)
            markets = await fetch_klines.fn(cycle)
            state = await manage_exits.fn(cycle, state, markets)
            if close:
                await flatten(cycle, "BTCUSDT", code="decision", sentence="test", decision_id=None)
            if entry is not None:
                assert not markets.problems, markets.problems
                await enter(cycle, entry)
            state = await reconcile_account.fn(cycle)
            await snapshot_metrics.fn(cycle, state)
        return state

    @property
    def held(self) -> Decimal:
        """Signed quantity of BTC at the venue."""
        position = self.user.book.positions.get("BTCUSDT")
        return Decimal(0) if position is None else position.quantity

    @property
    def resting(self) -> list[tuple[str, Decimal, Decimal]]:
        """Type, quantity and trigger of what rests at the venue for BTC, stops first."""
        orders = [record.order for record in self.user.open_records("BTCUSDT")]
        return sorted(
            (
                order.request.order_type.value,
                order.remaining,
                order.request.stop_price or Decimal(0),
            )
            for order in orders
        )

    def trade_by_hand(self, side: str, quantity: str, symbol: str = "BTCUSDT") -> None:
        """Somebody trades at the market in the same venue account."""
        self.sandbox.trade_by_hand(
            self.user, symbol=symbol, side=side, type="MARKET", quantity=quantity
        )

    @property
    def status(self) -> AccountStatus:
        with self.engine.connect() as conn:
            return load_account(conn, self.account_id).status

    def intents(self, leg: str | None = None) -> list[str]:
        """States of intents, oldest first."""
        return [
            str(state)
            for (state,) in self.rows(
                "select state from app.intents where leg = coalesce(:leg, leg)"
                " order by real_planned_at, id",
                leg=leg,
            )
        ]

    def entries_at_venue(self) -> int:
        """Orders without reduce-only that the venue has ever taken."""
        requests = [record.order.request for record in self.user.records.values()]
        return sum(not request.only_reduces for request in requests)

    def alarms(self) -> list[str]:
        return [
            str(words)
            for (words,) in self.rows(
                "select entry->>'sentence' from app.diary where kind = 'alarm'"
            )
        ]

    def alerts(self) -> list[str]:
        """Codes of open alerts."""
        return [
            str(code)
            for (code,) in self.rows(
                "select code from app.alerts where real_cleared_at is null order by id"
            )
        ]

    def require_equal_ledgers(self) -> None:
        """What is booked makes the venue's wallet, to the last digit."""
        with self.engine.connect() as conn:
            booked = FUNDS + booked_change(conn, self.account_id)
        assert abs(booked - self.user.ledger.wallet) < Decimal("1e-8"), (
            booked,
            self.user.ledger.wallet,
        )


def build_live_account(**changes: object) -> Account:
    """A live account of the demo wallet that trades BTC."""
    account = build_account(
        "momentum",
        id="live",
        assets=("BTC",),
        mode=Mode.LIVE,
        venue="aster",
        interval=Timeframe.M5,
        venue_keys=VenueKeys(
            private_key=f"env:{KEY_VARIABLE}",
            user_address=USER,
            signer_address=SIGNER,
            network=Network.TESTNET,
        ),
    )
    return replace(account, **changes)


def start_live_arena(
    engine: Engine,
    sandbox: Sandbox,
    user: User,
    monkeypatch: pytest.MonkeyPatch,
    **changes: object,
) -> LiveArena:
    """The arena with its one account, permitted."""
    monkeypatch.setenv(KEY_VARIABLE, AGENT_KEY)
    sandbox.give_past()
    sandbox.set_price("BTCUSDT", Decimal(60_000))
    arena = start_aster_arena(engine, sandbox.url)
    account = build_live_account(**changes)
    keys = account.venue_keys
    assert keys is not None
    account = replace(account, venue_keys=replace(keys, base_url=sandbox.url))
    arena.add(account)
    with engine.begin() as conn:
        grant_permit(
            conn,
            account.id,
            VenueIdentity(
                venue="aster",
                network=Network.TESTNET,
                place=sandbox.url.removeprefix("http://"),
                owner=USER.lower(),
            ),
            opening=Opening(wallet=FUNDS, equity=FUNDS, at=datetime.now(UTC)),
            checks={},
            granted_by="test",
        )
    return LiveArena(engine, sandbox, user)
