"""What each kind of keys puts around a call: path, header, nonce or timestamp, signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from adapters.venues.aster.credentials import (
    Credentials,
    KeyRefused,
    PairCredentials,
    WalletCredentials,
)
from adapters.venues.aster.endpoints import Access, Endpoint
from adapters.venues.aster.nonces import NonceSource
from adapters.venues.aster.signing import Parameters, encode, sign_v1, sign_v3
from adapters.venues.aster.transport import SignedRequest

RECEIVE_WINDOW_MS = 5000
"""V1: how long a request stays acceptable. Short, because only after it an order that was not found
is surely not coming (reference: aster 3.3)."""


class Signer(Protocol):
    """Makes the request of a call."""

    def path_of(self, endpoint: Endpoint) -> str:
        """Path of the call in the family of these keys; raises `KeyRefused` when it has none."""
        ...

    async def signed(
        self, endpoint: Endpoint, parameters: Parameters, venue_now_us: int
    ) -> SignedRequest:
        """The request as it goes out; `venue_now_us` is the venue's time."""
        ...


def signer_for(
    credentials: Credentials | None, nonces: NonceSource | None, chain_id: int
) -> Signer:
    """The signer of some keys; without keys only open calls are possible."""
    if credentials is None:
        return OpenSigner()
    if isinstance(credentials, PairCredentials):
        return PairSigner(credentials=credentials)
    if nonces is None:
        raise KeyRefused("an agent's requests need a source of nonces that all processes share")
    return WalletSigner(credentials=credentials, nonces=nonces, chain_id=chain_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSigner:
    """No keys: public calls only."""

    def path_of(self, endpoint: Endpoint) -> str:
        """See `Signer`."""
        if endpoint.access is not Access.OPEN:
            raise KeyRefused(f"{endpoint.method} {endpoint.v3} needs keys, and there are none")
        return _path(endpoint.v3)

    async def signed(
        self, endpoint: Endpoint, parameters: Parameters, venue_now_us: int
    ) -> SignedRequest:
        """See `Signer`."""
        del venue_now_us
        return open_request(endpoint, self.path_of(endpoint), parameters)


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletSigner:
    """V3: an agent's wallet, or the main wallet itself."""

    credentials: WalletCredentials
    nonces: NonceSource
    chain_id: int

    def path_of(self, endpoint: Endpoint) -> str:
        """See `Signer`."""
        return _path(endpoint.v3)

    async def signed(
        self, endpoint: Endpoint, parameters: Parameters, venue_now_us: int
    ) -> SignedRequest:
        """See `Signer`. Every call takes a nonce of its own."""
        path = self.path_of(endpoint)
        if endpoint.access is Access.OPEN:
            return open_request(endpoint, path, parameters)
        key = self.credentials.key
        signer = f"{self.chain_id}:{key.address.lower()}"
        nonce = await self.nonces.next_nonce(signer, venue_now_us)
        text = sign_v3(
            key, parameters, user=self.credentials.user, nonce=nonce, chain_id=self.chain_id
        )
        return SignedRequest(method=endpoint.method, path=path, text=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSigner:
    """V1: an API key and its secret."""

    credentials: PairCredentials

    def path_of(self, endpoint: Endpoint) -> str:
        """See `Signer`."""
        if endpoint.v1 is None:
            raise KeyRefused(
                f"{endpoint.method} {endpoint.v3} is not for V1 keys; use an agent (API wallet)"
            )
        return _path(endpoint.v1)

    async def signed(
        self, endpoint: Endpoint, parameters: Parameters, venue_now_us: int
    ) -> SignedRequest:
        """See `Signer`."""
        path = self.path_of(endpoint)
        if endpoint.access is Access.OPEN:
            return open_request(endpoint, path, parameters)
        text = encode(parameters)
        if endpoint.access is Access.SIGNED:
            text = sign_v1(
                self.credentials.secret,
                parameters,
                timestamp_ms=venue_now_us // 1000,
                receive_window_ms=RECEIVE_WINDOW_MS,
            )
        headers = {"X-MBX-APIKEY": self.credentials.api_key.get_secret_value()}
        return SignedRequest(method=endpoint.method, path=path, text=text, headers=headers)


def open_request(endpoint: Endpoint, path: str, parameters: Parameters) -> SignedRequest:
    """A request that says nothing of who asks."""
    return SignedRequest(method=endpoint.method, path=path, text=encode(parameters))


def _path(leaf: str | None) -> str:
    if leaf is None:
        raise KeyRefused("the call does not exist for these keys")
    return f"/fapi/{leaf}"
