"""From an HTTP answer, or from none, to a value or one error.

The rule: a write whose answer is not definite is unsettled, whatever else is wrong with it; only
what was never written to the connection, or what the venue refused, was surely not executed
(reference: aster 3.2 and 3.3).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import accumulate
from typing import cast

from adapters.venues.aster.codes import (
    BAD_NONCE,
    BAD_TIMESTAMP,
    INTERNAL,
    TIMED_OUT,
    TOO_MANY_ORDERS,
    TOO_MANY_REQUESTS,
    UNKNOWN_CODE,
    UNLISTED,
    Action,
    CodeMeaning,
    meaning_of,
)
from adapters.venues.aster.endpoints import Endpoint
from adapters.venues.aster.errors import (
    AccountRefused,
    Blocked,
    ClockRefused,
    Refused,
    Unreachable,
    Unsettled,
    Unusable,
)
from trading.errors import VenueError

BLOCKING = (403, 418, 429)
_LONGEST_ERROR = 4096
_DEEPEST = 32
_NO_BRACKETS = bytes(byte for byte in range(256) if byte not in b"[]{}")
_AUTH_WORDS = ("no agent found", "signature check failed")
_AUTH = CodeMeaning((), "no such agent, or a wrong signature", Action.STOP_ACCOUNT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole."""

    status: int
    headers: dict[str, str] = field(repr=False)
    """Names in small letters."""
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """The connection failed, or time was up."""

    was_written: bool
    """Whether a first byte of the request may have left."""
    reason: str


class Unparsable(ValueError):
    """The body is no JSON."""


def parse_json(body: bytes) -> object:
    """Numbers with a point become Decimal from their own digits; NaN and Infinity are refused.

    Raises
    ------
    Unparsable
        Not JSON, not UTF-8, or nested beyond reason.
    """
    if _depth(body) > _DEEPEST:
        raise Unparsable("nested beyond reason")
    try:
        return json.loads(body, parse_float=Decimal, parse_constant=_refuse)
    except ValueError as error:
        raise Unparsable(f"no JSON ({type(error).__name__})") from None


def value_of(
    endpoint: Endpoint, what: str, outcome: Answer | NoAnswer, retry_at: datetime | None = None
) -> object:
    """The document in a good answer; everything else is raised as one of errors.py.

    `retry_at` is when a host that blocks us may be asked again.
    """
    if isinstance(outcome, NoAnswer):
        if outcome.was_written:
            raise indefinite(endpoint, what, outcome.reason)
        raise Unreachable(what, f"nothing was sent: {outcome.reason}")
    document, fault = _document(outcome)
    code, text = error_of(document)
    excerpt = "" if fault is None else outcome.body[:4096].decode("utf-8", "replace")
    if outcome.status >= 500 or outcome.status == 408 or outcome.status < 200:
        raise indefinite(endpoint, what, f"HTTP {outcome.status} {text}", excerpt)
    if code is not None:
        raise refusal(endpoint, what, code, text, status=outcome.status, retry_at=retry_at)
    if outcome.status in BLOCKING:
        raise Blocked(what, f"HTTP {outcome.status}", retry_at)
    if outcome.status >= 300 or fault is not None:
        raise _strange(endpoint, what, outcome.status, fault or "no error code", excerpt)
    return document


def refusal(
    endpoint: Endpoint,
    what: str,
    code: int,
    text: str,
    *,
    status: int = 400,
    retry_at: datetime | None = None,
) -> VenueError:
    """The error of an answer that carries a code, alone or as one item of a batch."""
    if code in (TOO_MANY_REQUESTS, TOO_MANY_ORDERS) or status in (418, 429):
        return Blocked(what, f"HTTP {status}, {code} {text}", retry_at)
    if code in (INTERNAL, *TIMED_OUT):
        return indefinite(endpoint, what, f"{code} {text}", code=code)
    if code == UNKNOWN_CODE and any(words in text.lower() for words in _AUTH_WORDS):
        return AccountRefused(what, code, text, _AUTH)
    if code == UNKNOWN_CODE and not 400 <= status < 500:
        return indefinite(endpoint, what, f"HTTP {status}, {code} {text}", code=code)
    if code == BAD_NONCE and endpoint.is_write and endpoint.method in ("DELETE", "PUT"):
        # A second copy on the way would meet its own nonce: the first may have been executed.
        return indefinite(endpoint, what, f"{code} {text}", code=code)
    meaning = meaning_of(code)
    if code in (BAD_TIMESTAMP, BAD_NONCE):
        return ClockRefused(what, code, text, meaning)
    if meaning.action is Action.STOP_ACCOUNT:
        return AccountRefused(what, code, text, meaning)
    return Refused(what, code, text, meaning)


def indefinite(
    endpoint: Endpoint, what: str, reason: str, excerpt: str = "", code: int | None = None
) -> VenueError:
    """The error of an answer that says neither yes nor no."""
    if endpoint.is_write:
        return Unsettled(what, reason, excerpt, code)
    return Unreachable(what, reason, excerpt)


def _depth(body: bytes) -> int:
    """Deepest nesting; brackets inside texts count as well, which no answer has many of.

    Counted beforehand, because the parser recurses in C: where a library has raised the recursion
    limit, a few thousand brackets end the process instead of raising an error.
    """
    brackets = body.translate(None, delete=_NO_BRACKETS)
    return max(accumulate(1 if each in b"[{" else -1 for each in brackets), default=0)


def error_in(answer: Answer) -> tuple[int | None, str]:
    """Code and words of an answer that is an error, without looking at a long document."""
    if len(answer.body) > _LONGEST_ERROR:
        return None, ""
    return error_of(_document(answer)[0])


def _document(answer: Answer) -> tuple[object, str | None]:
    try:
        return parse_json(answer.body), None
    except Unparsable as error:
        return None, str(error)


def error_of(document: object) -> tuple[int | None, str]:
    """Code and words, when the document is an error: success has a positive code or none."""
    if not isinstance(document, dict):
        return None, ""
    fields = cast("dict[str, object]", document)
    code, text = fields.get("code"), str(fields.get("msg", ""))
    if isinstance(code, str) and code.lstrip("-").isascii() and code.lstrip("-").isdigit():
        code = int(code)
    if isinstance(code, bool) or not isinstance(code, int) or code >= 0:
        return None, text
    return code, text


def _strange(endpoint: Endpoint, what: str, status: int, reason: str, excerpt: str) -> VenueError:
    if endpoint.is_write:
        return Unsettled(what, f"HTTP {status}, {reason}", excerpt)
    if 400 <= status < 500:
        return Refused(what, status, reason, UNLISTED)
    return Unusable(what, f"HTTP {status}, {reason}", excerpt)


def _refuse(constant: str) -> object:
    raise ValueError(constant)
