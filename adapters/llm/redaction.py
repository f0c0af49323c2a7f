"""Keeps keys out of what is stored, raised and logged.

Known secrets are removed in every shape in which they travel (plain, base64, hex, percent-encoded), and
so is whatever looks like a key: a server may echo ours, a model may invent one. Characters that a
database cannot hold go as well.
"""

from __future__ import annotations

import base64
import logging
import re
from collections.abc import Callable, Mapping
from urllib.parse import quote

from pydantic import SecretStr

REMOVED = "[removed]"
_LOOKS_SECRET: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("sk-", re.compile(r"\bsk-[A-Za-z0-9_-]{16,}")),
    ("SK-", re.compile(r"\bSK-[A-Za-z0-9_-]{16,}")),
    ("gsk_", re.compile(r"\bgsk_[A-Za-z0-9]{24,}")),
    ("hf_", re.compile(r"\bhf_[A-Za-z0-9]{24,}")),
    ("pplx-", re.compile(r"\bpplx-[A-Za-z0-9]{24,}")),
    ("eyJ", re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{4,}\.[A-Za-z0-9_-]*")),
    ("xai-", re.compile(r"\bxai-[A-Za-z0-9]{24,}")),
    ("AIza", re.compile(r"\bAIza[A-Za-z0-9_-]{30,}")),
    ("earer", re.compile(r"\b(?i:bearer\s+)[A-Za-z0-9._~+/-]{16,}=*")),
)
"""What has to be in a text, and what is removed then: most texts have none, and looking is cheap."""
_LONG_HEX = re.compile(r"(?<![0-9A-Za-z])(?:0x)?[0-9a-fA-F]{64}(?![0-9A-Za-z])")
_LONG_WORD = re.compile(r"[0-9A-Za-z]{64}")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_SHORTEST = 6
"""A shorter `key` of a local server ("none") is a word, and removing it would eat text."""
_LOGGERS = (
    "openai",
    "openai._base_client",
    *(
        f"{name}{part}"
        for name in ("httpx", "httpx2", "httpcore", "httpcore2")
        for part in ("", ".connection", ".http11", ".http2", ".proxy")
    ),
)


class Redactor:
    """Cleans texts of one account's key and of everything that looks like one."""

    def __init__(self, secret: SecretStr | None) -> None:
        value = "" if secret is None else secret.get_secret_value()
        self._shapes = _shapes(value) if len(value) >= _SHORTEST else ()

    def clean(self, text: str) -> str:
        """The text without secrets and without characters that PostgreSQL refuses."""
        text = self._without_known(text)
        for mark, pattern in _LOOKS_SECRET:
            if mark in text:
                text = pattern.sub(REMOVED, text)
        if _LONG_WORD.search(text):
            text = _LONG_HEX.sub(REMOVED, text)
        return storable(text)

    def without_key(self, value: object) -> object:
        """A JSON value without the account's key, otherwise untouched: it goes back to the provider."""
        return _with_texts(value, self._without_known)

    def clean_value(self, value: object) -> object:
        """A JSON value of which every text is cleaned, to be kept."""
        return _with_texts(value, self.clean)

    def _without_known(self, text: str) -> str:
        for shape in self._shapes:
            if shape in text:
                # Of base64 the padding belongs to it.
                text = text.replace(shape + "==", REMOVED).replace(shape + "=", REMOVED)
                text = text.replace(shape, REMOVED)
        return text

    def in_one_line(self, text: str, limit: int = 200) -> str:
        """For a message of ours: clean, printable, and not longer than that."""
        text = self.clean(text[: 8 * limit])
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= limit else text[: limit - 1] + "…"

    def guard_logs(self) -> None:
        """Clean what the libraries below log in this process, for this key."""
        for name in _LOGGERS:
            logger = logging.getLogger(name)
            if not any(isinstance(each, _Cleaning) for each in logger.filters):
                logger.addFilter(_FILTER)
        _FILTER.add(self)


class _Cleaning(logging.Filter):
    """Rewrites lines; none is lost."""

    def __init__(self) -> None:
        super().__init__()
        self._redactors: dict[tuple[str, ...], Redactor] = {}

    def add(self, redactor: Redactor) -> None:
        """A key more; the same one is kept once."""
        self._redactors[redactor._shapes] = redactor

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True."""
        text = record.getMessage()
        cleaned = text
        for redactor in tuple(self._redactors.values()):
            cleaned = redactor.clean(cleaned)
        if cleaned != text:
            record.msg, record.args = cleaned, ()
        return True


_FILTER = _Cleaning()


def storable(text: str) -> str:
    """The text with a mark in place of what PostgreSQL cannot hold: NUL and half characters."""
    return text if _is_plain(text) else _UNSTORABLE.sub("\ufffd", text)


def _with_texts(value: object, change: Callable[[str], str]) -> object:
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {change(str(name)): _with_texts(each, change) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_with_texts(each, change) for each in value]
    return value


def _is_plain(text: str) -> bool:
    if "\x00" in text:
        return False
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _shapes(secret: str) -> tuple[str, ...]:
    """How a secret may appear, the longest first."""
    raw = secret.encode()
    encoded = base64.b64encode(raw).decode().rstrip("=")
    found = {
        secret,
        encoded,
        base64.urlsafe_b64encode(raw).decode().rstrip("="),
        raw.hex(),
        raw.hex().upper(),
        quote(secret, safe=""),
    }
    return tuple(sorted(found, key=len, reverse=True))
