"""What came of one attempt: a reply, or an error with what it costs and whether to try again.

Order matters: an error object comes before everything else, because a router answers 200 as soon as a
model has begun; then the size, then whether it is the protocol at all.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime

from adapters.llm.errors import (
    AddressWrong,
    AnswerTooLong,
    AnswerUnusable,
    ModelError,
    OutOfTime,
    Unreachable,
)
from adapters.llm.exchange import Answer, NoAnswer
from adapters.llm.records import Billing, Reply, Usage
from adapters.llm.redaction import Redactor, storable
from adapters.llm.refusals import ProviderError, any_error, meaning_of, read_error
from adapters.llm.replies import NotJson, parse_json, read_reply
from adapters.llm.usage import read_cost, read_usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One attempt, judged."""

    billing: Billing
    reply: Reply | None = None
    error: type[ModelError] | None = None
    """None exactly where there is a reply."""
    reason: str = ""
    is_passing: bool = False
    """Whether the same request may succeed in a moment."""
    retry_after: float | None = None
    refused: str | None = None
    """The parameter to leave out."""
    status: int | None = None
    usage: Usage | None = None
    told_cost: Decimal | None = None
    """USD, in the provider's words."""
    raw: str | None = None


def judge(
    outcome: Answer | NoAnswer,
    redactor: Redactor,
    sent: Collection[str],
    now: datetime,
    *,
    tells_cost: bool,
) -> Verdict:
    """Judge an attempt; `sent` are the names of the request's parameters.

    `tells_cost`: whether a cost in the answer is one in USD (OpenRouter's is).
    """
    if isinstance(outcome, NoAnswer):
        return Verdict(
            billing=Billing.MAYBE if outcome.was_sent else Billing.NO,
            error=OutOfTime if outcome.is_late else Unreachable,
            reason=redactor.in_one_line(outcome.reason),
            is_passing=True,
        )
    try:
        return _judged(outcome, redactor, sent, now, tells_cost=tells_cost)
    except RecursionError:
        return Verdict(
            billing=Billing.MAYBE,
            error=AnswerUnusable,
            reason="the answer nests deeper than any answer of this protocol",
            status=outcome.status,
            raw=redactor.clean(outcome.body.decode("utf-8", "replace")),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """An answer and what could be read of it."""

    answer: Answer
    document: object
    broken: NotJson | None
    raw: str
    usage: Usage | None
    cost: Decimal | None
    retry_after: float | None


def _judged(
    answer: Answer, redactor: Redactor, sent: Collection[str], now: datetime, *, tells_cost: bool
) -> Verdict:
    read = _read(answer, redactor, now, tells_cost=tells_cost)
    if answer.status != 200:
        return _refused(read, redactor, sent)
    error = read_error(read.document)
    if error is not None:
        return _failed_inside(read, error, redactor, sent)
    reply = read_reply(read.document, redactor) if isinstance(read.document, dict) else None
    if reply is None:
        return _no_reply(read)
    return Verdict(
        billing=Billing.YES,
        reply=reply,
        status=answer.status,
        usage=read.usage,
        told_cost=read.cost,
        raw=read.raw,
    )


def _read(answer: Answer, redactor: Redactor, now: datetime, *, tells_cost: bool) -> _Read:
    raw = redactor.clean(answer.body.decode("utf-8", "replace"))
    broken: NotJson | None = None
    document: object = None
    try:
        document = parse_json(answer.body)
    except NotJson as error:
        broken = error
    is_object = isinstance(document, dict)
    return _Read(
        answer=answer,
        document=document,
        broken=broken,
        raw=_without_escapes(document, raw, redactor) if is_object and "\\u" in raw else raw,
        usage=read_usage(document) if isinstance(document, dict) else None,
        cost=read_cost(document) if isinstance(document, dict) and tells_cost else None,
        retry_after=_retry_after(answer, now),
    )


def _no_reply(read: _Read) -> Verdict:
    answer, broken = read.answer, read.broken
    is_passing, billing = False, Billing.MAYBE
    kind: type[ModelError] = AnswerUnusable
    reason = "the answer has no choice with a message"
    if answer.is_too_long:
        kind = AnswerTooLong
        reason = f"the answer has more than {len(answer.body)} bytes; reading stopped there"
    elif _is_page(answer):
        kind, billing = AddressWrong, Billing.NO
        reason = "a web page came back instead of an answer"
    elif not answer.body.strip():
        is_passing, reason = True, "the answer is empty"
    elif broken is not None:
        is_passing, reason = broken.was_cut, str(broken)
    return Verdict(
        billing=billing,
        error=kind,
        reason=reason,
        is_passing=is_passing,
        status=answer.status,
        usage=read.usage,
        told_cost=read.cost,
        raw=read.raw,
    )


def _refused(read: _Read, redactor: Redactor, sent: Collection[str]) -> Verdict:
    answer, is_page = read.answer, _is_page(read.answer)
    error = any_error(read.document, answer.body[:4096].decode("utf-8", "replace"))
    meaning = meaning_of(answer.status, error, sent, is_page=is_page)
    words = "a web page" if is_page else redactor.in_one_line(error.message)
    return Verdict(
        billing=Billing.MAYBE if meaning.may_be_billed else Billing.NO,
        error=meaning.error,
        reason=f"HTTP {answer.status}: {words or 'no words'}",
        is_passing=meaning.is_passing,
        retry_after=read.retry_after,
        refused=meaning.refused,
        status=answer.status,
        raw=read.raw,
    )


def _failed_inside(
    read: _Read, error: ProviderError, redactor: Redactor, sent: Collection[str]
) -> Verdict:
    meaning = meaning_of(error.status or 502, error, sent)
    is_counted = read.cost is not None or (read.usage is not None and bool(read.usage.total))
    return Verdict(
        billing=Billing.YES if is_counted else Billing.MAYBE,
        error=meaning.error,
        reason=(
            f"error {error.status or error.code or 'of the provider'} inside HTTP 200:"
            f" {redactor.in_one_line(error.message) or 'no words'}"
        ),
        is_passing=meaning.is_passing,
        retry_after=read.retry_after,
        refused=meaning.refused,
        status=read.answer.status,
        usage=read.usage,
        told_cost=read.cost,
        raw=read.raw,
    )


def _is_page(answer: Answer) -> bool:
    kind = answer.headers.get("content-type", "").lower()
    start = answer.body[:256].lstrip().lower()
    return "html" in kind or start.startswith((b"<!doctype", b"<html"))


def _retry_after(answer: Answer, now: datetime) -> float | None:
    """Seconds, from a number of them or from a date."""
    text = answer.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        return max(0.0, min(float(text), 86_400.0)) if text[0].isdigit() else _until(text, now)
    except (ValueError, OverflowError):
        return None


def _until(text: str, now: datetime) -> float:
    moment = parsedate_to_datetime(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


def _without_escapes(document: object, raw: str, redactor: Redactor) -> str:
    """A key can be written in escapes (`\\u0073k-...`); then the cleaned document is kept instead."""
    plain = json.dumps(document, ensure_ascii=False, default=str)
    cleaned = redactor.clean(plain)
    return raw if cleaned == storable(plain) else cleaned
