"""All tables of the store, one module per noun. Importing this registers them in `metadata`."""

from adapters.store.tables.accounts import account_versions, accounts, arena, leases
from adapters.store.tables.base import SCHEMA, metadata
from adapters.store.tables.control import alerts, commands
from adapters.store.tables.exits import exit_states
from adapters.store.tables.market import (
    candles,
    instruments,
    market_passes,
    market_stats,
    quotes,
    weight_budgets,
)
from adapters.store.tables.models import decision_outcomes, model_calls
from adapters.store.tables.paper import (
    paper_fills,
    paper_income,
    paper_orders,
    paper_positions,
    paper_wallets,
)
from adapters.store.tables.risk import risk_days
from adapters.store.tables.story import api_tokens, diary, equity_snapshots, events
from adapters.store.tables.trading import (
    cycles,
    decisions,
    fills,
    income,
    intents,
    orders,
    positions,
    trades,
)
from adapters.store.tables.venues import live_permits, signer_nonces

__all__ = [
    "SCHEMA",
    "account_versions",
    "accounts",
    "alerts",
    "api_tokens",
    "arena",
    "candles",
    "commands",
    "cycles",
    "decision_outcomes",
    "decisions",
    "diary",
    "equity_snapshots",
    "events",
    "exit_states",
    "fills",
    "income",
    "instruments",
    "intents",
    "leases",
    "live_permits",
    "market_passes",
    "market_stats",
    "metadata",
    "model_calls",
    "orders",
    "paper_fills",
    "paper_income",
    "paper_orders",
    "paper_positions",
    "paper_wallets",
    "positions",
    "quotes",
    "risk_days",
    "signer_nonces",
    "trades",
    "weight_budgets",
]
