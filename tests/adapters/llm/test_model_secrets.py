"""The key leaves in one header of one request and nowhere else, whatever the server does with it."""

from __future__ import annotations

import base64
import io
import json
import logging
import pickle
import traceback
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from rich.console import Console
from rich.traceback import Traceback

from adapters.llm.client import CallLimits
from adapters.llm.documents import call_document
from adapters.llm.endpoint import ModelEndpoint
from adapters.llm.errors import ModelError
from adapters.llm.messages import Message, Tool, user
from adapters.llm.redaction import REMOVED, Redactor
from tests.adapters.llm.conftest import KEY, LIMITS, MESSAGES, MODEL, BuildClient
from tests.llm_stub.says import Say, error, refuses
from tests.llm_stub.server import ModelStub
from trading.errors import InvalidRecord

RAW = KEY.encode()
SHAPES = (
    KEY,
    base64.b64encode(RAW).decode().rstrip("="),
    RAW.hex(),
    quote(KEY, safe=""),
    json.dumps(KEY)[1:-1],
)
OTHER = "sk-or-v1-" + "a1b2c3d4" * 8
"""Not the account's, but one by its look."""
ESCAPED = "".join(f"\\u{ord(c):04x}" for c in KEY)


def assert_clean(text: str) -> None:
    for shape in SHAPES:
        assert shape not in text


def everything_about(thrown: BaseException) -> str:
    """The error and all that hangs on it, with the local variables of our frames."""
    parts = [repr(thrown), str(thrown), json.dumps(vars(thrown), default=repr)]
    told: BaseException | None = thrown
    while told is not None:
        frame = told.__traceback__
        while frame is not None and "/tests/" in frame.tb_frame.f_code.co_filename:
            frame = frame.tb_next
        told.__traceback__ = frame
        shown = traceback.TracebackException.from_exception(told, capture_locals=True)
        parts.append("".join(shown.format()))
        console = Console(width=400, record=True, file=io.StringIO())
        console.print(Traceback.from_exception(type(told), told, frame, show_locals=True))
        parts.append(console.export_text())
        told = told.__cause__ or told.__context__
    return "\n".join(parts)


