"""What a provider's error means: a table of statuses and words, read from the most certain to the least.

OpenRouter, OpenAI, xAI, DeepSeek, vLLM, llama.cpp and Ollama each word their errors differently, and
send the same object with an HTTP status or inside HTTP 200.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from adapters.llm.errors import (
    AddressWrong,
    CreditsExhausted,
    KeyRefused,
    ModelError,
    ModelUnknown,
    PromptFlagged,
    PromptTooLong,
    ProviderFailed,
    RateLimited,
    RequestRefused,
)

_BY_WORD: dict[str, type[ModelError]] = {
    "insufficient_quota": CreditsExhausted,
    "billing_hard_limit_reached": CreditsExhausted,
    "invalid_api_key": KeyRefused,
    "invalid_authentication": KeyRefused,
    "model_not_found": ModelUnknown,
    "context_length_exceeded": PromptTooLong,
    "string_above_max_length": PromptTooLong,
    "content_filter": PromptFlagged,
    "content_policy_violation": PromptFlagged,
    "rate_limit_exceeded": RateLimited,
    "server_error": ProviderFailed,
    "overloaded_error": ProviderFailed,
}
"""`code` or `type` of an error, where it is a word."""
_BY_STATUS: dict[int, type[ModelError]] = {
    401: KeyRefused,
    402: CreditsExhausted,
    403: KeyRefused,
    404: ModelUnknown,
    405: AddressWrong,
    408: ProviderFailed,
    409: ProviderFailed,
    413: PromptTooLong,
    425: ProviderFailed,
    429: RateLimited,
}
_NOT_BILLED = frozenset({429, 503})
"""Besides 4xx: refused before anything was computed (OpenRouter's 503: no provider was found)."""
_NAMED: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "response_format",
        re.compile(
            r"response[_ ]?format|json[_ ]?schema|json[_ ]?object|json[_ ]?mode|structured[_ ]?output"
            r"|response[_ ]?mime[_ ]?type|output_config",
            re.I,
        ),
    ),
    ("tools", re.compile(r"\btool(s|_choice|_use|_calls?)?\b|tool use|function[_ ]calling", re.I)),
    ("reasoning", re.compile(r"\breasoning([_.]effort)?\b|reasoningEffort", re.I)),
    ("max_tokens", re.compile(r"\bmax_(completion_)?tokens\b", re.I)),
    ("temperature", re.compile(r"\btemperature\b", re.I)),
    ("top_p", re.compile(r"\btop_p\b", re.I)),
    ("seed", re.compile(r"\bseed\b", re.I)),
)
_IS_UNSUPPORTED = re.compile(
    r"not (be )?support|unsupport|does not support|doesn't support|unknown|unrecogni[sz]ed|unexpected"
    r"|not permitted|not allowed|extra (inputs|fields)|unavailable|no endpoints found that (support|can handle)",
    re.I,
)
_TOO_LONG = re.compile(
    r"context (length|window)|maximum context|prompt is too long|too many (input )?tokens", re.I
)
_FLAGGED = re.compile(r"\bflagged\b|moderation|content (policy|filter)|guardrail", re.I)
_NO_MODEL = re.compile(
    r"not a valid model|no endpoints found for|model\W.{0,120}(not found|does not exist|not exist)"
    r"|unknown model|no such model|invalid model|no allowed providers",
    re.I | re.S,
)
_NO_PATH = re.compile(r"invalid url|cannot post|unknown path|^not found$|^404", re.I)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderError:
    """An error object as a provider sends it."""

    message: str
    code: str = ""
    """`code`, `type` and the like, in lower case, separated by blanks."""
    status: int | None = None
    """A number in `code`: OpenRouter puts the HTTP status there."""
    parameter: str | None = None
    """OpenAI names what it does not like."""
    is_moderation: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Meaning:
    """What an error says about the request."""

    error: type[ModelError]
    is_passing: bool
    """Whether the same request may succeed in a moment."""
    may_be_billed: bool
    refused: str | None = None
    """The parameter to leave out, if that is all that is wrong."""


