"""Before anything is parsed: how long the reply is, how it ended, whether there is anything in it.

The length is asked first, so that nothing else ever works on more than 64 KiB.
"""

from __future__ import annotations

from trading.decision.reply.mandate import Reply
from trading.decision.reply.outcomes import Outcome, UnreadableReply
from trading.decision.reply.words import is_blank, quoted
from trading.decisions import LONGEST_TEXT

_PROPER_ENDS = frozenset({"stop", "end_turn", "eos", "eos_token", "complete", "completed"})
"""OpenAI's word for a finished answer, and those of servers that pass on their own."""
_CUT = frozenset({"length", "max_tokens", "max_output_tokens", "model_length"})
_FILTERED = frozenset({"content_filter", "refusal", "safety", "recitation"})


def open_envelope(reply: Reply) -> str:
    """The text of a reply that came to its proper end.

    Raises
    ------
    UnreadableReply
        Too long, cut by the provider, refused, ended improperly, or empty.
    """
    content = reply.content or ""
    _require_short(content)
    _require_end(reply.finish_reason)
    if reply.refusal and not is_blank(reply.refusal):
        raise UnreadableReply(
            Outcome.REFUSAL, f"The model declined to answer: {quoted(reply.refusal, 200)}."
        )
    if is_blank(content):
        raise UnreadableReply(Outcome.EMPTY, "The reply is empty.")
    return content.removeprefix("\ufeff")


def _require_short(content: str) -> None:
    # A text has at least as many bytes as characters, so an endless one is not encoded at all.
    is_longer = len(content) > LONGEST_TEXT
    if is_longer or len(content.encode("utf-8", "surrogatepass")) > LONGEST_TEXT:
        raise UnreadableReply(
            Outcome.TOO_LONG, f"The reply has more than {LONGEST_TEXT:,} bytes of UTF-8."
        )


def _require_end(finish_reason: str | None) -> None:
    if finish_reason is None:
        return
    reason = finish_reason.strip().lower()
    if reason in _CUT:
        raise UnreadableReply(
            Outcome.TRUNCATED, "The provider cut the reply at its length limit (finish reason"
            f" {quoted(finish_reason)})."
        )  # fmt: skip
    if reason in _FILTERED:
        raise UnreadableReply(
            Outcome.REFUSAL, f"The reply was filtered (finish reason {quoted(finish_reason)})."
        )
    if reason and reason not in _PROPER_ENDS:
        raise UnreadableReply(
            Outcome.UNFINISHED, f"The reply ended with finish reason {quoted(finish_reason)}."
        )
