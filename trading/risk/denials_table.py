"""The table of denial codes for the documents, written from the codes so that they cannot differ."""

from __future__ import annotations

from trading.risk.verdict import DenialCode


def render_denials() -> str:
    """Markdown: one row per code with its meaning, in the order of the codes."""
    rows = (f"| `{code.value}` | {code.meaning} |" for code in DenialCode)
    return "\n".join(("| Code | Meaning |", "|---|---|", *rows)) + "\n"
