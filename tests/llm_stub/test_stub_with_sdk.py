"""The stub is honest: the SDK as it is installed can use it, streams and all."""

from __future__ import annotations

from decimal import Decimal

import openai
import pytest

from tests.llm_stub.says import Say, refuses
from tests.llm_stub.server import ModelStub

MESSAGES = [{"role": "user", "content": "What now?"}]


@pytest.fixture
def sdk(stub: ModelStub) -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key="sk-any", base_url=stub.url, max_retries=0)


async def test_the_sdk_reads_an_answer_with_usage_and_openrouters_cost(
    stub: ModelStub, sdk: openai.AsyncOpenAI
) -> None:
    stub.script("m", Say(text="Hold.", cost=Decimal("0.00042")))
    done = await sdk.chat.completions.create(
        model="m", messages=MESSAGES, extra_body={"usage": {"include": True}}
    )
    assert done.choices[0].message.content == "Hold."
    assert done.choices[0].finish_reason == "stop"
    assert done.usage is not None
    assert done.usage.prompt_tokens > 0
    assert done.usage.cost == 0.00042


async def test_the_sdk_reads_a_stream(stub: ModelStub, sdk: openai.AsyncOpenAI) -> None:
    stub.script("m", Say(text="one two three"))
    stream = await sdk.chat.completions.create(
        model="m", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = [each async for each in stream]
    said = "".join(each.choices[0].delta.content or "" for each in chunks if each.choices)
    assert said.split() == ["one", "two", "three"]
    assert chunks[-1].usage is not None


async def test_the_sdk_reads_what_a_model_asks_of_tools(
    stub: ModelStub, sdk: openai.AsyncOpenAI
) -> None:
    stub.script("m", Say(text=None, calls=(("get_candles", {"symbol": "BTC"}),)))
    done = await sdk.chat.completions.create(model="m", messages=MESSAGES)
    assert done.choices[0].finish_reason == "tool_calls"
    assert done.choices[0].message.tool_calls[0].function.name == "get_candles"


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (403, openai.PermissionDeniedError),
        (404, openai.NotFoundError),
        (429, openai.RateLimitError),
        (502, openai.InternalServerError),
    ],
)
async def test_the_sdk_raises_its_own_error_for_each_status(
    stub: ModelStub, sdk: openai.AsyncOpenAI, status: int, kind: type[openai.APIStatusError]
) -> None:
    stub.script("m", refuses(status, "no"))
    with pytest.raises(kind):
        await sdk.chat.completions.create(model="m", messages=MESSAGES)


async def test_what_came_in_is_kept_but_the_key_is_not(
    stub: ModelStub, sdk: openai.AsyncOpenAI
) -> None:
    await sdk.chat.completions.create(model="m", messages=MESSAGES)
    (asked,) = stub.asked
    assert asked.headers["authorization"] == "Bearer of 6 characters"
    assert asked.key_print is not None
    assert "sk-any" not in repr(asked)
