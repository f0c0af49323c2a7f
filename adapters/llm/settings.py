"""How a model is asked, and how patiently: settings of one account, checked when they are made."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from adapters.llm.capabilities import Abilities
from adapters.llm.prices import Price
from trading.errors import InvalidRecord

MOST_BYTES = 64 * 1024
"""Of an answer, on the wire (rules: section 5, point 1)."""


class Effort(StrEnum):
    """How much a model reasons before it answers."""

    MINIMAL = "minimal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSettings:
    """One model and its parameters; None leaves a parameter to the provider."""

    model: str
    temperature: Decimal | None = None
    """0 to 2."""
    top_p: Decimal | None = None
    seed: int | None = None
    max_tokens: int | None = 4096
    """Most tokens of an answer, reasoning included."""
    effort: Effort | None = None
    """Only sent to models that take one."""
    wants_reasoning: bool = False
    """Whether OpenRouter sends the model's reasoning back; it counts against the bytes of an answer."""
    abilities: Abilities | None = None
    """The account's own word on what the model takes; None: the table, and what servers teach."""
    price: Price | None = None
    """The account's own price, used before the table and after the provider's word."""

    def __post_init__(self) -> None:
        name = self.model
        if not name or len(name) > 200 or not name.isprintable() or name != name.strip():
            raise InvalidRecord(f"model {name!r} is no name of a model, e.g. `x-ai/grok-4`")
        for label, value, most in (("temperature", self.temperature, 2), ("top_p", self.top_p, 1)):
            if value is not None and not 0 <= value <= most:
                raise InvalidRecord(f"{label} must be from 0 to {most}, not {value}")
        if self.max_tokens is not None and not 1 <= self.max_tokens <= 1_000_000:
            raise InvalidRecord(f"max_tokens must be from 1 to 1000000, not {self.max_tokens}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long and how often; seconds. The time for the whole decision is the caller's, per call."""

    attempt_seconds: float = 20.0
    """One request. Below the 30 s of a decision (NFR-001), so that a second one fits."""
    connect_seconds: float = 5.0
    least_seconds: float = 2.0
    """With less than this left nothing is tried again: it would only be paid for."""
    most_attempts: int = 4
    """Requests for one answer, refused parameters not counted."""
    most_paid: int = 2
    """Of these, how many may have been billed."""
    first_pause: float = 0.5
    longest_pause: float = 8.0
    most_bytes: int = MOST_BYTES

    def __post_init__(self) -> None:
        seconds = (self.attempt_seconds, self.connect_seconds, self.first_pause, self.longest_pause)
        if min(seconds) <= 0 or self.least_seconds < 0:
            raise InvalidRecord("patience: times must be positive")
        if min(self.most_attempts, self.most_paid) < 1 or self.most_bytes < 1024:
            raise InvalidRecord("patience: at least one attempt, one paid, and 1024 bytes")
