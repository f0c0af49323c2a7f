"""A question, an answer, and what is written down of both."""

from __future__ import annotations

import json
from dataclasses import FrozenInstanceError
from decimal import Decimal

import pytest

from adapters.llm.capabilities import OutputMode
from adapters.llm.client import ModelClient
from adapters.llm.endpoint import Dialect, Routing
from adapters.llm.messages import Role
from adapters.llm.model_names import Match
from adapters.llm.records import Billing, CostSource, Stop
from adapters.llm.settings import Effort
from tests.adapters.llm.conftest import (
    LIMITS,
    MESSAGES,
    MODEL,
    SCHEMA,
    BuildClient,
    endpoint_of,
)
from tests.llm_stub.desk import print_of
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub


async def test_a_call_records_what_was_asked_answered_and_paid(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(text='{"trade_decisions": []}', cost=Decimal("0.0123"), delay=0.05))
    call = await client.ask(MESSAGES, LIMITS, SCHEMA)
    assert call.text == '{"trade_decisions": []}'
    assert call.reply is not None
    assert call.reply.stop is Stop.COMPLETE
    assert call.reply.provider == "Stub"
    assert (call.model_asked, call.model_used, call.model_match) == (MODEL, MODEL, Match.SAME)
    assert call.messages == MESSAGES
    assert call.cost == Decimal("0.0123")
    assert call.known_tokens > 0
    assert call.output is OutputMode.JSON_SCHEMA
    assert 0.05 <= call.seconds < 5
    (attempt,) = call.attempts
    assert attempt.billing is Billing.YES
    assert attempt.cost_source is CostSource.PROVIDER
    assert attempt.status == 200
    assert json.loads(attempt.raw or "")["choices"][0]["message"]["content"] == call.text


async def test_the_record_says_exactly_what_went_over_the_wire(
    stub: ModelStub, build: BuildClient
) -> None:
    client = build(temperature=Decimal("0.3"), seed=7, max_tokens=900)
    call = await client.ask(MESSAGES, LIMITS, SCHEMA)
    sent = [each.payload() for each in call.messages]
    assert stub.bodies == [{**call.rounds[0].parameters, "messages": sent}]
    assert stub.bodies[0]["temperature"] == 0.3
    assert stub.bodies[0]["response_format"]["json_schema"]["strict"] is True


async def test_a_record_cannot_be_changed(client: ModelClient) -> None:
    call = await client.ask(MESSAGES, LIMITS)
    with pytest.raises(FrozenInstanceError):
        call.host = "elsewhere"  # type: ignore[misc]


async def test_openrouter_gets_its_headers_and_its_fields(
    stub: ModelStub, build: BuildClient
) -> None:
    routing = Routing(order=("xai",), allow_fallbacks=False, require_parameters=True)
    endpoint = endpoint_of(
        stub, referer="https://perpflow.example", app_title="perpflow", routing=routing
    )
    await build(endpoint=endpoint).ask(MESSAGES, LIMITS)
    (asked,) = stub.asked
    assert asked.headers["http-referer"] == "https://perpflow.example"
    assert asked.headers["x-title"] == "perpflow"
    assert asked.body["usage"] == {"include": True}
    assert asked.body["provider"] == {
        "order": ["xai"],
        "allow_fallbacks": False,
        "require_parameters": True,
    }


async def test_another_server_gets_nothing_that_is_openrouters(
    stub: ModelStub, build: BuildClient
) -> None:
    endpoint = endpoint_of(stub, dialect=Dialect.PLAIN, referer="https://x.example", app_title="x")
    await build("openai/gpt-5", endpoint=endpoint, effort=Effort.LOW).ask(MESSAGES, LIMITS)
    (asked,) = stub.asked
    assert not {"usage", "provider", "reasoning"} & asked.body.keys()
    assert not {"http-referer", "x-title"} & asked.headers.keys()
    assert asked.body["reasoning_effort"] == "low"


async def test_a_local_server_is_asked_without_a_key(stub: ModelStub, build: BuildClient) -> None:
    endpoint = endpoint_of(stub, key=None, dialect=Dialect.PLAIN)
    call = await build("llama3", endpoint=endpoint).ask(MESSAGES, LIMITS)
    assert call.text
    assert "authorization" not in stub.asked[0].headers


async def test_each_account_asks_with_its_own_key_over_shared_connections(
    stub: ModelStub, build: BuildClient
) -> None:
    for key in ("sk-first-account-key", "sk-second-account-key"):
        await build(endpoint=endpoint_of(stub, key=key)).ask(MESSAGES, LIMITS)
    assert [each.key_print for each in stub.asked] == [
        print_of("sk-first-account-key"),
        print_of("sk-second-account-key"),
    ]
    assert stub.connections == 1


async def test_nothing_of_the_environment_goes_along(
    stub: ModelStub, build: BuildClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-somebody")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-of-somebody")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-somebody-else")
    monkeypatch.setenv("OPENAI_BASE_URL", "https://elsewhere.example")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Extra: yes\nAuthorization: Bearer other")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    await build(endpoint=endpoint_of(stub)).ask(MESSAGES, LIMITS)
    (asked,) = stub.asked
    assert set(asked.headers) <= {
        *("host", "content-type", "content-length", "accept", "accept-encoding"),
        *("user-agent", "authorization", "connection"),
    }
    assert asked.key_print == print_of("sk-or-v1-0badc0de0badc0de0badc0de0badc0de")
    assert asked.headers["user-agent"].startswith("perpflow")


