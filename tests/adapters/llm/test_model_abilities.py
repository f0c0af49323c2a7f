"""What a model takes is known beforehand, said by the account, or learned from a refusal by name."""

from __future__ import annotations

from decimal import Decimal

import pytest

from adapters.llm.capabilities import Abilities, AbilityMemory, OutputMode, abilities_of
from adapters.llm.endpoint import Dialect
from adapters.llm.errors import ModelError, RequestRefused
from adapters.llm.messages import Tool
from adapters.llm.settings import Effort
from tests.adapters.llm.conftest import (
    LIMITS,
    MESSAGES,
    QUICK,
    SCHEMA,
    BuildClient,
    endpoint_of,
    limits_of,
)
from tests.llm_stub.says import Say, error, refuses, unsupported
from tests.llm_stub.server import ModelStub

TOOL = Tool(name="get_candles", description="Candles.", parameters={"type": "object"})


def shapes(stub: ModelStub) -> list[str | None]:
    return [each.shape for each in stub.asked]


async def test_a_refused_schema_becomes_json_mode_and_that_becomes_text(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.refuse("openai/gpt-4o", "json_schema", "json_object")
    call = await build("openai/gpt-4o").ask(MESSAGES, LIMITS, SCHEMA)
    assert shapes(stub) == ["json_schema", "json_object", None]
    assert call.output is OutputMode.TEXT
    assert [each.left_out for each in call.attempts] == ["response_format", "response_format", None]
    assert call.billed_attempts == 1


async def test_a_lesson_is_remembered_for_all_accounts_of_the_process(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.refuse("openai/gpt-4o", "json_schema")
    memory = AbilityMemory()
    await build("openai/gpt-4o", memory=memory).ask(MESSAGES, LIMITS, SCHEMA)
    other = endpoint_of(stub, key="sk-another-account")
    await build("openai/gpt-4o", memory=memory, endpoint=other).ask(MESSAGES, LIMITS, SCHEMA)
    await build("openai/gpt-4.1", memory=memory).ask(MESSAGES, LIMITS, SCHEMA)
    assert shapes(stub) == ["json_schema", "json_object", "json_object", "json_schema"]


async def test_lessons_do_not_count_as_attempts(stub: ModelStub, build: BuildClient) -> None:
    stub.refuse("m", "json_schema", "json_object", "temperature", "top_p", "seed", "max_tokens")
    client = build("m", temperature=Decimal("0.2"), top_p=Decimal("0.9"), seed=1)
    call = await client.ask(MESSAGES, limits_of(calls=1), SCHEMA)
    assert call.text
    assert stub.bodies[-1].keys() == {"model", "messages", "max_completion_tokens", "usage"}


async def test_lessons_inside_an_answer_that_may_be_billed_are_bounded_like_any_paid_request(
    stub: ModelStub, build: BuildClient
) -> None:
    names = iter(["response_format", "response_format", "temperature", "top_p", "seed", ""])
    stub.answer_with(lambda asked: Say(error=error(400, f"Unsupported parameter: {next(names)}")))
    client = build("m", temperature=Decimal("0.5"), top_p=Decimal("0.5"), seed=7)
    with pytest.raises(RequestRefused) as raised:
        await client.ask(MESSAGES, LIMITS, SCHEMA)
    assert raised.value.call.billed_attempts == QUICK.most_paid
    assert shapes(stub) == ["json_schema", "json_object"]


async def test_a_refusal_of_nothing_that_was_sent_ends_the_asking(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.script("m", unsupported("logit_bias"))
    with pytest.raises(RequestRefused):
        await build("m").ask(MESSAGES, LIMITS)
    assert len(stub.asked) == 1


async def test_a_value_that_is_wrong_is_not_left_out_silently(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.script("m", refuses(400, "temperature must be at most 1, got 1.5"))
    with pytest.raises(RequestRefused, match="temperature"):
        await build("m", temperature=Decimal("1.5")).ask(MESSAGES, LIMITS)


@pytest.mark.parametrize(
    ("message", "left_out"),
    [
        ("This response_format type is unavailable now", "response_format"),
        ("Function calling with a response mime type: 'application/json' is unsupported", None),
        ("structured outputs are not supported by this model", "response_format"),
        ("Invalid schema for response_format 'trade_decisions'", "response_format"),
        ("`tools` is not supported by this model", "tools"),
        ("Extra inputs are not permitted: reasoning", "reasoning"),
        ("Unsupported parameter: 'max_tokens'", "max_tokens"),
    ],
)
async def test_servers_word_the_same_refusal_differently(
    stub: ModelStub, build: BuildClient, message: str, left_out: str | None
) -> None:
    stub.script("openai/o3-pro", refuses(400, message))
    memory, everything = AbilityMemory(), Abilities(reasoning=True)
    client = build("openai/o3-pro", memory=memory, effort=Effort.LOW, abilities=everything)
    call = await client.ask_with_tools(MESSAGES, [TOOL], _never, LIMITS, SCHEMA)
    assert call.attempts[0].left_out == (left_out or "response_format")


@pytest.mark.parametrize(
    ("message", "gone"),
    [
        ("No endpoints found that support tool use. Try disabling get_candles.", "tools"),
        ("No endpoints found that can handle the requested parameters.", "response_format"),
    ],
)
async def test_openrouters_404_for_parameters_is_no_unknown_model(
    stub: ModelStub, build: BuildClient, message: str, gone: str
) -> None:
    stub.script("openai/gpt-4o", refuses(404, message))
    call = await build("openai/gpt-4o").ask_with_tools(MESSAGES, [TOOL], _never, LIMITS, SCHEMA)
    assert call.text
    first, second = stub.bodies
    assert gone in first
    assert second.get(gone) != first[gone]


async def test_an_account_can_say_itself_what_its_model_takes(
    stub: ModelStub, build: BuildClient
) -> None:
    own = Abilities(output=OutputMode.TEXT, tools=False)
    await build("openai/gpt-4o", abilities=own).ask_with_tools(
        MESSAGES, [TOOL], _never, LIMITS, SCHEMA
    )
    assert not {"response_format", "tools", "tool_choice"} & stub.bodies[0].keys()


async def test_without_a_schema_no_shape_is_asked_for(stub: ModelStub, build: BuildClient) -> None:
    await build("openai/gpt-4o").ask(MESSAGES, LIMITS)
    assert shapes(stub) == [None]


async def test_a_model_that_refuses_everything_ends_in_one_error(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.answer_with(lambda asked: unsupported(next(iter(asked.body.keys() - {"messages"}))))
    with pytest.raises(ModelError) as raised:
        await build("m", temperature=Decimal(1), seed=3).ask(MESSAGES, LIMITS, SCHEMA)
    assert raised.value.call.cost == 0
    assert len(stub.asked) < 12


@pytest.mark.parametrize(
    ("model", "output", "tools", "reasoning"),
    [
        ("x-ai/grok-4", "json_schema", True, False),
        ("openai/gpt-5-mini", "json_schema", True, True),
        ("deepseek/deepseek-r1", "json_object", False, True),
        ("deepseek/deepseek-chat:free", "json_object", True, False),
        ("anthropic/claude-3-sonnet", "text", True, False),
        ("anthropic/claude-sonnet-4.5", "json_schema", True, True),
        ("google/gemini-2.5-pro", "json_schema", True, True),
        ("my-own-model", "json_schema", True, False),
    ],
)
def test_the_table_knows_the_families(
    model: str, output: str, tools: bool, reasoning: bool
) -> None:
    found = abilities_of(model)
    assert (found.output.value, found.tools, found.reasoning) == (output, tools, reasoning)


def test_what_is_learned_of_one_shape_does_not_take_another_away() -> None:
    memory = AbilityMemory()
    weak = Abilities(output=OutputMode.JSON_OBJECT)
    assert memory.learn("h", "m", weak, "response_format")
    assert memory.applied("h", "m", weak).output is OutputMode.TEXT
    assert memory.applied("h", "m", Abilities()).output is OutputMode.JSON_SCHEMA
    assert memory.applied("other", "m", weak) == weak


def test_learning_ends() -> None:
    memory, believed = AbilityMemory(), Abilities(reasoning=True)
    lessons = 0
    while lessons < 100:
        now = memory.applied("h", "m", believed)
        names = ("response_format", "tools", "reasoning", "seed", "max_tokens")
        if not any(memory.learn("h", "m", now, name) for name in names):
            break
        lessons += 1
    assert lessons == 6


async def test_new_models_of_openai_get_the_newer_name_of_the_token_limit(
    stub: ModelStub, build: BuildClient
) -> None:
    client = build("gpt-5", endpoint=endpoint_of(stub, dialect=Dialect.PLAIN), max_tokens=800)
    await client.ask(MESSAGES, LIMITS)
    assert stub.bodies[0]["max_completion_tokens"] == 800
    assert "max_tokens" not in stub.bodies[0]


async def test_an_answer_of_any_shape_is_carried_as_it_is(
    stub: ModelStub, build: BuildClient
) -> None:
    fenced = 'Sure!\n```json\n{"trade_decisions": []}\n```'
    stub.script("m", Say(text=fenced))
    assert (await build("m").ask(MESSAGES, LIMITS, SCHEMA)).text == fenced


async def _never(name: str, arguments: object) -> str:
    raise AssertionError(f"{name} was run")
