"""Live accounts with ten instruments each at one slot: what all their requests weigh together.

Each account holds nine positions with stop and target, and enters a tenth. The market is read once, as
the collector does for all; everything else is each account's own. Weight is the venue's count.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal

import coincurve
import pytest
from sqlalchemy import Engine

from adapters.store.permits import Opening, VenueIdentity, grant_permit
from adapters.store.trades import load_open_trades, set_trade_levels
from adapters.venues.aster.keys import address_of
from tasks.account_state import reconcile_account
from tasks.aside import claim_aside
from tasks.cycle import Cycle, holding_lease
from tasks.exits import manage_exits
from tasks.market import Markets, fetch_klines
from tasks.metrics import snapshot_metrics
from tasks.orders import Wish, submit
from tasks.protection import Levels, protect
from tasks.resources import store_engine
from tasks.settling import resolve_unknown_orders
from tasks.venues import venue_of
from tests.arena import TestArena, start_aster_arena
from tests.aster_sandbox.past import LENDERS
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import Agent
from tests.live.live_arena import FUNDS, build_live_account
from trading.account import Network, VenueKeys
from trading.market import MarketView
from trading.orders import Leg, OrderType, Side
from trading.positions import MarginMode

HELD = 9


@dataclass(frozen=True, kw_only=True)
class Weighed:
    """Weight of one slot, in the venue's units."""

    market: int
    per_account: tuple[int, ...]

    @property
    def total(self) -> int:
        return self.market + sum(self.per_account)


async def weigh(
    engine: Engine, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch, *, accounts: int
) -> Weighed:
    """Prepare all accounts, then let each do one cycle with a new entry, and count."""
    sandbox.give_past()
    sandbox.venue.settings.weight_limit = sandbox.venue.settings.order_limit = 10**8
    arena = start_aster_arena(engine, sandbox.url)
    names = [_add(arena, sandbox, number, monkeypatch) for number in range(accounts)]
    for name in names:
        cycle, markets = await _begin(name)
        async with holding_lease(cycle):
            for view in [*markets][:HELD]:
                await _enter(cycle, markets, view.symbol)
            await reconcile_account.fn(cycle)
            _note_levels(cycle, markets)
    # A new process of the collector and of each account: nothing is remembered.
    market = await _weight_of_market(names[0], sandbox)
    return Weighed(
        market=market,
        per_account=tuple([await _weight_of_cycle(name, sandbox) for name in names]),
    )


async def _begin(name: str) -> tuple[Cycle, Markets]:
    cycle = await claim_aside(name, trigger="manual")
    assert cycle is not None
    return cycle, await fetch_klines.fn(cycle)


async def _weight_of_market(name: str, sandbox: Sandbox) -> int:
    from tasks import resources

    resources.forget()
    before = _used(sandbox)
    cycle, _ = await _begin(name)
    async with holding_lease(cycle):
        pass
    return _used(sandbox) - before


async def _weight_of_cycle(name: str, sandbox: Sandbox) -> int:
    cycle, markets = await _begin(name)
    before = _used(sandbox)
    sandbox.venue.requests.clear()
    async with holding_lease(cycle):
        await resolve_unknown_orders.fn(cycle)
        state = await reconcile_account.fn(cycle)
        state = await manage_exits.fn(cycle, state, markets)
        await _enter(cycle, markets, [*markets][HELD].symbol)
        await snapshot_metrics.fn(cycle, await reconcile_account.fn(cycle))
    print(Counter((r.method, r.path, "symbol" in r.parameters) for r in sandbox.venue.requests))
    return _used(sandbox) - before


async def _enter(cycle: Cycle, markets: Markets, symbol: str) -> None:
    view = markets.views[symbol]
    venue, price = venue_of(cycle), view.quote.last
    assert await venue.can_stop(symbol) is None
    await venue.set_margin_mode(symbol, MarginMode.ISOLATED)
    await venue.set_leverage(symbol, 3)
    step = view.instrument.step_size
    quantity = max(view.instrument.min_quantity, (Decimal(300) / price) // step * step)
    await submit(
        cycle,
        Wish(
            symbol=symbol,
            leg=Leg.ENTRY,
            side=Side.BUY,
            order_type=OrderType.MARKET,
            quantity=quantity,
            reference_price=price,
        ),
    )
    assert await protect(cycle, view.instrument, _levels(view), decision_id=None)


def _levels(view: MarketView) -> Levels:
    tick, price = view.instrument.tick_size, view.quote.last.quantize(Decimal("0.01"))
    return Levels(
        stop=price * Decimal("0.9") // tick * tick, target=price * Decimal("1.1") // tick * tick
    )


def _note_levels(cycle: Cycle, markets: Markets) -> None:
    """What a decision would have stored: the resting orders are as planned."""
    with store_engine().begin() as conn:
        for trade in load_open_trades(conn, cycle.account.id):
            symbol = trade.trade.symbol
            levels = _levels(markets.views[symbol])
            set_trade_levels(conn, cycle.account.id, symbol, levels.stop, levels.target, "")


def _used(sandbox: Sandbox) -> int:
    """Weight of all requests that the venue has counted."""
    with sandbox.venue.lock:
        return sandbox.venue.scales.weight_ever


def _add(arena: TestArena, sandbox: Sandbox, number: int, monkeypatch: pytest.MonkeyPatch) -> str:
    signer = coincurve.PrivateKey(bytes([7] * 31 + [number + 1]))
    agent = address_of(signer.public_key)
    user = "0x" + f"{number + 1:02x}" * 20
    sandbox.add_user(user, agents=(Agent(address=agent),))
    variable = f"PERPFLOW_TEST_KEY_{number}"
    monkeypatch.setenv(variable, "0x" + signer.secret.hex())
    account = replace(
        build_live_account(),
        id=f"live-{number}",
        assets=tuple(LENDERS),
        venue_keys=VenueKeys(
            private_key=f"env:{variable}",
            user_address=user,
            network=Network.TESTNET,
            base_url=sandbox.url,
        ),
    )
    arena.add(account)
    with arena.engine.begin() as conn:
        grant_permit(
            conn,
            account.id,
            VenueIdentity(
                venue="aster",
                network=Network.TESTNET,
                place=sandbox.url.removeprefix("http://"),
                owner=user,
            ),
            opening=Opening(wallet=FUNDS, equity=FUNDS, at=datetime.now(UTC)),
            checks={},
            granted_by="test",
        )
    return account.id
