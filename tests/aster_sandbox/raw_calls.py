"""Requests as somebody else's client would make them: signed by eth-account and the standard library."""

from __future__ import annotations

import hashlib
import hmac
import time
from urllib.parse import urlencode

import httpx

from tests.adapters.venues.aster.demo_keys import AGENT_KEY, PAIR_KEY, PAIR_SECRET, SIGNER, USER
from tests.adapters.venues.aster.ethereum_oracle import Account, encode_typed_data, typed_data


def signed_v3(
    parameters: dict[str, str],
    *,
    nonce: int | None = None,
    chain_id: int = 714,
    key: str = AGENT_KEY,
    user: str | None = USER,
    signer: str = SIGNER,
) -> str:
    """The signed text; nonces are microseconds of now unless given."""
    terms = dict(parameters)
    terms["nonce"] = str(time.time_ns() // 1000 if nonce is None else nonce)
    if user is not None:
        terms["user"] = user
    terms["signer"] = signer
    message = urlencode(terms)
    return f"{message}&signature={signature_of(message, chain_id, key)}"


def signature_of(message: str, chain_id: int, key: str) -> str:
    """Without 0x, as eth-account writes it."""
    encoded = encode_typed_data(full_message=typed_data(message, chain_id))
    return Account.sign_message(encoded, private_key=key).signature.hex().removeprefix("0x")


def signed_v1(parameters: dict[str, str], *, ahead_ms: int = 0, body: str = "") -> str:
    """The query, signed together with a body."""
    query = urlencode({**parameters, "timestamp": str(time.time_ns() // 1_000_000 + ahead_ms)})
    total = (query + body).encode()
    return f"{query}&signature={hmac.new(PAIR_SECRET.encode(), total, hashlib.sha256).hexdigest()}"


def get_v3(url: str, leaf: str, text: str) -> httpx.Response:
    return httpx.get(f"{url}/fapi/v3/{leaf}?{text}")


def post_v3(url: str, leaf: str, text: str) -> httpx.Response:
    return httpx.post(
        f"{url}/fapi/v3/{leaf}",
        content=text,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )


def call_v1(
    url: str, method: str, path: str, query: str, *, key: str = PAIR_KEY, body: str = ""
) -> httpx.Response:
    return httpx.request(
        method,
        f"{url}/fapi/{path}?{query}",
        content=body or None,
        headers={"X-MBX-APIKEY": key, "Content-Type": "application/json"},
    )


def code_of(response: httpx.Response) -> tuple[int, int]:
    """HTTP status and the venue's code; 0 for success."""
    document = response.json()
    return response.status_code, document.get("code", 0) if isinstance(document, dict) else 0
