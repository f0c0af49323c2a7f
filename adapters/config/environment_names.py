"""Which variable stands for which key of an account, with the names of all seed documents.

The first name is that of seed 002 section 7; aliases are those of seed 000. `KNOWN_AGENTS` are the
five agents of seed 000, which names them in prose and their keys by number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from adapters.config.problems import KeyPath
from adapters.config.yaml_document import Data

AGENT = re.compile(r"AGENT_([A-Za-z0-9]+)_(SIGNER|PRIVATE_KEY)")
DECIDERS = ("strategy", "llm_model")
"""Keys that say who decides: one of them, never both."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """One name, and the key it stands for."""

    name: str
    path: KeyPath
    """Inside the account."""
    aliases: tuple[str, ...] = ()
    is_shared: bool = True
    """Whether the plain name counts for several accounts: never for the keys of a venue account."""
    is_address: bool = False
    """Kept as a reference, like a secret, although it is none."""

    def value(self, name: str) -> str:
        """What the document says when the variable `name` counts."""
        return f"env:{name}" if self.is_address else f"${{{name}}}"

    @property
    def is_decider(self) -> bool:
        return self.path[0] in DECIDERS


def _venue(
    name: str, key: str, *aliases: str, is_shared: bool = False, is_address: bool = False
) -> Variable:
    path = ("asterdex", key)
    return Variable(
        name=name, path=path, aliases=aliases, is_shared=is_shared, is_address=is_address
    )


TWIN_OF = Variable(name="TWIN_OF", path=("twin_of",), is_shared=False)
"""Of a twin only its own names count: what is shared by all it takes from its original."""

VARIABLES = (
    _venue("ASTERDEX_API_KEY", "api_key", "ASTER_USER_API_KEY"),
    _venue("ASTERDEX_API_SECRET", "api_secret", "ASTER_USER_SECRET_KEY"),
    _venue("ASTERDEX_PRIVATE_KEY", "private_key"),
    _venue("ASTERDEX_MNEMONIC", "mnemonic"),
    _venue("ASTERDEX_SIGNER", "signer_address", is_address=True),
    _venue(
        "ASTERDEX_USER_ADDRESS",
        "user_address",
        "ASTER_USER_ADDRESS",
        is_shared=True,
        is_address=True,
    ),
    _venue("ASTERDEX_NETWORK", "network", is_shared=True),
    _venue("ASTERDEX_BASE_URL", "base_url", is_shared=True),
    Variable(name="OPENROUTER_API_KEY", path=("openrouter", "api_key")),
    Variable(name="OPENROUTER_BASE_URL", path=("openrouter", "base_url")),
    Variable(name="OPENROUTER_ALLOW_PRIVATE", path=("openrouter", "allow_private")),
    Variable(name="OPENROUTER_REFERER", path=("openrouter", "referer")),
    Variable(name="OPENROUTER_APP_TITLE", path=("openrouter", "app_title")),
    TWIN_OF,
    Variable(name="STRATEGY", path=("strategy",)),
    Variable(name="LLM_MODEL", path=("llm_model",)),
    Variable(name="ASSETS", path=("assets",)),
    Variable(name="INTERVAL", path=("interval",)),
    Variable(name="TRADING_MODE", path=("mode",)),
    Variable(name="INITIAL_EQUITY", path=("initial_equity",)),
    Variable(name="MAX_POSITIONS", path=("limits", "max_positions")),
    Variable(name="MAX_POSITION_SIZE_PCT", path=("limits", "max_position_size_pct")),
    Variable(name="MIN_POSITION_SIZE_PCT", path=("limits", "min_position_size_pct")),
    Variable(name="MIN_CONFIDENCE", path=("limits", "min_confidence")),
)

SHARED_SIGNER = "SHARED_ASTER_SIGNER_PRIVATE_KEY"
"""Of seed 001: the agent's key of every account that has no key of its own. One signer for several
accounts is safe within one database only, which gives out its nonces."""

SYMBOLS = ("TRADING_SYMBOLS", "TRADING_SYMBOL")
"""Symbols of the venue (BTCUSDT), which stand for assets; the first that is set counts."""

SINGLE_MARKERS = ("LLM_MODEL", "STRATEGY", "ASSETS", *SYMBOLS)
"""Any of them describes an account. `INTERVAL` does not: other programs use that name."""


def own_name(variable: Variable, agent: str) -> str:
    """The variable of one agent of seed 000 or 001: `AGENT_1_SIGNER`, `AGENT_1_ASSETS`."""
    short = {("asterdex", "signer_address"): "SIGNER", ("asterdex", "private_key"): "PRIVATE_KEY"}
    return f"AGENT_{agent}_{short.get(variable.path, variable.name)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownAgent:
    """An agent that the documents describe."""

    id: str
    entry: Mapping[str, Data]


_BENCHMARK_LIMITS: dict[str, Data] = {
    "requires_stop": False,
    "leverage": 1,
    "max_leverage": 1,
    "max_position_ratio": 0.33,
    "reduce_at_drawdown": 1,
    "halt_at_drawdown": 1,
    "max_daily_loss_ratio": 1,
    "max_holding_hours": 876_000,
}
"""Those of the benchmark in deployments/accounts/demo.yaml, and for the same reasons."""

KNOWN_AGENTS = {
    "1": KnownAgent(
        id="claude_arbitrage", entry={"name": "Claude", "strategy": "funding_arbitrage"}
    ),
    "2": KnownAgent(id="chatgpt_momentum", entry={"name": "ChatGPT", "strategy": "momentum"}),
    "3": KnownAgent(id="gemini_grid", entry={"name": "Gemini", "strategy": "grid"}),
    "4": KnownAgent(id="deepseek_ml", entry={"name": "DeepSeek", "strategy": "ml_scalper"}),
    "5": KnownAgent(
        id="buy_and_hold",
        entry={
            "name": "Buy and hold",
            "strategy": "buy_and_hold",
            "limits": _BENCHMARK_LIMITS,
        },
    ),
}