@pytest.fixture
def logged() -> Iterator[io.StringIO]:
    """Everything that is logged on the way, at the finest level, as it would be written."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(name)s %(message)s"))
    root, before = logging.getLogger(), logging.getLogger().level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield stream
    root.removeHandler(handler)
    root.setLevel(before)


ECHOES = [
    refuses(401, f"Incorrect API key provided: {KEY}. You can find it at ..."),
    Say(status=500, body=f"<pre>Authorization: Bearer {KEY}</pre>", content_type="text/html"),
    Say(error=error(502, f"upstream got {base64.b64encode(RAW).decode()}")),
    Say(body=f'{{"error": {{"message": "{ESCAPED}", "code": 400}}}}'),
    Say(status=400, error=error(400, f"x {RAW.hex()} y {quote(KEY, safe='')}")),
    Say(status=403, headers={"X-Echo": f"Bearer {KEY}"}, error=error(403, "no")),
]


@pytest.mark.parametrize("say", ECHOES, ids=range(len(ECHOES)))
async def test_an_echoed_key_is_in_no_error_record_document_or_log(
    stub: ModelStub, build: BuildClient, logged: io.StringIO, say: Say
) -> None:
    stub.answer_with(lambda asked: say)
    with pytest.raises(ModelError) as raised:
        await build().ask(MESSAGES, LIMITS)
    call = raised.value.call
    assert_clean(everything_about(raised.value))
    assert_clean(repr(call))
    document = json.dumps(call_document(call))
    assert_clean(document)
    assert ESCAPED not in document.replace("\\\\", "\\")
    assert_clean(json.dumps(json.loads(document)))
    assert_clean(logged.getvalue())
    assert "HTTP Request" in logged.getvalue()


@pytest.mark.parametrize(
    "said",
    [KEY, ESCAPED, base64.b64encode(RAW).decode(), "sk-" + "a1b2c3d4" * 4, "0x" + "ab" * 32],
)
async def test_a_key_in_the_models_own_words_is_removed(
    stub: ModelStub, build: BuildClient, logged: io.StringIO, said: str
) -> None:
    body = '{"choices": [{"message": {"content": "My key is %s.", "reasoning": "%s"}}]}'
    stub.script(MODEL, Say(body=body % (said, said)))
    call = await build().ask(MESSAGES, LIMITS)
    assert call.text == f"My key is {REMOVED}."
    shown = json.dumps(call_document(call))
    assert_clean(shown)
    assert said not in shown
    assert_clean(logged.getvalue())


async def test_what_looks_like_a_key_in_a_models_reasoning_goes_back_to_it_and_is_not_kept(
    stub: ModelStub, build: BuildClient
) -> None:
    details = [{"type": "reasoning.text", "text": f"the key is {OTHER}"}]
    told = {"reasoning_details": details, "reasoning_content": f"the key is {OTHER}"}
    asks = Say(text=None, calls=(("look", {}),), extra=told)
    stub.script(MODEL, asks, Say(text="{}", extra=told))
    tool = Tool(name="look", description="Look.", parameters={"type": "object"})

    async def look(_name: str, _arguments: object) -> str:
        return "{}"

    call = await build().ask_with_tools(MESSAGES, [tool], look, LIMITS)
    assert stub.bodies[1]["messages"][2]["reasoning_details"] == details
    kept = json.dumps(call_document(call))
    assert OTHER not in kept
    assert OTHER not in repr(call)
    assert kept.count(f"the key is {REMOVED}") >= len(told)


@pytest.mark.parametrize(
    "key",
    [
        "gsk_" + "a1B2" * 13,
        "hf_" + "aB" * 17,
        "pplx-" + "a1" * 24,
        "SK-OR-V1-" + "AB12" * 16,
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIx.c2lnbmF0dXJl",
    ],
)
def test_keys_of_other_makers_are_known_by_their_look(key: str) -> None:
    assert Redactor(None).clean(f"the key is {key}.") == f"the key is {REMOVED}."


async def test_a_failed_connection_leads_to_no_request_that_holds_the_key(
    stub: ModelStub, build: BuildClient, logged: io.StringIO
) -> None:
    stub.answer_with(lambda asked: Say(drop=True))
    with pytest.raises(ModelError) as raised:
        await build().ask(MESSAGES, LIMITS)
    assert_clean(everything_about(raised.value))
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None
    stub.answer_with(lambda asked: Say(delay=5))
    with pytest.raises(ModelError) as raised:
        await build().ask(MESSAGES, CallLimits(seconds=0.3))
    assert_clean(everything_about(raised.value))
    assert_clean(logged.getvalue())


async def test_a_key_in_a_prompt_is_not_kept(stub: ModelStub, build: BuildClient) -> None:
    call = await build().ask([user(f"The key is {KEY}")], LIMITS)
    assert call.messages == (user(f"The key is {REMOVED}"),)


async def test_nothing_that_we_build_shows_the_key(stub: ModelStub, build: BuildClient) -> None:
    client = build()
    endpoint = ModelEndpoint(key=SecretStr(KEY))
    line = client._line
    for each in (client, endpoint, line, vars(client), line.sdk, vars(line.sdk)):
        assert_clean(repr(each))
    assert line.sdk.api_key == "set-below-the-sdk"
    assert_clean(repr(line.redactor))


async def test_a_record_can_leave_the_process_without_the_key(
    stub: ModelStub, build: BuildClient
) -> None:
    call = await build().ask(MESSAGES, LIMITS)
    assert RAW not in pickle.dumps(call)


@pytest.mark.parametrize(
    "base_url",
    [
        f"https://user:{KEY}@host.example/v1",
        f"https://host.example/v1?key={KEY}",
        f"https://host.example/v1#{KEY}",
    ],
)
def test_a_key_in_a_url_is_refused_without_being_shown(base_url: str) -> None:
    with pytest.raises(InvalidRecord) as raised:
        ModelEndpoint(base_url=base_url)
    assert_clean(str(raised.value))


@pytest.mark.parametrize("key", ["", " ", f"{KEY}\n", f"{KEY} x", "schlüssel-schlüssel"])
def test_a_key_that_cannot_stand_in_a_header_is_refused_without_being_shown(key: str) -> None:
    with pytest.raises(InvalidRecord) as raised:
        ModelEndpoint(key=SecretStr(key))
    assert KEY not in str(raised.value)


def test_a_short_key_of_a_local_server_does_not_eat_the_text() -> None:
    assert Redactor(SecretStr("none")).clean("none of them") == "none of them"


def test_ordinary_texts_are_left_alone() -> None:
    text = '{"rationale": "RSI 48.1, task-force-of-one, 0xabc, ask-bid 1.5 bps, sk-short, RISK-adjusted-returns-of-today, hf_volume"}'
    assert Redactor(SecretStr(KEY)).clean(text) == text


def test_a_message_of_another_account_is_cleaned_by_the_look_of_its_key() -> None:
    other = "sk-or-v1-" + "f" * 40
    assert other not in Redactor(None).clean(f"key {other}")
    assert Message(role=user("x").role, text="x") == user("x")
