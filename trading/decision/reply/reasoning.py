"""Tags around a model's reasoning, as chat templates of known models write them or a model does.

A tag is known by its name, since templates differ in everything else: `<think>`, `<seed:think>`,
`<|START_THINKING|>`. What such tags stand around is a draft. Reasoning ends where its own tag is
closed as often as it was opened; what never ends there has no answer behind it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_STEMS = ("think", "thought", "reason", "reflection", "scratchpad", "monologue")
"""A name with one of these in it is about reasoning, whatever else it says."""
_NAMES = frozenset({"analysis"})
_MARKS = frozenset({"begin", "start", "end", "of"})
"""Words of a name that say which end it is, as in `<|begin_of_thought|>`."""
_ANSWER_CHANNEL = "final"
_CHANNEL_ENDS = {"<|channel|>": "<|end|>", "<|channel>": "<channel|>"}
"""By what begins a channel: what ends it. No other ending says of what it is the end."""
_FOLD = (
    {code: code + 32 for code in range(ord("A"), ord("Z") + 1)}
    | {0xFEE0 + code: ord(chr(code).lower()) for code in range(0x21, 0x7F)}
    | {ord("▁"): ord("_")}
)
"""Full-width characters are written for ASCII. `str.lower` would move places, as it makes two
characters of some."""
BEGINS = frozenset("<[◁")
"""What a tag begins with, folded."""
_TAG = re.compile(
    r"(?P<channel>[<][|]channel[|]?>)\s{0,9}(?P<which>[a-z]{1,40})"
    r"|<(?P<gap>\s{0,3})(?P<bar>\|?)(?P<slash>/?)\s{0,3}(?P<name>[a-z0-9_:.-]{1,64})(?P<end>\s{0,3}\|?>)?"
    r"|[\[◁](?P<square_slash>/?)(?P<square>think|thinking)[\]▷]"
)
"""Bounded in all of its parts, so that a hostile text costs no more than its length."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """One end of a piece of reasoning."""

    name: str
    """Without the words that say which end it is; a tag is closed by one of its own name."""
    is_opening: bool
    is_whole: bool
    """It has its last bracket. A closing tag that was cut closes nothing."""
    text: str
    """As it stands there, folded."""
    end: int
    """Of its last character, plus one."""

    @property
    def start(self) -> int:
        return self.end - len(self.text)


def fold(text: str) -> str:
    """The text in which tags are looked for, every character in its place."""
    return text.translate(_FOLD)


def tag_at(folded: str, at: int) -> Tag | None:
    """The tag of reasoning that begins at a place."""
    match = _TAG.match(folded, at)
    return None if match is None else _tag(match)


def end_of_reasoning(folded: str, opening: Tag) -> int | None:
    """The place behind its closing tag; None when it is never closed as often as opened."""
    depth = 1
    for match in _TAG.finditer(folded, opening.end):
        tag = _tag(match, within=opening.name)
        if tag is None or tag.name != opening.name:
            continue
        if tag.is_opening:
            depth += 1
        elif tag.is_whole:
            depth -= 1
        if depth == 0:
            return tag.end
    return None


def end_of_draft(folded: str, at: int) -> Tag | None:
    """The last closing tag behind a place, of reasoning that was opened before the place.

    None where reasoning is opened first: that stands on its own.
    """
    last = None
    for match in _TAG.finditer(folded, at):
        tag = _tag(match)
        if tag is not None and tag.is_opening:
            return last
        last = tag if tag is not None and tag.is_whole else last
    return last


def _tag(match: re.Match[str], within: str = "") -> Tag | None:
    if match["channel"]:
        is_answer = match["which"] == _ANSWER_CHANNEL
        return None if is_answer else _made(match, match["channel"], is_opening=True)
    if match["square"]:
        return _made(match, f"[{match['square']}", is_opening=not match["square_slash"])
    if match.group() == _CHANNEL_ENDS.get(within):
        return _made(match, within, is_opening=False)
    words = match["name"].split("_")
    name = "_".join(word for word in words if word not in _MARKS)
    if not (name in _NAMES or any(stem in name for stem in _STEMS)):
        return None
    is_whole = match["end"] is not None
    if match["gap"] and not is_whole:
        return None  # a comparison: `rsi < reasonable`
    is_closing = bool(match["slash"]) or "end" in words
    return _made(match, match["bar"] + name, is_opening=not is_closing, is_whole=is_whole)


def _made(match: re.Match[str], name: str, *, is_opening: bool, is_whole: bool = True) -> Tag:
    return Tag(
        name=name, is_opening=is_opening, is_whole=is_whole, text=match.group(), end=match.end()
    )