def read_error(document: object) -> ProviderError | None:
    """The error object of a document, at its top or inside its first choice; None: there is none."""
    if not isinstance(document, Mapping):
        return None
    found = document.get("error")
    if not found:
        choices = document.get("choices")
        first = choices[0] if isinstance(choices, list) and choices else None
        if isinstance(first, Mapping):
            found = first.get("error")
            if not found and first.get("finish_reason") == "error":
                found = "the provider ended the answer with an error"
    if not found and document.get("object") == "error":
        found = document
    return None if not found else _error(found)


def any_error(document: object, text: str) -> ProviderError:
    """The error of an answer whose status says that it is one."""
    found = read_error(document)
    if found is not None:
        return found
    if isinstance(document, Mapping):
        return _error(document if "message" in document else document.get("detail", text))
    return ProviderError(message=text)


def meaning_of(
    status: int, error: ProviderError, sent: Collection[str], *, is_page: bool = False
) -> Meaning:
    """What an error means for a request that carried the parameters `sent`."""
    if is_page and (status < 400 or status in (404, 405)):
        return Meaning(error=AddressWrong, is_passing=False, may_be_billed=False)
    if is_page and status == 403:
        # A firewall in front of the provider, not the provider's word on the key.
        return Meaning(error=ProviderFailed, is_passing=False, may_be_billed=False)
    by_word = next((_BY_WORD[word] for word in error.code.split() if word in _BY_WORD), None)
    refused = _refused(status, error, sent) if by_word in (None, RequestRefused) else None
    kind = RequestRefused if refused else by_word or _by_status(status, error)
    is_passing = kind in (RateLimited, ProviderFailed)
    return Meaning(
        error=kind,
        is_passing=is_passing,
        may_be_billed=is_passing and status not in _NOT_BILLED and kind is not RateLimited,
        refused=refused,
    )


def _by_status(status: int, error: ProviderError) -> type[ModelError]:
    text = error.message
    if status == 403 and (error.is_moderation or _FLAGGED.search(text)):
        return PromptFlagged
    if status == 404 and _NO_PATH.search(text):
        return AddressWrong
    if status in (400, 422):
        for pattern, kind in (
            (_NO_MODEL, ModelUnknown),
            (_TOO_LONG, PromptTooLong),
            (_FLAGGED, PromptFlagged),
        ):
            if pattern.search(text):
                return kind
    if status >= 500:
        return ProviderFailed
    if 300 <= status < 400:
        return AddressWrong
    return _BY_STATUS.get(status, RequestRefused)


def _refused(status: int, error: ProviderError, sent: Collection[str]) -> str | None:
    """The one parameter that the server does not take; 404 is OpenRouter's when nobody takes it."""
    if status not in (400, 404, 422):
        return None
    text = f"{error.parameter or ''} {error.message}"
    if _TOO_LONG.search(text) or (status == 404 and _NO_MODEL.search(text)):
        return None
    is_unsupported = bool(_IS_UNSUPPORTED.search(text)) or "unsupported" in error.code
    for name, pattern in _NAMED:
        shape = name == "response_format"
        if name in sent and pattern.search(text) and (shape or is_unsupported):
            return name
    if "can handle the requested parameters" in text:
        # It does not say which: the shape of the answer is what most providers lack.
        return next((name for name, _ in _NAMED if name in sent), None)
    return None


def _error(found: object) -> ProviderError:
    if not isinstance(found, Mapping):
        return ProviderError(message=str(found))
    code, metadata = found.get("code"), found.get("metadata")
    details = metadata if isinstance(metadata, Mapping) else {}
    message = found.get("message") or found.get("detail") or found.get("error") or ""
    raw = details.get("raw")
    if isinstance(raw, str) and raw and raw not in str(message):
        # "Provider returned error" alone says nothing; this is what the provider said.
        message = f"{message}: {raw}"
    is_number = isinstance(code, int) and not isinstance(code, bool)
    is_digits = isinstance(code, str) and code.isdecimal() and len(code) == 3
    words = (found.get("code"), found.get("type"), details.get("error_type"))
    parameter = found.get("param")
    return ProviderError(
        message=str(message),
        code=" ".join(each.lower() for each in words if isinstance(each, str)),
        status=int(code) if (is_number or is_digits) and 100 <= int(code) < 1000 else None,
        parameter=parameter if isinstance(parameter, str) else None,
        is_moderation="reasons" in details or "flagged_input" in details,
    )
