"""What every HTTP client of ours has in common: whom it trusts, and how it names itself."""

from __future__ import annotations

import ssl
from functools import cache
from importlib.metadata import PackageNotFoundError, version

import certifi


@cache
def tls_context() -> ssl.SSLContext:
    """One for the process: reading the certificates takes some 20 ms."""
    return ssl.create_default_context(cafile=certifi.where())


@cache
def user_agent() -> str:
    """`perpflow/<version>`."""
    try:
        return f"perpflow/{version('perpflow')}"
    except PackageNotFoundError:
        return "perpflow"
