"""Where and how a model is asked: what is refused before anything is sent, and the stored document."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from adapters.llm.client import CallLimits, ModelClient
from adapters.llm.documents import call_document
from adapters.llm.endpoint import OPENROUTER_URL, Dialect, ModelEndpoint
from adapters.llm.errors import ModelError
from adapters.llm.settings import ModelSettings, Patience
from tests.adapters.llm.conftest import LIMITS, MESSAGES, MODEL
from tests.llm_stub.says import Say
from tests.llm_stub.server import ModelStub
from trading.errors import InvalidRecord


def test_openrouter_is_the_endpoint_unless_another_is_named() -> None:
    assert ModelEndpoint().base_url == OPENROUTER_URL
    assert ModelEndpoint().is_openrouter
    assert ModelEndpoint().host == "openrouter.ai"


@pytest.mark.parametrize(
    ("base_url", "host", "is_openrouter"),
    [
        ("https://api.x.ai/v1/", "api.x.ai", False),
        ("https://eu.openrouter.ai/api/v1", "eu.openrouter.ai", True),
        ("https://notopenrouter.ai/v1", "notopenrouter.ai", False),
        ("http://localhost:11434/v1", "localhost:11434", False),
        ("http://[::1]:8080/v1", "[::1]:8080", False),
        ("http://127.0.0.1:8000", "127.0.0.1:8000", False),
        ("https://api.openai.com/v1/chat/completions", "api.openai.com", False),
    ],
)
def test_any_server_can_be_named(base_url: str, host: str, is_openrouter: bool) -> None:
    endpoint = ModelEndpoint(base_url=base_url)
    assert endpoint.host == host
    assert endpoint.is_openrouter is is_openrouter
    assert not endpoint.base_url.endswith(("/", "/completions"))


def test_a_gateway_can_be_told_to_be_openrouters_like() -> None:
    gateway = ModelEndpoint(base_url="https://gate.example/v1", dialect=Dialect.OPENROUTER)
    assert gateway.is_openrouter


@pytest.mark.parametrize(
    "base_url",
    [
        "http://api.x.ai/v1",
        "http://10.0.0.5:8000/v1",
        "ftp://localhost/v1",
        "localhost:11434/v1",
        "https://",
        "https://host:99999/v1",
        "https://host:x/v1",
        "https://ho st/v1",
        "",
        "https://bücher.example/v1",
    ],
)
def test_an_address_that_would_send_a_key_in_the_clear_or_nowhere_is_refused(base_url: str) -> None:
    with pytest.raises(InvalidRecord, match="base_url"):
        ModelEndpoint(base_url=base_url)


@pytest.mark.parametrize("host", ["169.254.169.254", "metadata.google.internal", "0.0.0.0"])
def test_no_model_is_asked_at_a_link_local_or_metadata_address_whatever_the_account_says(
    host: str,
) -> None:
    with pytest.raises(InvalidRecord, match="nothing that a model is asked at"):
        ModelEndpoint(base_url=f"https://{host}/v1", allow_private=True)


@pytest.mark.parametrize("host", ["10.0.0.5", "llm.lan"])
def test_a_server_in_a_private_network_is_asked_where_the_account_says_so(host: str) -> None:
    with pytest.raises(InvalidRecord, match=r"openrouter\.allow_private: true"):
        ModelEndpoint(base_url=f"https://{host}/v1")
    assert ModelEndpoint(base_url=f"https://{host}/v1", allow_private=True).host == host


@pytest.mark.parametrize("text", ["a\nb", "tränen", "x\r\nX-Evil: 1"])
def test_a_header_cannot_be_smuggled_in(text: str) -> None:
    with pytest.raises(InvalidRecord, match="referer"):
        ModelEndpoint(referer=text)
    with pytest.raises(InvalidRecord, match="app_title"):
        ModelEndpoint(app_title=text)


@pytest.mark.parametrize(
    "wrong",
    [
        {"model": ""},
        {"model": " grok"},
        {"model": "x" * 201},
        {"temperature": Decimal("2.1")},
        {"temperature": Decimal("-0.1")},
        {"top_p": Decimal("1.01")},
        {"max_tokens": 0},
    ],
)
def test_settings_outside_their_range_are_refused(wrong: dict) -> None:
    with pytest.raises(InvalidRecord):
        ModelSettings(**{"model": "m", **wrong})


@pytest.mark.parametrize(
    "wrong",
    [
        {"attempt_seconds": 0},
        {"most_attempts": 0},
        {"most_paid": 0},
        {"most_bytes": 100},
        {"least_seconds": -1},
    ],
)
def test_patience_has_an_end_and_a_beginning(wrong: dict) -> None:
    with pytest.raises(InvalidRecord):
        Patience(**wrong)


@pytest.mark.parametrize("seconds", [0, -1, 4000])
def test_a_call_needs_a_time_limit(seconds: float) -> None:
    with pytest.raises(InvalidRecord):
        CallLimits(seconds=seconds)


async def test_the_document_of_a_call_is_json_and_complete(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(cost=Decimal("0.000001"), text="a\x00b", reasoning="r"))
    call = await client.ask(MESSAGES, LIMITS)
    document = json.loads(json.dumps(call_document(call)))
    assert document["model_asked"] == document["model_used"] == MODEL
    assert document["cost"] == document["known_cost"] == "0.000001"
    assert document["messages"][1] == {
        "role": "user",
        "text": MESSAGES[1].text,
        "tool_calls": [],
        "tool_call_id": None,
        "passed_on": {},
    }
    assert document["rounds"][0]["reply"]["stop"] == "complete"
    assert document["rounds"][0]["attempts"][0]["billing"] == "yes"
    assert document["started_at"].endswith("+00:00")
    assert "\x00" not in json.dumps(document["rounds"][0]["reply"], ensure_ascii=False)


async def test_the_document_of_a_failure_has_the_same_fields(
    stub: ModelStub, client: ModelClient
) -> None:
    done = call_document(await client.ask(MESSAGES, LIMITS))
    stub.script(MODEL, Say(status=401, error={"code": 401, "message": "no"}))
    with pytest.raises(ModelError) as raised:
        await client.ask(MESSAGES, LIMITS)
    failed = call_document(raised.value.call)
    assert failed.keys() == done.keys()
    assert failed["cost"] == "0"
    assert failed["rounds"][0]["reply"] is None
