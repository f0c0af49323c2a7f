"""The venue's no: a code, words, and the HTTP status they come with."""

from __future__ import annotations

from typing import Any


class VenueRefusal(Exception):
    """Raised anywhere below a route; becomes the answer `{code, msg}`. Nothing was changed then."""

    def __init__(
        self, code: int, text: str, status: int = 400, headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(code, text)
        self.code, self.text, self.status = code, text, status
        self.headers = headers or {}

    @property
    def document(self) -> dict[str, Any]:
        return {"code": self.code, "msg": self.text}


def missing(name: str) -> VenueRefusal:
    return VenueRefusal(
        -1102, f"Mandatory parameter '{name}' was not sent, was empty/null, or malformed."
    )
