"""One HTTP request, byte for byte, and what is read out of it.

Parameters come in the query, in a form body, or in both; of a name that is in both the query counts
(reference: aster 1.1). A body's content type is ignored: clients send empty ones as JSON.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl

_MARK = "signature="


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """As it came."""

    method: str
    path: str
    """Percent-decoded, e.g. `/fapi/v3/order`."""
    query: str
    body: str
    headers: dict[str, str] = field(repr=False)
    """Names in small letters."""
    host: str = "127.0.0.1"
    """Address of the client."""

    @property
    def parameters(self) -> dict[str, str]:
        """Names and values; those of the body first, so that the query wins."""
        return {
            name: value
            for text in (self.body, self.query)
            for name, value in parse_qsl(text, keep_blank_values=True)
        }

    def signed_text(self) -> tuple[str, str]:
        """Query and body without the signature, which ends one of them; and the signature."""
        for first, second, is_query in (
            (self.query, self.body, True),
            (self.body, self.query, False),
        ):
            cut = _cut(first)
            if cut is not None:
                text, signature = cut
                return (text + second if is_query else second + text), signature
        return self.query + self.body, ""


def _cut(text: str) -> tuple[str, str] | None:
    before, mark, signature = text.rpartition(_MARK)
    if not mark or "&" in signature or (before and not before.endswith("&")):
        return None
    return before.removesuffix("&"), signature
