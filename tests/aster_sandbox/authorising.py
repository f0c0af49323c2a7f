"""Who asks: V1 keys and V3 signatures, verified on the raw bytes with other people's code.

eth-account and the standard library are the judges here, not the client's own signing. The message
is what came, cut at its signature; nothing is encoded a second time (reference: aster 1).
"""

from __future__ import annotations

import hashlib
import hmac
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.adapters.venues.aster.ethereum_oracle import signer_of, typed_data
from tests.aster_sandbox.received import Received
from tests.aster_sandbox.refusals import VenueRefusal, missing
from tests.aster_sandbox.settings import Settings
from tests.aster_sandbox.users import Agent, User

_NO_AGENT = "No agent found"
_BAD_SIGNATURE = "Signature check failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who signed: the user, and the agent in between if there is one."""

    user: User
    agent: Agent | None = None

    def require_trading(self) -> None:
        """Raises -4088 when these keys may not trade."""
        if not self.user.can_trade or (self.agent is not None and not self.agent.can_perp_trade):
            raise VenueRefusal(-4088, "User can not place order currently.")


@dataclass(slots=True)
class Doorkeeper:
    """Knows all users and remembers the nonces of every signer."""

    settings: Settings
    users: Mapping[str, User]
    """By address in small letters."""
    nonces: defaultdict[str, deque[int]] = field(default_factory=lambda: defaultdict(deque))

    def admit(self, request: Received, *, is_signed: bool, now_us: int) -> Caller:
        """The caller of a private request; `is_signed` is False where a V1 key alone is enough."""
        is_v3 = "/v3/" in request.path
        if not is_v3 and "x-mbx-apikey" in request.headers:
            return self._admit_pair(request, is_signed=is_signed, now_ms=now_us // 1000)
        if is_v3 or self.settings.takes_v3_on_v1_paths:
            return self._admit_wallet(request, now_us)
        raise VenueRefusal(-2014, "API-key format invalid.", 401)

    def _admit_pair(self, request: Received, *, is_signed: bool, now_ms: int) -> Caller:
        key = request.headers["x-mbx-apikey"]
        user = next((each for each in self.users.values() if key in each.pairs), None)
        if user is None:
            raise VenueRefusal(-2015, "Invalid API-key, IP, or permissions for action.", 401)
        if is_signed:
            payload, signature = request.signed_text()
            expected = hmac.new(user.pairs[key].encode(), payload.encode(), hashlib.sha256)
            if not hmac.compare_digest(expected.hexdigest(), signature.lower()):
                raise VenueRefusal(-1022, "Signature for this request is not valid.")
            self._check_timestamp(request.parameters, now_ms)
        return Caller(user=user)

    def _check_timestamp(self, parameters: Mapping[str, str], now_ms: int) -> None:
        window = _whole(parameters, "recvWindow", default=self.settings.default_receive_window_ms)
        if window > self.settings.longest_receive_window_ms:
            raise VenueRefusal(-1131, "recvWindow must be less than 60000")
        sent = _whole(parameters, "timestamp")
        if sent >= now_ms + 1000 or now_ms - sent > window:
            raise VenueRefusal(-1021, "Timestamp for this request is outside of the recvWindow.")

    def _admit_wallet(self, request: Received, now_us: int) -> Caller:
        parameters = request.parameters
        nonce = _whole(parameters, "nonce")
        signer = parameters.get("signer", "").lower()
        if not signer:
            raise missing("signer")
        caller = self._caller_for(signer, parameters.get("user", "").lower(), now_us // 1000)
        if recovered(request, self.settings.chain_id) != signer:
            raise VenueRefusal(-1000, _BAD_SIGNATURE)
        if "timestamp" in parameters:
            self._check_timestamp(parameters, now_us // 1000)
        self._burn(signer, nonce, now_us)
        return caller

    def _caller_for(self, signer: str, user: str, now_ms: int) -> Caller:
        for address, each in self.users.items():
            if user not in ("", address):
                continue
            agent = each.agents.get(signer)
            if agent is not None and now_ms < agent.expires_ms:
                return Caller(user=each, agent=agent)
            if signer == address and self.settings.takes_main_keys:
                return Caller(user=each)
        raise VenueRefusal(-1000, _NO_AGENT)

    def _burn(self, signer: str, nonce: int, now_us: int) -> None:
        used = self.nonces[signer]
        is_full = len(used) >= self.settings.nonces_kept
        if (
            abs(nonce - now_us) > self.settings.nonce_window_us
            or nonce in used
            or (is_full and nonce < min(used))
        ):
            raise VenueRefusal(-4225, "Nonce Expired")
        used.append(nonce)
        while len(used) > self.settings.nonces_kept:
            used.remove(min(used))


def recovered(request: Received, chain_id: int) -> str | None:
    """The wallet that signed these bytes, in small letters; None where there is no signature.

    Parameters are in the query or in the body: split between the two they are nobody's.
    """
    if bool(request.query) is bool(request.body):
        return None
    message, signature = request.signed_text()
    raw = signature.lower().removeprefix("0x")
    if len(raw) != 130:
        return None
    return signer_of(typed_data(message, chain_id), raw)


def _whole(parameters: Mapping[str, str], name: str, default: int | None = None) -> int:
    text = parameters.get(name, "")
    if not text and default is not None:
        return default
    if not (text.isascii() and text.isdigit()):
        raise missing(name)
    return int(text)
