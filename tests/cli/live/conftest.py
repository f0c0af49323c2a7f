"""A live account in an arena on the sandbox: keys in the environment, records in Postgres."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Engine

from adapters.store.accounts import save_account
from adapters.store.arena import Arena, save_arena
from adapters.store.instruments import save_instruments
from adapters.venues.aster.market_name import market_name
from cli.doctor.checks import Result, Verdict
from cli.live.examination import Report, examine, find_candidate
from tasks import resources
from tests.adapters.venues.aster.demo_keys import AGENT_KEY, PAIR_KEY, PAIR_SECRET, SIGNER, USER
from tests.arena import build_account
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import Agent, User
from trading.account import Account, Mode, Network, VenueKeys
from trading.arena_clock import ArenaClock

SECRETS = {"AGENT_KEY": AGENT_KEY, "PAIR_KEY": PAIR_KEY, "PAIR_SECRET": PAIR_SECRET}
ID = "btc-live"


@dataclass(slots=True)
class LiveArena:
    """What a test does with the account and the venue behind it."""

    engine: Engine
    sandbox: Sandbox
    user: User
    environ: dict[str, str] = field(default_factory=lambda: dict(SECRETS))

    @property
    def market(self) -> str:
        return market_name(Network.TESTNET, self.sandbox.url)

    def keys(self, **changes: Any) -> VenueKeys:
        """Those of the demo agent."""
        values: dict[str, Any] = {
            "private_key": "env:AGENT_KEY",
            "user_address": USER,
            "network": Network.TESTNET,
            "base_url": self.sandbox.url,
        }
        return VenueKeys(**values | changes)

    def pair(self, **changes: Any) -> VenueKeys:
        """Those of the demo pair."""
        none = {"private_key": None, "user_address": None}
        given = {"api_key": "env:PAIR_KEY", "api_secret": "env:PAIR_SECRET"}
        return self.keys(**none, **given, **changes)

    def add(self, account_id: str = ID, **changes: Any) -> Account:
        """Save a live account."""
        account = replace(
            build_account("momentum", id=account_id, mode=Mode.LIVE, venue="aster"),
            **{"venue_keys": self.keys(), "assets": ("BTC",), **changes},
        )
        with self.engine.begin() as conn:
            save_account(conn, account)
        return account

    def examine(self, account_id: str = ID) -> Report:
        """The checks of `perpflow doctor --account`."""
        return asyncio.run(
            examine(self.engine, find_candidate(self.engine, account_id, self.environ))
        )

    def line(self, name: str, account_id: str = ID) -> Result:
        """One check of them."""
        results = self.examine(account_id).results
        return next(each for each in results if each.name == name)


@pytest.fixture
def live(
    engine: Engine,
    sandbox: Sandbox,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LiveArena]:
    """An arena on the sandbox's market with the demo user at the venue, and no accounts yet."""
    user = sandbox.add_user(USER, agents=(Agent(address=SIGNER),), pairs={PAIR_KEY: PAIR_SECRET})
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    # Prefect is not asked here, and what a command sets is taken back after the test.
    monkeypatch.setenv("PREFECT_API_URL", "http://127.0.0.1:9/api")
    resources.forget()
    arena = LiveArena(engine, sandbox, user)
    now = datetime.now(UTC)
    with engine.begin() as conn:
        save_instruments(conn, arena.market, tuple(sandbox.venue.instruments.values()))
        save_arena(
            conn,
            Arena(
                market=arena.market,
                source="aster",
                settings={"network": "testnet", "base_url": sandbox.url},
                clock=ArenaClock(real_anchor=now, market_anchor=now, speed=1.0),
                started_at=now,
                seen_at=now,
            ),
        )
    yield arena
    resources.forget()


Perpflow = Callable[..., Any]


def verdicts(report: Report) -> dict[str, Verdict]:
    return {each.name: each.verdict for each in report.results}
