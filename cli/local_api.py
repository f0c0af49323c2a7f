"""Asks the API of the arena that runs on this machine, over loopback."""

from __future__ import annotations

from typing import Any

import httpx

from cli.exit_codes import ExitCode
from cli.failures import CommandFailed


def fetch(base_url: str, path: str) -> Any:
    """The JSON at a path of the API. Raises `CommandFailed` when it does not answer."""
    url = base_url + path
    try:
        with httpx.Client(timeout=10.0, trust_env=False) as client:
            answer = client.get(url)
    except httpx.TransportError as error:
        raise CommandFailed(
            ExitCode.UNREACHABLE,
            f"no arena answers at {base_url} ({type(error).__name__}); start one with: perpflow up",
        ) from None
    if answer.status_code == httpx.codes.NOT_FOUND:
        raise CommandFailed(ExitCode.REFUSED, _detail_of(answer))
    if answer.status_code != httpx.codes.OK:
        raise CommandFailed(
            ExitCode.UNREACHABLE,
            f"{url} answered {answer.status_code}; see the log of the API",
        )
    return answer.json()


def _detail_of(answer: httpx.Response) -> str:
    """What the API says is not there."""
    try:
        return str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{answer.url} is not there; perpflow and the running arena may be two versions"