@pytest.mark.parametrize(
    ("say", "stop"),
    [
        (Say(text='{"trade_decisions": [', finish="length"), Stop.CUT),
        (Say(text="", finish="content_filter"), Stop.FILTERED),
        (Say(text=None, refusal="I cannot help with that."), Stop.REFUSED),
        (Say(text=""), Stop.EMPTY),
        (Say(text=None), Stop.EMPTY),
        (Say(text=" \n\t "), Stop.EMPTY),
        (Say(text="{}", finish=None), Stop.UNTOLD),
        (Say(text="{}", finish="strange"), Stop.UNTOLD),
        (Say(text=None, calls=(("get_candles", {}),)), Stop.TOOLS),
    ],
    ids=lambda each: each.value if isinstance(each, Stop) else "",
)
async def test_an_answer_that_is_none_comes_back_with_its_reason_and_is_not_asked_again(
    stub: ModelStub, client: ModelClient, say: Say, stop: Stop
) -> None:
    stub.script(MODEL, say)
    call = await client.ask(MESSAGES, LIMITS)
    assert call.reply is not None
    assert call.reply.stop is stop
    assert len(stub.asked) == 1


async def test_text_in_parts_is_one_text(stub: ModelStub, client: ModelClient) -> None:
    parts = [{"type": "text", "text": '{"trade_'}, {"type": "text", "text": 'decisions": []}'}]
    stub.script(MODEL, Say(text=parts))
    assert (await client.ask(MESSAGES, LIMITS)).text == '{"trade_decisions": []}'


async def test_reasoning_is_kept_apart_from_the_answer(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(text="{}", reasoning="Let me think about BTC."))
    call = await client.ask(MESSAGES, LIMITS)
    assert call.text == "{}"
    assert call.reply is not None
    assert call.reply.reasoning == "Let me think about BTC."
    usage = call.attempts[0].usage
    assert usage is not None
    assert usage.reasoning


async def test_reasoning_is_not_sent_back_by_openrouter_unless_it_is_wanted(
    stub: ModelStub, build: BuildClient
) -> None:
    await build("openai/gpt-5").ask(MESSAGES, LIMITS)
    await build("openai/gpt-5", wants_reasoning=True, effort=Effort.HIGH).ask(MESSAGES, LIMITS)
    assert stub.bodies[0]["reasoning"] == {"exclude": True}
    assert stub.bodies[1]["reasoning"] == {"effort": "high"}


async def test_a_blank_before_the_document_keeps_a_connection_alive_and_is_no_error(
    stub: ModelStub, client: ModelClient
) -> None:
    body = "\n   \n" + json.dumps({"choices": [{"message": {"content": "{}"}}]})
    stub.script(MODEL, Say(body=body))
    assert (await client.ask(MESSAGES, LIMITS)).text == "{}"


async def test_another_model_than_the_one_asked_is_told(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(model="x-ai/grok-3-mini"))
    call = await client.ask(MESSAGES, LIMITS)
    assert call.model_used == "x-ai/grok-3-mini"
    assert call.model_match is Match.OTHER


@pytest.mark.parametrize(
    ("asked", "used", "match"),
    [
        ("openai/gpt-4o", "openai/gpt-4o", Match.SAME),
        ("openai/gpt-4o", "openai/gpt-4o-2024-08-06", Match.VERSION),
        ("gpt-4o", "gpt-4o-mini", Match.OTHER),
        ("gpt-4o-2024-08-06", "gpt-4o-2024-11-20", Match.OTHER),
        ("x-ai/grok-4", "x-ai/grok-4-07-09", Match.VERSION),
        ("x-ai/grok-4", "x-ai/grok-3", Match.OTHER),
        ("deepseek/deepseek-chat:free", "deepseek/deepseek-chat", Match.SAME),
        ("x-ai/grok-4", "grok-4", Match.SAME),
        ("claude-3-5-sonnet-latest", "claude-3-5-sonnet-20241022", Match.VERSION),
        ("openrouter/auto", "anthropic/claude-sonnet-4.5", Match.CHOSEN),
        ("o1", "o1-preview", Match.OTHER),
        ("o1", "o1-pro", Match.OTHER),
        ("o1", None, Match.UNTOLD),
        ("llama3.1:70b", "llama3.1:8b", Match.OTHER),
        ("llama3.1:8b", "llama3.1:8b", Match.SAME),
        ("llama3.1", "llama3.1:latest", Match.SAME),
        ("x-ai/grok-4:online", "x-ai/grok-4-0709", Match.VERSION),
        ("acme/x", "acme/x-70", Match.OTHER),
        ("openai/gpt-4", "openai/gpt-4-32", Match.OTHER),
        ("acme/x", "acme/x-1399", Match.OTHER),
        ("mistralai/mistral-large", "mistralai/mistral-large-2411", Match.VERSION),
        ("cohere/command-r", "cohere/command-r-08-2024", Match.VERSION),
        ("gemini-1.5-pro", "gemini-1.5-pro-002", Match.VERSION),
        ("gpt-4", "gpt-4-0125-preview", Match.VERSION),
    ],
)
def test_names_of_models_are_compared_without_their_dates(
    asked: str, used: str | None, match: Match
) -> None:
    assert Match.of(asked, used) is match


async def test_characters_that_a_database_refuses_are_replaced(
    stub: ModelStub, client: ModelClient
) -> None:
    body = b'{"choices":[{"message":{"content":"a\\u0000b\\ud800c \xff"},"finish_reason":"stop"}]}'
    stub.script(MODEL, Say(body=body))
    call = await client.ask(MESSAGES, LIMITS)
    assert call.text == "a\ufffdb\ufffdc \ufffd"
    assert "\x00" not in (call.attempts[0].raw or "")


def test_the_roles_are_those_of_the_protocol() -> None:
    assert [each.value for each in Role] == ["system", "user", "assistant", "tool"]
