"""Keeps signatures out of the log of the HTTP library, which writes whole addresses."""

from __future__ import annotations

import logging
import re

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


def redact_request_log() -> None:
    """Clean what httpx logs in this process; safe to call again."""
    logging.getLogger("httpx").addFilter(_FILTER)


def _cleaned(argument: object) -> object:
    text = str(argument)
    return _SIGNATURE.sub(r"\1[removed]", text) if "signature=" in text else argument
