"""Replies made to hurt: long, deep, tangled. Work grows with the length and no faster.

Time is not asserted, since machines differ: executed lines are counted instead, and each full-sized
reply has to end within the test's own generous limit.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.trading.decision.corpus import entry, mandate
from trading.decision.contract import Contract
from trading.decision.correction import correction_message
from trading.decision.reply.mandate import Reply
from trading.decision.reply.outcomes import Outcome
from trading.decision.reply.read import read_reply
from trading.decisions import LONGEST_TEXT, Action

SHAPES: dict[str, tuple[str, str, str]] = {
    "opening brackets": ("", "[", ""),
    "opening braces": ("", "{", ""),
    "brace and quote": ("", '{"', ""),
    "one open string of braces": ('{"', "{", ""),
    "nested objects": ("", '{"a":', ""),
    "nested lists in a document": ('{"trade_decisions":', "[", ""),
    "pairs of braces": ("", "{}", ""),
    "quotes": ("", '"', ""),
    "single quotes": ("{", "'", ""),
    "escaped quotes": ('{"a":"', '\\"', ""),
    "backslashes": ('{"a":"', "\\", '"}'),
    "escapes of characters": ('{"trade_decisions":"', "\\u0041", '"}'),
    "angle brackets": ("", "<", ""),
    "opened reasoning": ("", "<think>", ""),
    "closed reasoning": ("", "<think></think>", ""),
    "closings only": ("", "</think>", ""),
    "half tags": ("", "<thin", ""),
    "tags with spaces": ("", "<   ", ""),
    "tags of other names": ("<think>", "<thinking>", "</thinking>"),
    "channels": ("", "<|channel|>final", ""),
    "lists that never close": ("", "[1 ", ""),
    "lists that never close, between closed reasoning": ("", "[“</think>", ""),
    "brackets of prose": ("", "[1 x y ", ""),
    "braces of drafts": ("", "{</think>", ""),
    "closing braces of drafts": ("", "}</think>", ""),
    "quoted ends of a draft": ('{"', "</think>", ""),
    "halves of tool calls": ("", "<tool_cal", ""),
    "prefixes of tool calls": ("", "<a:a:a:a:", ""),
    "lists that close": ("", "[1]", ""),
    "lists of objects": ("", '[{"a":1}]', ""),
    "half-open intervals": ("", "[1,2)", ""),
    "comments": ("{", "/*", ""),
    "line comments": ("{", "#\n", ""),
    "slashes": ("{", "/", ""),
    "commas": ('{"trade_decisions":[', ",", "]}"),
    "numbers": ('{"trade_decisions":[', "1,", "1]}"),
    "digits": ('{"trade_decisions":', "9", "}"),
    "empty entries": ('{"trade_decisions":[', "{},", "{}]}"),
    "unknown assets": ('{"trade_decisions":[', '{"asset":"X"},', '{"asset":"X"}]}'),
    "repeated assets": ('{"trade_decisions":[', '{"asset":"BTC"},', '{"asset":"BTC"}]}'),
    "unknown fields": ('{"trade_decisions":[],', '"x":1,', '"y":1}'),
    "words": ("{", "a ", "}"),
    "full-width braces": ("", "｛", ""),  # noqa: RUF001 - what is tested
    "small documents": ("", '{"action":1}', ""),
    "spaces": ("", " ", ""),
}


def shaped(name: str, length: int) -> str:
    """A reply of that shape and of about that many bytes, never more."""
    head, part, tail = SHAPES[name]
    room = length - len((head + tail).encode())
    return head + part * (room // len(part.encode())) + tail


@pytest.mark.parametrize("name", SHAPES)
@pytest.mark.timeout(20)
def test_a_hostile_reply_of_full_length_holds_and_says_so_in_few_words(name: str) -> None:
    text = shaped(name, LONGEST_TEXT)
    contract = Contract.SINGLE if name == "small documents" else Contract.PORTFOLIO
    reading = read_reply(Reply(content=text, finish_reason="stop"), mandate(), contract)
    assert {decision.action for decision in reading.decisions} == {Action.HOLD}
    assert reading.outcome is not Outcome.ACCEPTED
    assert len(correction_message(reading, contract)) < 5_000


@pytest.mark.parametrize("name", ["numbers", "empty entries"])
def test_what_a_hostile_reply_may_take_of_memory_is_little(name: str) -> None:
    text = shaped(name, LONGEST_TEXT)
    tracemalloc.start()
    try:
        read_reply(Reply(content=text), mandate())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 40 * 1024**2  # promised are 100 MB


@pytest.mark.parametrize("name", SHAPES)
def test_four_times_the_length_is_four_times_the_work_and_no_more(name: str) -> None:
    short, long = (
        lines_of(lambda n=length: read_reply(Reply(content=shaped(name, n)), mandate()))
        for length in (1_000, 4_000)
    )
    assert long < 5 * short + 1_000


@pytest.mark.parametrize("limit", [60, 1_000_000])
def test_depth_is_refused_before_parsing_whatever_the_interpreter_allows(limit: int) -> None:
    depth, before = sys._getframe(), sys.getrecursionlimit()
    used = 0
    while depth is not None:
        depth, used = depth.f_back, used + 1
    text = '{"trade_decisions": ' + "[" * 31 + "]" * 31 + "}"
    try:
        sys.setrecursionlimit(used + limit if limit < 1_000 else limit)
        allowed = read_reply(Reply(content=text), mandate()) if limit > 1_000 else None
        refused = read_reply(Reply(content=text.replace("[]", "[[]]")), mandate())
    finally:
        sys.setrecursionlimit(before)
    assert refused.outcome is Outcome.TOO_DEEP
    assert allowed is None or allowed.outcome is Outcome.SCHEMA or allowed.has_entries


def test_a_valid_reply_of_full_length_is_read() -> None:
    text = '{"trade_decisions": [' + entry() + '], "reasoning": "' + "x" * 60_000 + '"}'
    reading = read_reply(Reply(content=text), mandate())
    assert reading.outcome is Outcome.ACCEPTED
    assert len(reading.reasoning) == 4_000


def lines_of(work: Callable[[], Any]) -> int:
    """Executed lines of our own code."""
    count = 0

    def trace(frame: FrameType, event: str, _arg: object) -> Any:
        nonlocal count
        count += event == "line"
        return trace if "trading" in frame.f_code.co_filename else None

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count
