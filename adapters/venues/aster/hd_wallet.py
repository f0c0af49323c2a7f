"""The private key behind a mnemonic phrase: BIP-39 seed, then BIP-32 children of m/44'/60'/0'/0.

The list of words and the checksum come from the library of those who wrote the standard; the
derivation is five HMACs. (eth-account does the same, takes two seconds to import and raises the
recursion limit of the whole process a hundredfold, after which deep JSON ends it.)
"""

from __future__ import annotations

import hashlib
import hmac

import coincurve
from mnemonic import Mnemonic

_HARDENED = 0x80000000
_ETHEREUM = (44 + _HARDENED, 60 + _HARDENED, 0 + _HARDENED, 0)


def derived_key(phrase: str, index: int) -> coincurve.PrivateKey | None:
    """Key number `index`; None when the phrase is none: unknown word, wrong length or checksum."""
    words = " ".join(phrase.lower().split())
    if not Mnemonic("english").check(words):
        return None
    key, chain = _split(b"Bitcoin seed", Mnemonic.to_seed(words))
    parent = coincurve.PrivateKey(key)
    for number in (*_ETHEREUM, index):
        parent, chain = _child(parent, chain, number)
    return parent


def _child(
    parent: coincurve.PrivateKey, chain: bytes, number: int
) -> tuple[coincurve.PrivateKey, bytes]:
    own = b"\0" + parent.secret if number >= _HARDENED else parent.public_key.format()
    tweak, next_chain = _split(chain, own + number.to_bytes(4, "big"))
    return parent.add(tweak), next_chain


def _split(key: bytes, data: bytes) -> tuple[bytes, bytes]:
    digest = hmac.new(key, data, hashlib.sha512).digest()
    return digest[:32], digest[32:]
