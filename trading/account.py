"""An account: one agent, its money, its limits and its schedule. Holds references, never secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum

from trading.blend_plan import BLEND, Blend
from trading.errors import InvalidRecord
from trading.exit_settings import ExitSettings
from trading.limits import RiskLimits
from trading.model_agent import ModelAgent
from trading.paper_terms import PaperTerms
from trading.scan_plan import Scan
from trading.timeframes import Timeframe
from trading.units import ZERO

ACCOUNT_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class AgentKind(StrEnum):
    """Who decides."""

    RULE = "rule"
    LLM = "llm"
    BENCHMARK = "benchmark"


class Mode(StrEnum):
    """Never changes by itself."""

    PAPER = "paper"
    LIVE = "live"


class AccountStatus(StrEnum):
    """What the operator set."""

    ACTIVE = "active"
    PAUSED = "paused"
    STOPPED = "stopped"


class TradingState(StrEnum):
    """What risk set: `reducing` closes only, `halted` sends nothing but protection."""

    ACTIVE = "active"
    REDUCING = "reducing"
    HALTED = "halted"


class OperatorState(StrEnum):
    """What `perpflow panic` set: while `halted`, nothing is opened; ways out still go."""

    ACTIVE = "active"
    HALTED = "halted"


class ForeignPolicy(StrEnum):
    """What becomes of positions that no order of the account has made."""

    IGNORE = "ignore"
    """They are shown and counted as exposure, block entries of their symbol, and are not touched."""
    ADOPT = "adopt"
    """They become the account's own: protected, and left by its rules."""


class BracketPolicy(StrEnum):
    """How an entry gets its stop and target at a live venue."""

    SEPARATE = "separate"
    """Three orders, the stop right after the entry."""
    GROUP = "group"
    """One message where the venue takes groups (OTOCO); read back like the others."""


class Network(StrEnum):
    """Which of a venue's worlds."""

    MAINNET = "mainnet"
    TESTNET = "testnet"


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueKeys:
    """Where the keys of a venue account lie: references (`env:NAME`, `file:/path`, `block:...`)."""

    api_key: str | None = None
    """With `api_secret` the pair of the venue's older, HMAC-signed interface."""
    api_secret: str | None = None
    user_address: str | None = None
    """Main wallet that holds the funds: an address (public) or a reference."""
    signer_address: str | None = None
    """Wallet that signs for it: an address (public) or a reference."""
    private_key: str | None = None
    """Of the signer; never together with `mnemonic`."""
    mnemonic: str | None = None
    network: Network = Network.MAINNET
    base_url: str | None = None
    """None: the venue's own address for that network."""
    may_withdraw: bool = False
    """The operator's explicit word that keys which can withdraw funds may be used."""
    transport: str | None = None
    """`connector`: the venue's own library carries V1 requests; None: our own client."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelProvider:
    """How the provider of language models is reached; the key is a reference."""

    api_key: str | None = None
    base_url: str | None = None
    """None: OpenRouter."""
    allow_private: bool = False
    """The operator's explicit word that `base_url` may lie in a private network."""
    referer: str | None = None
    app_title: str | None = None


LANGUAGE_MODEL = "llm"
"""In the place of a strategy's name: a language model decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Configuration of one account, as versioned in the store."""

    id: str
    name: str
    kind: AgentKind
    strategy: str
    """Name in `trading.strategies.catalogue`, or `BLEND`, or `LANGUAGE_MODEL`."""
    parameters: Mapping[str, float] = field(default_factory=dict[str, float])
    """Overrides of the strategy's parameters, by name."""
    assets: tuple[str, ...]
    """Base assets, e.g. ("BTC", "ETH"); those that a scan chooses from, none for the whole market."""
    interval: Timeframe
    """How often the account decides."""
    mode: Mode = Mode.PAPER
    venue: str = "paper"
    initial_equity: Decimal = Decimal(10_000)
    """Quote; the immutable baseline of a paper account."""
    limits: RiskLimits = field(default_factory=RiskLimits)
    exits: ExitSettings = field(default_factory=ExitSettings)
    paper: PaperTerms = field(default_factory=PaperTerms)
    """What its paper book charges, and how it fills; without meaning for a live account."""
    model: str | None = None
    """Language model that decides, e.g. "x-ai/grok-4"; None unless the agent is one."""
    prompt: str | None = None
    """Name of the model's prompt; None: the standard one."""
    provider: ModelProvider | None = None
    model_agent: ModelAgent | None = None
    """How the model is asked; None: the defaults, or no model decides."""
    venue_keys: VenueKeys | None = None
    """Kept for a paper account as well, which does not use them."""
    blend: Blend | None = None
    """Who decides together; None unless the strategy is `BLEND`."""
    scan: Scan | None = None
    """How the instruments of a cycle are chosen; None: all of `assets`, always."""
    foreign: ForeignPolicy = ForeignPolicy.IGNORE
    """Of a live account."""
    bracket: BracketPolicy = BracketPolicy.SEPARATE
    """Of a live account."""
    twin_of: str | None = None
    """A live account whose decisions this paper account carries out as well."""

    def __post_init__(self) -> None:
        if ACCOUNT_ID.fullmatch(self.id) is None:
            raise InvalidRecord(
                f"account id {self.id!r} must be 1 to 64 characters of a-z, 0-9, _ and -, starting with a letter or digit"
            )
        if not self.assets and self.scan is None:
            raise InvalidRecord(f"account {self.id} has no assets")
        if len(set(self.assets)) != len(self.assets):
            raise InvalidRecord(f"account {self.id} names an asset twice")
        if self.initial_equity <= ZERO:
            raise InvalidRecord(f"account {self.id}: initial_equity must be positive")
        asks_model = (self.kind is AgentKind.LLM, self.strategy == LANGUAGE_MODEL, bool(self.model))
        if len(set(asks_model)) != 1:
            raise InvalidRecord(
                f"account {self.id}: kind llm, strategy {LANGUAGE_MODEL!r} and a model go together"
            )
        if self.twin_of is not None and self.mode is Mode.LIVE:
            raise InvalidRecord(f"account {self.id}: a twin trades on paper, never live")
        self._check_blend()

    def _check_blend(self) -> None:
        if (self.strategy == BLEND) is not (self.blend is not None):
            raise InvalidRecord(f"account {self.id}: strategy {BLEND!r} and a blend go together")
        if self.blend is not None and self.parameters:
            raise InvalidRecord(
                f"account {self.id}: the parameters of a blend belong to its members"
            )

    @property
    def traded(self) -> str:
        """What it trades, in words: `BTC ETH`, `scan(5)` or `scan(2) of BTC ETH SOL`."""
        listed = " ".join(self.assets)
        if self.scan is None:
            return listed
        return f"scan({self.scan.count})" + (f" of {listed}" if listed else "")

    def asking(self, model: str | None) -> Account:
        """This account with another model; what it says of its own one, e.g. the price, is left behind."""
        if model is None or model == self.model:
            return self
        agent = None if self.model_agent is None else self.model_agent.of_unknown_model()
        return replace(self, model=model, model_agent=agent)

    @property
    def max_holding(self) -> timedelta:
        return timedelta(hours=self.limits.max_holding_hours)
