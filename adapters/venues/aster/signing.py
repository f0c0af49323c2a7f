"""Signatures of requests, pure: parameters in, the exact text that is sent out.

The venue checks the raw bytes that arrive, so text is encoded once, signed, and sent as it is; the
signature comes last (reference: aster 1.1 and 1.2). V3 signs typed data (EIP-712) that hold the
text, V1 takes an HMAC of it. Nothing here reads a clock: nonce and timestamp are arguments.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from functools import cache
from urllib.parse import quote

import coincurve
from pydantic import SecretStr

from adapters.venues.aster.keys import SigningKey, address_of, keccak_256
from trading.errors import InvalidRecord

Parameters = Sequence[tuple[str, str]]
"""Names and values in the order in which they are sent."""

_DOMAIN_TYPE = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_MESSAGE_TYPE = b"Message(string msg)"
MESSAGE_TYPE_HASH = keccak_256(_MESSAGE_TYPE)
_SIGNATURE_MARK = "&signature="
_SIGNATURE_BYTES = 65


def encode(parameters: Iterable[tuple[str, str]]) -> str:
    """`name=value&...`, percent-encoded; a space is %20 and only letters, digits, `-._~` stay.

    Raises
    ------
    InvalidRecord
        A name comes twice: the venue would take one of the two, and we cannot say which.
    """
    pairs = list(parameters)
    names = {name for name, _ in pairs}
    if len(names) != len(pairs) or "signature" in names:
        raise InvalidRecord(
            f"parameters {[name for name, _ in pairs]} name one twice or hold a signature"
        )
    return "&".join(f"{quote(name, safe='')}={quote(value, safe='')}" for name, value in pairs)


@cache
def domain_separator(chain_id: int) -> bytes:
    """Of `AsterSignTransaction` version 1, with the zero address; 1666 mainnet, 714 testnet."""
    return keccak_256(
        keccak_256(_DOMAIN_TYPE)
        + keccak_256(b"AsterSignTransaction")
        + keccak_256(b"1")
        + chain_id.to_bytes(32, "big")
        + bytes(32)
    )


def message_digest(message: str, chain_id: int) -> bytes:
    """The 32 bytes that a V3 signature signs."""
    struct = keccak_256(MESSAGE_TYPE_HASH + keccak_256(message.encode()))
    return keccak_256(b"\x19\x01" + domain_separator(chain_id) + struct)


def sign_v3(
    key: SigningKey, parameters: Parameters, *, user: str, nonce: int, chain_id: int
) -> str:
    """The signed text: the parameters, `nonce` in microseconds, `user`, `signer`, `signature`."""
    text = encode([*parameters, ("nonce", str(nonce)), ("user", user), ("signer", key.address)])
    return f"{text}{_SIGNATURE_MARK}0x{key.sign(message_digest(text, chain_id)).hex()}"


def sign_v1(
    secret: SecretStr, parameters: Parameters, *, timestamp_ms: int, receive_window_ms: int
) -> str:
    """The signed text: the parameters, `recvWindow`, `timestamp`, `signature`."""
    text = encode(
        [*parameters, ("recvWindow", str(receive_window_ms)), ("timestamp", str(timestamp_ms))]
    )
    return f"{text}{_SIGNATURE_MARK}{hmac_of(secret, text)}"


def hmac_of(secret: SecretStr, query: str, body: str = "") -> str:
    """V1's signature: the body follows the query with nothing between them."""
    key = secret.get_secret_value().encode()
    return hmac.new(key, (query + body).encode(), hashlib.sha256).hexdigest()


def signer_of(signed: str, chain_id: int) -> str:
    """The address that signed a V3 text, found again from text and signature.

    Raises
    ------
    InvalidRecord
        There is no signature at the end, or it is none.
    """
    message, mark, signature = signed.rpartition(_SIGNATURE_MARK)
    raw = _hex_or_none(signature)
    if not mark or raw is None or len(raw) != _SIGNATURE_BYTES or raw[64] not in (27, 28):
        raise InvalidRecord("the text does not end in a signature of 65 bytes")
    found = _recovered(raw[:64] + bytes([raw[64] - 27]), message_digest(message, chain_id))
    if found is None:
        raise InvalidRecord("the signature belongs to no key")
    return address_of(found)


def _recovered(signature: bytes, digest: bytes) -> coincurve.PublicKey | None:
    try:
        return coincurve.PublicKey.from_signature_and_message(signature, digest, hasher=None)
    except Exception:  # noqa: BLE001 - the library raises a bare Exception
        return None


def _hex_or_none(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        return None
