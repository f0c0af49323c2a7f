"""Which keys sign for an account: an agent, the main wallet's key or phrase, or the V1 pair.

Takes secrets that were resolved elsewhere (`env:`, `file:`, `block:`) and keeps them hidden. An agent
is the right kind: it can be allowed to trade only. A main key or a phrase can withdraw everything;
it is refused unless somebody said that this is wanted.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from enum import StrEnum

from pydantic import SecretStr

from adapters.venues.aster.keys import (
    SigningKey,
    key_from_hex,
    key_from_mnemonic,
    parse_address,
)
from trading.errors import InvalidRecord


class KeyKind(StrEnum):
    """What an account signs with."""

    AGENT = "agent"
    MAIN_KEY = "main key"
    MNEMONIC = "mnemonic"
    V1 = "v1"


class KeyRefused(InvalidRecord):
    """Keys that contradict each other, are missing, or may do more than trade."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResolvedKeys:
    """The values behind an account's references; the names are those of `VenueKeys`."""

    api_key: SecretStr | None = None
    api_secret: SecretStr | None = None
    user_address: str | None = None
    signer_address: str | None = None
    private_key: SecretStr | None = None
    mnemonic: SecretStr | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletCredentials:
    """V3: a wallet signs, for itself or for the main wallet."""

    kind: KeyKind
    user: str
    """The main wallet: holds the funds."""
    key: SigningKey
    """Of the signer."""

    @property
    def owner(self) -> str:
        """Whose limits and orders these are."""
        return self.user.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class PairCredentials:
    """V1: an API key in a header and a secret for HMAC."""

    api_key: SecretStr
    secret: SecretStr = field(repr=False)

    @property
    def kind(self) -> KeyKind:
        """Always V1."""
        return KeyKind.V1

    @property
    def owner(self) -> str:
        """A fingerprint of the API key; the key cannot be found from it."""
        key = self.api_key.get_secret_value().encode()
        return "key " + hashlib.sha256(b"perpflow aster key " + key).hexdigest()[:16]


Credentials = WalletCredentials | PairCredentials


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyPermissions:
    """What the venue says that a key may do; None: it does not say."""

    can_trade: bool | None
    can_withdraw: bool | None
    expires_ms: int | None = None
    """Milliseconds since the epoch."""


def read_credentials(keys: ResolvedKeys, prefer: KeyKind | None = None) -> Credentials:
    """The credentials that are there; V3 before V1 unless `prefer` says V1.

    Raises
    ------
    KeyRefused
        Nothing to sign with, half a pair, key and phrase together, or a signer that is not the
        wallet of the key.
    InvalidRecord
        A key, phrase or address that is none.
    """
    if (keys.api_key is None) != (keys.api_secret is None):
        raise KeyRefused("api_key and api_secret belong together; give both or none")
    if keys.private_key is not None and keys.mnemonic is not None:
        raise KeyRefused("private_key and mnemonic exclude each other; keep that of the signer")
    has_wallet = keys.private_key is not None or keys.mnemonic is not None
    if keys.api_key is not None and (prefer is KeyKind.V1 or not has_wallet):
        return _pair(keys)
    if not has_wallet or prefer is KeyKind.V1:
        raise KeyRefused(
            "no keys: give private_key and user_address of an agent (API wallet), or api_key and"
            " api_secret issued before 2026-03-25"
        )
    return _wallet(keys)


def warnings_of(credentials: Credentials) -> tuple[str, ...]:
    """What the operator should know about the kind of keys, one sentence each."""
    if credentials.kind is KeyKind.MAIN_KEY:
        return (
            f"{credentials.owner} signs with its own key, which can withdraw all funds; create an"
            " agent (API wallet) that may only trade perpetuals. If this key is an agent's,"
            " user_address is missing",
        )
    if credentials.kind is KeyKind.MNEMONIC:
        return (
            "a mnemonic opens every wallet that is derived from it; create an agent (API wallet)"
            " that may only trade perpetuals and give its private key",
        )
    return ()


def require_safe(
    credentials: Credentials, permissions: KeyPermissions, *, may_withdraw: bool = False
) -> tuple[str, ...]:
    """Warnings about keys that are accepted; `may_withdraw` is the operator's explicit word.

    Raises
    ------
    KeyRefused
        The keys may withdraw and nobody said that this is wanted, or they may not trade.
    """
    by_nature = credentials.kind in (KeyKind.MAIN_KEY, KeyKind.MNEMONIC)
    if (by_nature or permissions.can_withdraw) and not may_withdraw:
        raise KeyRefused(
            f"the {credentials.kind.value} of {credentials.owner} may withdraw funds, which a trading"
            " process must not be able to do; use an agent (API wallet) without that permission,"
            " or allow it explicitly"
        )
    if permissions.can_trade is False:
        raise KeyRefused(
            f"the {credentials.kind.value} of {credentials.owner} may not trade perpetuals; give it"
            " that permission at the venue"
        )
    warnings = warnings_of(credentials)
    if not by_nature and permissions.can_withdraw is None:
        warnings += ("the venue does not say whether these keys may withdraw; check it there",)
    return warnings


def _pair(keys: ResolvedKeys) -> PairCredentials:
    api_key, secret = _stripped(keys.api_key), _stripped(keys.api_secret)
    if api_key is None or secret is None:
        raise KeyRefused(
            "api_key or api_secret is empty, or holds a blank or a letter beyond ASCII"
        )
    return PairCredentials(api_key=api_key, secret=secret)


def _wallet(keys: ResolvedKeys) -> WalletCredentials:
    if keys.mnemonic is not None:
        kind, key = KeyKind.MNEMONIC, key_from_mnemonic(keys.mnemonic)
    elif keys.private_key is not None:
        kind, key = KeyKind.AGENT, key_from_hex(keys.private_key)
    else:
        raise KeyRefused("no private_key and no mnemonic")
    if keys.signer_address is not None:
        configured = parse_address(keys.signer_address, "signer_address")
        if configured != key.address:
            raise KeyRefused(
                f"signer_address is {configured}, but the key belongs to {key.address}; one of the"
                " two is of another wallet"
            )
    user = key.address
    if keys.user_address is not None:
        user = parse_address(keys.user_address, "user_address")
    if kind is KeyKind.AGENT and user == key.address:
        kind = KeyKind.MAIN_KEY
    return WalletCredentials(kind=kind, user=user, key=key)


def _stripped(text: SecretStr | None) -> SecretStr | None:
    """The text as it goes into a header and an HMAC; None when it cannot be one."""
    value = "" if text is None else text.get_secret_value().strip()
    is_usable = value.isascii() and value.isprintable() and " " not in value and value != ""
    return SecretStr(value) if is_usable else None
