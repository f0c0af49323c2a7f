"""Accounts that language models decide for, with a past of calls: good, bad, failed, previewed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Connection, insert

from adapters.store.accounts import save_account
from adapters.store.tables import decision_outcomes
from tests.api.seeding import DENIED, START, add_cycle, add_decision, make_account
from tests.model_calls import MODEL, REAL, decided_assets, entry, reply_of, store_call
from trading.account import LANGUAGE_MODEL, Account, AgentKind
from trading.model_agent import ModelAgent
from trading.model_budget import ModelBudget

HOUR = timedelta(hours=1)
SYMBOLS = {"BTC": "BTCUSDT", "ETH": "ETHUSDT"}
BUY = reply_of(entry(), entry("ETH", "hold"), prose="The trend is up: ")
HOLD = reply_of(
    entry("BTC", "hold", rationale="Quiet market"), entry("ETH", "hold", rationale="Waiting")
)
BROKEN = '{"trade_decisions": [{"asset": "BTC", '


def model_account(account_id: str = "grok", **changes: object) -> Account:
    account = make_account(account_id, account_id.title())
    return replace(
        account,
        **{
            "kind": AgentKind.LLM,
            "strategy": LANGUAGE_MODEL,
            "model": MODEL,
            "prompt": "neutral",
            "model_agent": ModelAgent(budget=ModelBudget(calls=4, money=Decimal("2.5"))),
            **changes,
        },
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Ids of the calls, oldest first."""

    bought: UUID
    broken: UUID
    held: UUID
    failed: UUID
    previewed: UUID
    elsewhere: UUID

    @property
    def newest_first(self) -> list[str]:
        names = ("elsewhere", "previewed", "failed", "held", "broken", "bought")
        return [str(getattr(self, name)) for name in names]


def seed_model_calls(conn: Connection) -> Asked:
    """Two accounts; `grok` was asked every hour, `other` once."""
    for account_id in ("grok", "other"):
        save_account(conn, model_account(account_id))
    bought = _asked(conn, "grok", BUY, 0)
    broken = _asked(conn, "grok", BROKEN, 1, decides=False)
    held = _asked(conn, "grok", HOLD, 2, cost=None)
    failed = _asked(conn, "grok", None, 3, decides=False, outcome="model_provider_failed")
    previewed = _asked(conn, "grok", BUY, 4, decides=False, purpose="preview", model="other/model")
    elsewhere = _asked(conn, "other", HOLD, 5, used="x-ai/grok-4-0709")
    return Asked(
        bought=bought,
        broken=broken,
        held=held,
        failed=failed,
        previewed=previewed,
        elsewhere=elsewhere,
    )


def _asked(
    conn: Connection,
    account_id: str,
    text: str | None,
    hour: int,
    *,
    decides: bool = True,
    **more: object,
) -> UUID:
    at = START + hour * HOUR
    cycle = add_cycle(conn, account_id, at, real_at=REAL + hour * HOUR)
    call = store_call(
        conn, account_id, text, at=at, cycle_id=cycle, real_at=REAL + hour * HOUR, **more
    )
    for asset, action in decided_assets(text) if decides and text is not None else ():
        verdict = DENIED if action == "buy" else {}
        decision = add_decision(
            conn,
            account_id,
            cycle,
            SYMBOLS[asset],
            at,
            action=action,
            model_call_id=call,
            decided_by=MODEL,
            **verdict,
        )
        if action == "buy":
            _turned_out(conn, account_id, decision, hour)
    return call


def _turned_out(conn: Connection, account_id: str, decision: UUID, hour: int) -> None:
    conn.execute(
        insert(decision_outcomes).values(
            decision_id=decision,
            horizon="1h",
            account_id=account_id,
            known_at=START + (hour + 1) * HOUR,
            price=Decimal("64640"),
            move_ratio=Decimal("0.01"),
            result_ratio=Decimal("0.01"),
        )
    )
