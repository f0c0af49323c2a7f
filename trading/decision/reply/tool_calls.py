"""Calls of tools that a model wrote into its text, as servers without a parser for them pass on.

Whoever still asks for a tool has not finished: what stands beside the call was decided without its
answer. Known by the name of the tag: Qwen's and Hermes' `<tool_call>`, Mistral's `[TOOL_CALLS]`,
DeepSeek's, Llama's, Cohere's and whatever else has calls of tools or functions in its name.
"""

from __future__ import annotations

import re

_CALL = re.compile(
    r"<\s{0,3}[|/]{0,2}\s{0,3}(?:[a-z0-9]{1,20}[:_.|-]){0,4}(?:tool|function)[_ .-]?(?:call|use)"
    r"|<\s{0,3}function\s{0,3}[= ]|<(?:[a-z0-9]{1,20}:)?invoke\s"
    r"|<\|(?:python_tag|start_action|action_start)\|>"
    r"|\[tool_calls?\]"
)
"""Bounded in all of its parts, so that a hostile text costs no more than its length."""


def is_tool_call_at(folded: str, at: int) -> bool:
    """Whether a call of a tool begins, or ends, at that place of a text folded for tags."""
    return _CALL.match(folded, at) is not None
