"""What the stub knows: scripts of answers, models and what they refuse, keys, and every request."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from tests.llm_stub.says import Say, error, unsupported


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request as it came in; the key is not kept, only a print of it."""

    path: str
    headers: Mapping[str, str]
    """Names in lower case; `authorization` says how long it was."""
    key_print: str | None
    """Start of the SHA-256 of the key: tells accounts apart."""
    body: Mapping[str, Any]

    @property
    def model(self) -> str:
        return str(self.body.get("model"))

    @property
    def shape(self) -> str | None:
        """`json_schema`, `json_object`, or None."""
        return (self.body.get("response_format") or {}).get("type")


Answering = Callable[[Asked], Say]


@dataclass(slots=True)
class Desk:
    """Guarded by `lock`: the server works in a thread of its own."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    asked: list[Asked] = field(default_factory=list)
    scripts: dict[str, deque[Say]] = field(default_factory=dict)
    otherwise: Answering = field(default=lambda asked: Say())
    """Where no script has an answer (left)."""
    refused: dict[str, set[str]] = field(default_factory=dict)
    """By model, parameters that it does not take: `tools`, `temperature`, or a shape of the answer."""
    unknown: set[str] = field(default_factory=set)
    """Models that there are not."""
    keys: set[str] | None = None
    """Prints of keys that are let in; None: any, or none."""
    refuse_connections: int = 0
    """So many connections are ended before a byte is read."""
    connections: int = 0
    """Open ones."""

    def script(self, model: str, *says: Say) -> None:
        """These answers, in this order; after them whatever `otherwise` says."""
        with self.lock:
            self.scripts.setdefault(model, deque()).extend(says)

    def let_in(self, key: str) -> None:
        """Only keys that were let in are served from now on."""
        with self.lock:
            self.keys = (self.keys or set()) | {print_of(key)}

    def answer(self, asked: Asked) -> Say:
        """What to say, after the request was written down."""
        with self.lock:
            self.asked.append(asked)
            if self.keys is not None and asked.key_print not in self.keys:
                return Say(status=401, error=error(401, "No auth credentials found"))
            if asked.model in self.unknown:
                return Say(status=404, error=error(404, f"No endpoints found for {asked.model}."))
            refusal = self._refusal(asked)
            if refusal is not None:
                return refusal
            script = self.scripts.get(asked.model)
            return script.popleft() if script else self.otherwise(asked)

    def _refusal(self, asked: Asked) -> Say | None:
        refused = self.refused.get(asked.model, set())
        if asked.shape in refused:
            return unsupported(
                "response_format",
                f"Invalid parameter: 'response_format' of type '{asked.shape}' is not supported"
                " with this model.",
            )
        return next((unsupported(name) for name in asked.body if name in refused), None)


def print_of(key: str) -> str:
    """How a key is known here."""
    return sha256(key.encode()).hexdigest()[:16]
