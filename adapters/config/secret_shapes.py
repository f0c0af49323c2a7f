"""What a secret looks like when somebody wrote it down in the wrong place.

Two uses: free text of a configuration may not look like one, and no message repeats a value that
does. A reference to a secret (`env:NAME`) is not a secret.
"""

from __future__ import annotations

import re

_KEY_BYTES = re.compile(r"(?<![0-9A-Fa-f])(0x)?[0-9A-Fa-f]{64}(?![0-9A-Fa-f])")
"""A private key (32 bytes in hex); also what an HMAC secret of the venue looks like."""
_PREFIXED = re.compile(r"\b(sk|rk|pk|ghp|xox[abp])[-_][A-Za-z0-9_-]{16,}")
"""Keys of model providers and others that mark theirs with a prefix."""
_URL_PASSWORD = re.compile(r"://[^/\s:@]*:[^/\s@]+@")
_WORDS = re.compile(r"([a-z]{3,8} ){11}([a-z]{3,8} ){0,12}[a-z]{3,8}")
"""Twelve to twenty-four short words: a mnemonic phrase."""
_LONG_TOKEN = re.compile(r"(?=[^\s]*[0-9])(?=[^\s]*[A-Za-z])[A-Za-z0-9_+/=-]{24,}")
"""Long, without spaces, letters and digits: good enough to keep it out of a message."""


def is_secret_like(text: str) -> bool:
    """Whether a text must not stand in a configuration as it is."""
    return any(
        shape.search(text) is not None for shape in (_KEY_BYTES, _PREFIXED, _URL_PASSWORD)
    ) or (_WORDS.fullmatch(text.strip()) is not None)


def may_be_secret(text: str) -> bool:
    """Whether a message had better not repeat a text."""
    return is_secret_like(text) or _LONG_TOKEN.search(text) is not None
