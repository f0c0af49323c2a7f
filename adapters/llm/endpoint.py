"""Where a model is asked, with which key, and how the provider's own fields are filled.

https everywhere; plain http only on this machine, because a key must not cross a network in the clear.
OpenRouter takes fields that other servers refuse, so it is told apart by its host, or by setting.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

from pydantic import SecretStr

from adapters.host_reach import Reach, reach_of
from adapters.loopback import is_loopback
from trading.errors import InvalidRecord

OPENROUTER_URL = "https://openrouter.ai/api/v1"
_OPENROUTER_HOST = "openrouter.ai"


class Dialect(StrEnum):
    """Which fields beyond the protocol a server takes."""

    OPENROUTER = "openrouter"
    """`provider`, `usage`, `reasoning`; tells the cost of each answer in USD."""
    PLAIN = "plain"
    """None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Routing:
    """Who may compute for OpenRouter; a pinned provider gives comparable answers."""

    order: tuple[str, ...] = ()
    """Slugs of providers, the preferred first."""
    allow_fallbacks: bool | None = None
    """False: only those in `order`. None: OpenRouter's default (true)."""
    require_parameters: bool | None = None
    """True: only providers that take every parameter sent. None: OpenRouter's default (false)."""
    forbids_training: bool = False
    """Only providers that do not keep and train on what is sent."""

    def payload(self) -> dict[str, object]:
        """The request's `provider` object."""
        wanted: dict[str, object] = {
            "order": list(self.order) or None,
            "allow_fallbacks": self.allow_fallbacks,
            "require_parameters": self.require_parameters,
            "data_collection": "deny" if self.forbids_training else None,
        }
        return {name: value for name, value in wanted.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelEndpoint:
    """One OpenAI-compatible server and one account's access to it."""

    base_url: str = OPENROUTER_URL
    """Up to and without `/chat/completions`."""
    key: SecretStr | None = field(default=None, repr=False)
    """None: the server asks for none (local ones)."""
    dialect: Dialect | None = None
    """None: by the host."""
    referer: str | None = None
    """OpenRouter's `HTTP-Referer`, for its public ranking of applications."""
    app_title: str | None = None
    """OpenRouter's `X-Title`."""
    routing: Routing = field(default_factory=Routing)
    allow_private: bool = False
    """Whether the host may lie in a private network."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", _checked(self.base_url))
        _require_reach(self.host_name, allow_private=self.allow_private)
        for name, text in (("referer", self.referer), ("app_title", self.app_title)):
            if text is not None and not (text.isascii() and text.isprintable()):
                raise InvalidRecord(f"model endpoint: {name} must be printable ASCII for a header")
        if self.key is not None:
            secret = self.key.get_secret_value()
            if not secret or not secret.isascii() or not secret.isprintable() or " " in secret:
                raise InvalidRecord(
                    "the model's API key is empty or holds characters that no key has;"
                    " look at where the reference points"
                )

    @property
    def host_name(self) -> str:
        """The host without its port."""
        return urlsplit(self.base_url).hostname or ""

    @property
    def host(self) -> str:
        """Host and port as in the URL; names the endpoint in records and tables."""
        return urlsplit(self.base_url).netloc

    @property
    def is_openrouter(self) -> bool:
        """Whether it takes OpenRouter's fields."""
        if self.dialect is not None:
            return self.dialect is Dialect.OPENROUTER
        name = self.host_name
        return name == _OPENROUTER_HOST or name.endswith("." + _OPENROUTER_HOST)


def _checked(base_url: str) -> str:
    text = base_url.strip().rstrip("/")
    parts = urlsplit(text)
    if parts.username or parts.password:
        raise InvalidRecord("the model's base_url holds a user or password; remove it")
    if parts.query or parts.fragment:
        # Not shown: what stands there may be a key.
        raise InvalidRecord("the model's base_url holds a query; remove what follows `?` or `#`")
    try:
        is_usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_usable = False
    if not is_usable or not (text.isascii() and text.isprintable()) or " " in text:
        raise InvalidRecord(f"the model's base_url {text!r} must be https://host[:port]/path")
    text = text.removesuffix("/chat/completions")
    if parts.scheme == "https" or (parts.scheme == "http" and is_loopback(parts.hostname or "")):
        return text
    raise InvalidRecord(
        f"the model's base_url {text!r} must begin with https:// (http:// only for this machine)"
    )


def _require_reach(host: str, *, allow_private: bool) -> None:
    """As when an account is read; its stored address may be older than the rule."""
    reach = reach_of(host)
    if reach is Reach.FORBIDDEN:
        raise InvalidRecord(f"the model's server {host!r} is nothing that a model is asked at")
    if reach is Reach.PRIVATE and not allow_private:
        raise InvalidRecord(
            f"the model's server {host!r} lies in a private network; if it is yours, write"
            " openrouter.allow_private: true beside its address"
        )
