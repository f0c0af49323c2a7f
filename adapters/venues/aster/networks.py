"""Where Aster is reached: the two networks, and an address of one's own in their place.

The chain id belongs to the network and goes into every V3 signature (reference: aster 0 and 1.3):
signed for the wrong network, a request recovers to another wallet and is refused.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from adapters.loopback import is_loopback
from trading.account import Network
from trading.errors import InvalidRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class VenueAddress:
    """One REST host, and the chain id that its signatures carry."""

    scheme: Literal["http", "https"]
    host: str
    port: int | None
    chain_id: int

    @property
    def place(self) -> str:
        """Host and port as they stand in a URL; the name of the host's budget."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def market_streams(self) -> str:
        """Where the market's WebSockets are: `wss://host[:port]`, without a path."""
        return self._documented_streams()[0]

    @property
    def user_streams(self) -> str:
        """Where the accounts' WebSockets are; a host of one's own has all its streams itself."""
        return self._documented_streams()[1]

    def _documented_streams(self) -> tuple[str, str]:
        own = f"{'wss' if self.scheme == 'https' else 'ws'}://{self.place}"
        is_usual = self.scheme == "https" and self.port in (None, 443)
        return _STREAMS.get(self.host, (own, own)) if is_usual else (own, own)


_CHAIN_IDS = {Network.MAINNET: 1666, Network.TESTNET: 714}
_HOSTS = {
    Network.MAINNET: "https://fapi.asterdex.com",
    Network.TESTNET: "https://fapi.asterdex-testnet.com",
}
_MAINNET_STREAMS = ("wss://fstream.asterdex.com", "wss://fstream.asterdex.com")
_STREAMS = {
    "fapi.asterdex.com": _MAINNET_STREAMS,
    "fapi3.asterdex.com": _MAINNET_STREAMS,
    "fapi.asterdex-testnet.com": (
        "wss://fstream5.asterdex-testnet.com",
        "wss://fstream.asterdex-testnet.com",
    ),
}
"""Market and user streams of the documented REST hosts (reference: aster 0)."""


def venue_address(network: Network, base_url: str | None = None) -> VenueAddress:
    """The address of a network; `base_url` replaces the host only, never the chain id.

    Raises
    ------
    InvalidRecord
        Not a bare `https://host[:port]`; plain http is for loopback only, because an API key or
        a signed order must not cross a network in the clear.
    """
    text = (base_url or _HOSTS[network]).strip().rstrip("/")
    parts = urlsplit(text)
    if parts.username or parts.password:
        raise InvalidRecord("the venue's base_url holds a user or password; remove it")
    try:
        port = parts.port
    except ValueError:
        port = -1
    if port == -1 or not parts.hostname or parts.path or parts.query or parts.fragment:
        raise InvalidRecord(
            f"base_url {text!r} must be https://host[:port] without a path (/fapi is added)"
        )
    chain_id = _CHAIN_IDS[network]
    if parts.scheme == "https":
        return VenueAddress(scheme="https", host=parts.hostname, port=port, chain_id=chain_id)
    if parts.scheme == "http" and is_loopback(parts.hostname):
        return VenueAddress(scheme="http", host=parts.hostname, port=port, chain_id=chain_id)
    raise InvalidRecord(
        f"base_url {text!r} must begin with https:// (http:// only for this machine)"
    )
