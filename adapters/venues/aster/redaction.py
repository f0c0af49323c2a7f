"""Keeps signatures out of the logs of the HTTP libraries, which write whole addresses."""

from __future__ import annotations

import logging
import re
from functools import cache

_SIGNATURE = re.compile(r"(signature=)[^&\s\"']+")


class _WithoutSignature(logging.Filter):
    """Rewrites arguments that hold a signature; everything else passes as it is."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Always True: a line is cleaned, never lost."""
        if isinstance(record.args, tuple):
            record.args = tuple(_cleaned(argument) for argument in record.args)
        if isinstance(record.msg, str):
            record.msg = _SIGNATURE.sub(r"\1[removed]", record.msg)
        return True


_FILTER = _WithoutSignature()


def redact_request_log(logger: str = "httpx") -> None:
    """Clean what an HTTP library logs in this process; safe to call again."""
    logging.getLogger(logger).addFilter(_FILTER)


class _WithoutFolder(logging.Filter):
    """Drops what code below a folder logs."""

    def __init__(self, folder: str) -> None:
        super().__init__()
        self.folder = folder

    def filter(self, record: logging.LogRecord) -> bool:
        """False for that code's lines."""
        return not record.pathname.startswith(self.folder)


@cache
def _without_folder(folder: str) -> _WithoutFolder:
    return _WithoutFolder(folder)


def silence_root_log_of(folder: str) -> None:
    """Drop what code below this folder writes to the root logger itself; safe to call again."""
    logging.getLogger().addFilter(_without_folder(folder))


def _cleaned(argument: object) -> object:
    text = str(argument)
    return _SIGNATURE.sub(r"\1[removed]", text) if "signature=" in text else argument
