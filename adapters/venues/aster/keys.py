"""Private keys of wallets: they sign, they tell their address, and they never show themselves.

A key leaves this module only as signatures. Refusals are raised where no secret is at hand, so that
neither a message nor the local variables of a traceback can hold one.
"""

from __future__ import annotations

import re

import coincurve
from Crypto.Hash import keccak
from pydantic import SecretStr

from adapters.venues.aster.hd_wallet import derived_key
from trading.errors import InvalidRecord

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}")
_KEY = re.compile(r"(0x)?[0-9a-fA-F]{64}")


def keccak_256(data: bytes) -> bytes:
    """Ethereum's hash (not the later SHA-3), 32 bytes."""
    return keccak.new(digest_bits=256, data=data).digest()


class SigningKey:
    """A secp256k1 private key that shows its address only."""

    __slots__ = ("_key", "address")

    address: str
    """Of the wallet, with the checksum's capital letters."""

    def __init__(self, key: coincurve.PrivateKey) -> None:
        self._key = key
        self.address = address_of(key.public_key)

    def __repr__(self) -> str:
        """The address, never the key."""
        return f"SigningKey({self.address})"

    def __reduce__(self) -> str:
        """A key is not copied, pickled or sent to another process."""
        raise TypeError("a signing key must not leave its process; pass the reference to it")

    def sign(self, digest: bytes) -> bytes:
        """r, s and v of a 32-byte digest, 65 bytes; v is 27 or 28. The same every time (RFC 6979)."""
        signature = self._key.sign_recoverable(digest, hasher=None)
        return signature[:64] + bytes([signature[64] + 27])


def address_of(public_key: coincurve.PublicKey) -> str:
    """Address of a public key."""
    return checksummed(keccak_256(public_key.format(compressed=False)[1:])[-20:])


def checksummed(address: bytes) -> str:
    """The 20 bytes as text whose capital letters are a checksum (EIP-55)."""
    text = address.hex()
    weights = keccak_256(text.encode()).hex()
    return "0x" + "".join(
        letter.upper() if int(weight, 16) >= 8 else letter
        for letter, weight in zip(text, weights, strict=False)
    )


def parse_address(text: str, what: str) -> str:
    """An address as configured, written with its checksum.

    Raises
    ------
    InvalidRecord
        Not 0x and 40 hex digits, or capital letters that are no valid checksum: a typing error.
    """
    text = text.strip()
    if _ADDRESS.fullmatch(text) is None:
        # Not repeated: what stands in the wrong place may be a key.
        raise InvalidRecord(f"{what} must be 0x and 40 hex digits")
    written = checksummed(bytes.fromhex(text[2:]))
    digits = text[2:]
    if digits not in (digits.lower(), digits.upper()) and text != written:
        raise InvalidRecord(f"{what} {text} has a wrong checksum; copy it again from the venue")
    return written


def key_from_hex(text: SecretStr) -> SigningKey:
    """Raises `InvalidRecord` when the text is no private key; the message does not repeat it."""
    key = _key_or_none(text)
    if key is None:
        raise InvalidRecord("private_key is not a private key: 64 hex digits, 0x before it or not")
    return SigningKey(key)


def key_from_mnemonic(phrase: SecretStr, index: int = 0) -> SigningKey:
    """Key number `index` of a phrase at m/44'/60'/0'/0. Takes milliseconds: once per client.

    Raises
    ------
    InvalidRecord
        A word that is not in the list, a wrong number of words, or a wrong checksum.
    """
    key = _derived_or_none(phrase, index)
    if key is None:
        raise InvalidRecord(
            "mnemonic is no valid phrase: 12 to 24 words of the BIP-39 list, checksum included"
        )
    return SigningKey(key)


def _key_or_none(text: SecretStr) -> coincurve.PrivateKey | None:
    secret = text.get_secret_value().strip()
    if _KEY.fullmatch(secret) is None:
        return None
    try:
        return coincurve.PrivateKey(bytes.fromhex(secret[-64:]))
    except ValueError:  # zero, or not below the order of the curve
        return None


def _derived_or_none(phrase: SecretStr, index: int) -> coincurve.PrivateKey | None:
    try:
        return derived_key(phrase.get_secret_value(), index)
    except ValueError:  # a child that is no key: once in 2**127
        return None
