"""A model may ask for tools that only read: known names, rounds with an end, everything recorded."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal

import pytest

from adapters.llm.client import CallLimits, ModelClient
from adapters.llm.errors import BudgetSpent, CallsSpent, OutOfTime, ToolFailed
from adapters.llm.messages import Role, Tool
from adapters.llm.records import Stop
from adapters.llm.tools import MOST_ANSWER, MOST_IN_ROUND, BadArguments, parse_arguments
from tests.adapters.llm.conftest import (
    LIMITS,
    MESSAGES,
    MODEL,
    SCHEMA,
    BuildClient,
    limits_of,
)
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub
from trading.errors import UnknownName

TOOLS = (
    Tool(
        name="get_indicator",
        description="The newest values of an indicator.",
        parameters={"type": "object", "properties": {"name": {"type": "string"}}},
    ),
    Tool(name="get_candles", description="Closed candles.", parameters={"type": "object"}),
)


class Desk:
    """Runs tools and remembers."""

    def __init__(self) -> None:
        self.run: list[tuple[str, Mapping[str, object]]] = []

    async def __call__(self, name: str, arguments: Mapping[str, object]) -> str:
        self.run.append((name, arguments))
        if arguments.get("name") == "MAGIC":
            raise UnknownName("indicator", "MAGIC", ("RSI", "EMA"))
        if arguments.get("name") == "HUGE":
            return "1" * (MOST_ANSWER + 1)
        if arguments.get("name") == "BROKEN":
            raise ZeroDivisionError
        if arguments.get("name") == "SLOW":
            await asyncio.sleep(5)
        return '{"rsi": [48.1, 50.2]}'


@pytest.fixture
def desk() -> Desk:
    return Desk()


def asks(*calls: tuple[str, object]) -> Say:
    return Say(text=None, calls=calls, cost=Decimal("0.001"))


def told(stub: ModelStub, request: int = -1) -> list[dict]:
    """What the model was told by tools."""
    return [
        json.loads(each["content"])
        for each in stub.bodies[request]["messages"]
        if each["role"] == "tool"
    ]


async def test_a_tool_is_run_and_its_answer_goes_back_to_the_model(
    stub: ModelStub, client: ModelClient, desk: Desk
) -> None:
    stub.script(MODEL, asks(("get_indicator", {"name": "RSI"})), Say(text='{"done": true}'))
    call = await client.ask_with_tools(MESSAGES, TOOLS, desk, LIMITS, SCHEMA)
    assert call.text == '{"done": true}'
    assert desk.run == [("get_indicator", {"name": "RSI"})]
    assert told(stub) == [{"rsi": [48.1, 50.2]}]
    assistant, tool = stub.bodies[1]["messages"][2:]
    assert assistant["tool_calls"][0]["id"] == tool["tool_call_id"]


async def test_every_round_is_in_the_record(
    stub: ModelStub, client: ModelClient, desk: Desk
) -> None:
    stub.script(
        MODEL,
        asks(("get_indicator", {"name": "RSI"}), ("get_candles", {})),
        Say(text="{}", cost=Decimal("0.002")),
    )
    call = await client.ask_with_tools(MESSAGES, TOOLS, desk, LIMITS)
    first, second = call.rounds
    assert [each.messages_sent for each in call.rounds] == [2, 5]
    assert [each.role for each in call.messages] == [
        *(Role.SYSTEM, Role.USER, Role.ASSISTANT),
        *(Role.TOOL, Role.TOOL),
    ]
    assert [each.call.name for each in first.tools_run] == ["get_indicator", "get_candles"]
    assert all(each.was_run for each in first.tools_run)
    assert second.tools_run == ()
    assert call.cost == Decimal("0.003")
    for done, body in zip(call.rounds, stub.bodies, strict=True):
        sent = [each.payload() for each in call.messages[: done.messages_sent]]
        assert body == {**done.parameters, "messages": sent}


@pytest.mark.parametrize(
    ("name", "arguments", "word"),
    [
        ("place_order", {"symbol": "BTC"}, "no such tool"),
        ("get_candles ", {}, "no such tool"),
        ("", {}, "no such tool"),
        ("get_indicator", "not json", "not valid JSON"),
        ("get_indicator", "[1, 2]", "must be a JSON object"),
        ("get_indicator", "7", "must be a JSON object"),
        ("get_indicator", '{"name": "RSI", "name": "EMA"}', "twice"),
        ("get_indicator", '{"name": NaN}', "no number"),
        ("get_indicator", '{"name": "' + "x" * 5000 + '"}', "longer than"),
        ("get_indicator", "[" * 4000, "not valid JSON"),
    ],
)
async def test_what_is_wrong_with_a_request_is_told_to_the_model_and_nothing_is_run(
    stub: ModelStub, client: ModelClient, desk: Desk, name: str, arguments: object, word: str
) -> None:
    stub.script(MODEL, asks((name, arguments)), Say(text="{}"))
    call = await client.ask_with_tools(MESSAGES, TOOLS, desk, LIMITS)
    assert desk.run == []
    (answer,) = told(stub)
    assert word in answer["error"]
    assert not call.rounds[0].tools_run[0].was_run


@pytest.mark.parametrize(("name", "word"), [("MAGIC", "known: RSI, EMA"), ("HUGE", "ask for less")])
async def test_a_refusal_of_a_tool_is_told_to_the_model(
    stub: ModelStub, client: ModelClient, desk: Desk, name: str, word: str
) -> None:
    stub.script(MODEL, asks(("get_indicator", {"name": name})), Say(text="{}"))
    await client.ask_with_tools(MESSAGES, TOOLS, desk, LIMITS)
    assert word in told(stub)[0]["error"]


async def test_a_tool_that_breaks_ends_the_call_with_what_was_paid_for(
    stub: ModelStub, client: ModelClient, desk: Desk
) -> None:
    stub.script(MODEL, asks(("get_indicator", {"name": "BROKEN"})))
    with pytest.raises(ToolFailed, match="ZeroDivisionError") as raised:
        await client.ask_with_tools(MESSAGES, TOOLS, desk, LIMITS)
    assert raised.value.call.cost == Decimal("0.001")
    assert isinstance(raised.value.__cause__, ZeroDivisionError)


async def test_tools_take_of_the_same_time(
    stub: ModelStub, client: ModelClient, desk: Desk
) -> None:
    stub.script(MODEL, asks(("get_indicator", {"name": "SLOW"})))
    with pytest.raises(OutOfTime):
        await client.ask_with_tools(MESSAGES, TOOLS, desk, CallLimits(seconds=0.5))


async def test_a_model_that_never_stops_asking_is_stopped(
    stub: ModelStub, client: ModelClient, desk: Desk
) -> None:
    stub.answer_with(lambda asked: asks(("get_candles", {})))
    call = await client.ask_with_tools(MESSAGES, TOOLS, desk, LIMITS, most_rounds=4)
    assert len(stub.asked) == 5
    assert len(desk.run) == 4
    assert [each["tool_choice"] for each in stub.bodies] == ["auto"] * 4 + ["none"]
    assert call.reply is not None
    assert call.reply.stop is Stop.TOOLS


async def test_no_more_than_some_tools_are_run_in_one_round(
    stub: ModelStub, client: ModelClient, desk: Desk
) -> None:
    many = MOST_IN_ROUND + 3
    stub.script(MODEL, asks(*[("get_candles", {})] * many), Say(text="{}"))
    await client.ask_with_tools(MESSAGES, TOOLS, desk, LIMITS)
    assert len(desk.run) == MOST_IN_ROUND
    assert len(told(stub)) == many


async def test_the_count_of_paid_requests_holds_over_all_rounds(
    stub: ModelStub, client: ModelClient, desk: Desk
) -> None:
    stub.answer_with(lambda asked: asks(("get_candles", {})))
    with pytest.raises(CallsSpent) as raised:
        await client.ask_with_tools(MESSAGES, TOOLS, desk, limits_of(calls=2))
    assert len(stub.asked) == 2
    assert raised.value.call.cost == Decimal("0.002")
    assert len(raised.value.call.rounds) == 3


@pytest.mark.parametrize(
    "limit", [{"money": Decimal("0.002")}, {"tokens": 200_000}], ids=["money", "tokens"]
)
async def test_tool_rounds_end_when_the_days_money_or_tokens_are_spent(
    stub: ModelStub, client: ModelClient, desk: Desk, limit: dict[str, object]
) -> None:
    counted = {"prompt_tokens": 100_000, "completion_tokens": 0, "total_tokens": 100_000}
    stub.answer_with(lambda asked: replace(asks(("get_candles", {})), usage=counted))
    with pytest.raises(BudgetSpent, match="budget of this UTC day is used up") as raised:
        await client.ask_with_tools(MESSAGES, TOOLS, desk, limits_of(**limit))
    assert len(stub.asked) == 2
    assert raised.value.call.cost == Decimal("0.002")


async def test_arguments_that_come_as_an_object_are_taken(
    stub: ModelStub, client: ModelClient, desk: Desk
) -> None:
    call = {"id": "", "function": {"name": "get_indicator", "arguments": {"name": "RSI"}}}
    stub.script(MODEL, Say(text=None, extra={"tool_calls": [call]}), Say(text="{}"))
    await client.ask_with_tools(MESSAGES, TOOLS, desk, LIMITS)
    assert desk.run == [("get_indicator", {"name": "RSI"})]


async def test_what_a_provider_wants_to_see_again_is_passed_on(
    stub: ModelStub, build: BuildClient, desk: Desk
) -> None:
    details = [{"type": "reasoning.encrypted", "data": "b3BhcXVl" * 20, "index": 0}]
    said = Say(text=None, calls=(("get_candles", {}),), extra={"reasoning_details": details})
    stub.script("google/gemini-3-pro", said, Say(text="{}"))
    await build("google/gemini-3-pro").ask_with_tools(MESSAGES, TOOLS, desk, LIMITS)
    assert stub.bodies[1]["messages"][2]["reasoning_details"] == details
    assert stub.bodies[0].get("reasoning") is None


def test_no_arguments_are_an_empty_object() -> None:
    assert parse_arguments("") == {}
    assert parse_arguments(" {} ") == {}


def test_arguments_beyond_the_size_are_not_even_parsed() -> None:
    with pytest.raises(BadArguments, match="longer"):
        parse_arguments(" " * 5000)
