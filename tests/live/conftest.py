"""A live account on the sandbox: real HTTP, real Postgres, the steps of a cycle as they are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from prefect.logging import disable_run_logger
from prefect.settings import temporary_settings
from sqlalchemy import Engine

from adapters.store.accounts import load_account, save_account
from tasks import account_state, closing, protection, reading_back, resources, settling, wallet_gap
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from tests.live.live_arena import LiveArena, start_live_arena
from tests.tasks.conftest import NO_SERVER
from trading.account import BracketPolicy


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same waits, in a hundredth of the time."""
    monkeypatch.setattr(settling, "ASK_AFTER_SECONDS", (0.02, 0.02, 0.02))
    monkeypatch.setattr(account_state, "REREAD_SECONDS", 0.05)
    monkeypatch.setattr(wallet_gap, "REREAD_SECONDS", 0.05)
    monkeypatch.setattr(reading_back, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(protection, "CONFIRM_SECONDS", 0.8)
    monkeypatch.setattr(reading_back, "LATE_SECONDS", 0.3)
    monkeypatch.setattr(protection, "NOT_SENT_PAUSE_SECONDS", 0.02)
    monkeypatch.setattr(closing, "NOT_SENT_PAUSE_SECONDS", 0.02)


@contextmanager
def on_database(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The steps of cycles in this process work on that database, and talk to no Prefect."""
    monkeypatch.setenv("DATABASE_URL", engine.url.render_as_string(hide_password=False))
    resources.forget()
    with disable_run_logger(), temporary_settings(NO_SERVER):
        yield
    resources.forget()


@pytest.fixture
def live(
    engine: Engine,
    sandbox: Sandbox,
    user: User,
    quick: None,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[LiveArena]:
    """The account `live` of the demo wallet, permitted, flat, with 10,000 USDT; BTC at 60,000."""
    with on_database(engine, monkeypatch):
        yield start_live_arena(engine, sandbox, user, monkeypatch)


@pytest.fixture
def grouped(live: LiveArena) -> LiveArena:
    """The same account, with its brackets in groups."""
    with live.engine.begin() as conn:
        account = load_account(conn, "live").account
        save_account(conn, replace(account, bracket=BracketPolicy.GROUP))
    return live
