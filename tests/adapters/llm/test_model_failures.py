"""Everything that can go wrong between us and a model, over real HTTP."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from decimal import Decimal

import pytest

from adapters.llm.client import CallLimits, ModelClient
from adapters.llm.endpoint import ModelEndpoint
from adapters.llm.errors import (
    Action,
    AddressWrong,
    AnswerTooLong,
    AnswerUnusable,
    BudgetSpent,
    CallsSpent,
    CreditsExhausted,
    KeyRefused,
    ModelError,
    ModelUnknown,
    OutOfTime,
    PromptFlagged,
    PromptTooLong,
    ProviderFailed,
    RateLimited,
    RequestRefused,
    Unreachable,
)
from adapters.llm.records import Billing, ModelCall
from adapters.llm.settings import Patience
from tests.adapters.llm.conftest import (
    KEY,
    LIMITS,
    MESSAGES,
    MODEL,
    QUICK,
    SCHEMA,
    BuildClient,
    endpoint_of,
    limits_of,
)
from tests.llm_stub.says import Say, error, refuses
from tests.llm_stub.server import ModelStub
from trading.model_budget import UnknownCost


async def failure_of(client: ModelClient, limits: CallLimits = LIMITS) -> ModelError:
    with pytest.raises(ModelError) as raised:
        await client.ask(MESSAGES, limits, SCHEMA)
    return raised.value


def billings(call: ModelCall) -> list[str]:
    return [each.billing.value for each in call.attempts]


# --- a definite no -------------------------------------------------------------------------------

OPENAI_QUOTA = {
    "message": "You exceeded your current quota, please check your plan and billing details.",
    "type": "insufficient_quota",
    "param": None,
    "code": "insufficient_quota",
}
MODERATED = {
    "code": 403,
    "message": "Your input was flagged",
    "metadata": {"reasons": ["violence"], "flagged_input": "...", "provider_name": "x"},
}


@pytest.mark.parametrize(
    ("say", "kind", "action"),
    [
        (refuses(401, "No auth credentials found"), KeyRefused, Action.CALL_PERSON),
        (refuses(402, "Insufficient credits"), CreditsExhausted, Action.CALL_PERSON),
        (Say(status=429, error=OPENAI_QUOTA), CreditsExhausted, Action.CALL_PERSON),
        (refuses(403, "Key may not use this model"), KeyRefused, Action.CALL_PERSON),
        (Say(status=403, error=MODERATED), PromptFlagged, Action.CHECK_SETTINGS),
        (refuses(404, "No endpoints found for x-ai/grok-4."), ModelUnknown, Action.CALL_PERSON),
        (refuses(400, "x-ai/grok-4 is not a valid model ID"), ModelUnknown, Action.CALL_PERSON),
        (
            refuses(400, "This model's maximum context length is 8192 tokens"),
            PromptTooLong,
            Action.CHECK_SETTINGS,
        ),
        (refuses(413, "Request entity too large"), PromptTooLong, Action.CHECK_SETTINGS),
        (refuses(400, "messages: must not be empty"), RequestRefused, Action.CHECK_SETTINGS),
        (
            Say(status=422, body='{"detail":[{"loc":["body"],"msg":"bad"}]}'),
            RequestRefused,
            Action.CHECK_SETTINGS,
        ),
        (
            Say(status=404, body="<html>no</html>", content_type="text/html"),
            AddressWrong,
            Action.CALL_PERSON,
        ),
        (Say(status=404, body='{"detail":"Not Found"}'), AddressWrong, Action.CALL_PERSON),
        (
            Say(status=200, body="<!DOCTYPE html><p>Hello", content_type="text/html"),
            AddressWrong,
            Action.CALL_PERSON,
        ),
        (
            Say(status=307, body="", headers={"Location": "https://elsewhere.example"}),
            AddressWrong,
            Action.CALL_PERSON,
        ),
    ],
)
async def test_a_definite_no_is_told_by_its_kind_and_never_repeated(
    stub: ModelStub, client: ModelClient, say: Say, kind: type[ModelError], action: Action
) -> None:
    stub.script(MODEL, say)
    failed = await failure_of(client)
    assert type(failed) is kind
    assert failed.action is action
    assert failed.code.startswith("model_")
    assert MODEL in str(failed)
    assert "127.0.0.1" in str(failed)
    assert len(stub.asked) == 1
    assert billings(failed.call) == ["no"]
    assert failed.call.cost == 0


async def test_a_firewalls_page_is_no_word_on_the_key(stub: ModelStub, client: ModelClient) -> None:
    stub.script(MODEL, Say(status=403, body="<html>Attention</html>", content_type="text/html"))
    failed = await failure_of(client)
    assert type(failed) is ProviderFailed
    assert failed.action is Action.HOLD
    assert len(stub.asked) == 1


async def test_a_wrong_base_url_is_told_apart_from_a_wrong_model(
    stub: ModelStub, build: BuildClient
) -> None:
    elsewhere = ModelEndpoint(base_url=stub.site + "/api", key=None)
    failed = await failure_of(build(endpoint=elsewhere))
    assert type(failed) is AddressWrong
    assert "base_url" in str(failed)


async def test_a_retired_model_stays_retired_for_every_account(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.retire(MODEL)
    assert type(await failure_of(build())) is ModelUnknown
    assert type(await failure_of(build(endpoint=endpoint_of(stub, key="sk-other-key")))) is (
        ModelUnknown
    )


async def test_a_bad_key_of_one_account_does_not_touch_another(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.let_in(KEY)
    refused, served = await asyncio.gather(
        failure_of(build(endpoint=endpoint_of(stub, key="sk-wrong-key-wrong-key"))),
        build().ask(MESSAGES, LIMITS),
    )
    assert type(refused) is KeyRefused
    assert served.text


# --- what passes ---------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504, 529])
async def test_what_may_pass_is_asked_again(
    stub: ModelStub, client: ModelClient, status: int
) -> None:
    stub.script(MODEL, refuses(status, "try again"), Say(text="{}", cost=Decimal("0.01")))
    call = await client.ask(MESSAGES, LIMITS)
    assert call.text == "{}"
    assert [each.status for each in call.attempts] == [status, 200]
    expected = Billing.NO if status in (429, 503) else Billing.MAYBE
    assert call.attempts[0].billing is expected
    assert call.attempts[1].began_after > call.attempts[0].began_after + call.attempts[0].seconds


async def test_a_page_of_a_gateway_is_a_passing_failure_and_is_quoted_as_a_page(
    stub: ModelStub, client: ModelClient
) -> None:
    page = Say(status=502, body="<html><h1>Bad gateway</h1></html>", content_type="text/html")
    stub.script(MODEL, page, page)
    failed = await failure_of(client)
    assert type(failed) is ProviderFailed
    assert "HTTP 502: a web page" in failed.reason
    assert len(stub.asked) == 2


async def test_no_more_than_the_allowed_number_of_lost_answers_is_paid_for(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.answer_with(lambda asked: refuses(500, "boom"))
    failed = await failure_of(build(patience=QUICK))
    assert billings(failed.call) == ["maybe", "maybe"]
    assert failed.call.cost is None
    assert failed.call.unknown_costs == 2
    assert failed.call.unknown_usages == 2


async def test_what_was_not_billed_is_bounded_by_the_number_of_attempts(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.answer_with(lambda asked: refuses(503, "nobody is there"))
    failed = await failure_of(client)
    assert len(stub.asked) == QUICK.most_attempts
    assert failed.call.cost == 0


async def test_the_callers_count_of_paid_requests_ends_the_asking(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.answer_with(lambda asked: refuses(500, "boom"))
    failed = await failure_of(client, limits_of(calls=1))
    assert type(failed) is CallsSpent
    assert "boom" in str(failed)
    assert len(stub.asked) == 1


async def test_without_a_paid_request_left_nothing_is_sent(
    stub: ModelStub, client: ModelClient
) -> None:
    failed = await failure_of(client, limits_of(calls=0))
    assert type(failed) is CallsSpent
    assert stub.asked == []


async def test_a_lost_answer_of_unknown_price_is_not_asked_again_where_that_stops_the_day(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.answer_with(lambda asked: refuses(500, "boom"))
    failed = await failure_of(client, limits_of(money=Decimal(9), unknown_cost=UnknownCost.STOP))
    assert type(failed) is BudgetSpent
    assert "boom" in str(failed)
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    "limit", [{"money": Decimal("0.50")}, {"tokens": 100_000}], ids=["money", "tokens"]
)
async def test_a_lost_answer_counts_as_what_is_assumed_before_it_is_asked_again(
    stub: ModelStub, client: ModelClient, limit: dict[str, object]
) -> None:
    stub.answer_with(lambda asked: refuses(500, "boom"))
    failed = await failure_of(client, limits_of(**limit))
    assert type(failed) is BudgetSpent
    assert len(stub.asked) == 1


async def test_a_wait_that_the_provider_asks_for_is_kept_when_it_fits(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, refuses(429, "slow down", headers={"Retry-After": "0.4"}), Say(text="{}"))
    call = await client.ask(MESSAGES, LIMITS)
    first, second = call.attempts
    assert first.retry_after == 0.4
    assert second.began_after - first.began_after >= 0.4


@pytest.mark.parametrize("after", ["60", "1e999", "Sun, 06 Nov 2095 08:49:37 GMT"])
async def test_a_wait_that_does_not_fit_is_not_waited_for(
    stub: ModelStub, client: ModelClient, after: str
) -> None:
    stub.script(MODEL, refuses(429, "slow down", headers={"Retry-After": after}))
    began = time.monotonic()
    failed = await failure_of(client)
    assert type(failed) is RateLimited
    assert failed.retry_after is not None
    assert failed.retry_after >= 59
    assert time.monotonic() - began < 2
    assert len(stub.asked) == 1


@pytest.mark.parametrize("after", ["soon", "-5", "nan", "", "Mon, 99 Foo"])
async def test_a_wait_that_nobody_can_read_is_none(
    stub: ModelStub, client: ModelClient, after: str
) -> None:
    stub.script(MODEL, refuses(429, "slow", headers={"Retry-After": after}), Say(text="{}"))
    call = await client.ask(MESSAGES, LIMITS)
    assert call.text == "{}"


# --- connections ---------------------------------------------------------------------------------


async def test_nobody_listening_is_unreachable_and_costs_nothing(build: BuildClient) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        nobody = ModelEndpoint(base_url=f"http://127.0.0.1:{port}/v1")
        failed = await failure_of(build(endpoint=nobody))
    assert type(failed) is Unreachable
    assert set(billings(failed.call)) == {"no"}
    assert len(failed.call.attempts) == QUICK.most_attempts
    assert failed.call.cost == 0


async def test_a_name_that_nobody_knows_is_unreachable(build: BuildClient) -> None:
    failed = await failure_of(build(endpoint=ModelEndpoint(base_url="https://nobody.invalid/v1")))
    assert type(failed) is Unreachable
    assert set(billings(failed.call)) == {"no"}


async def test_a_connection_that_ends_before_the_request_is_tried_again(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.refuse_connections(1)
    call = await client.ask(MESSAGES, LIMITS)
    assert call.text
    assert len(call.attempts) == 2
    assert len(stub.asked) == 1


async def test_a_connection_that_ends_after_the_request_may_have_been_paid_for(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(drop=True), Say(text="{}", cost=Decimal("0.002")))
    call = await client.ask(MESSAGES, LIMITS)
    assert billings(call) == ["maybe", "yes"]
    assert call.cost is None
    assert call.known_cost == Decimal("0.002")
    assert call.unknown_costs == 1


@pytest.mark.parametrize("cut", [0, 1, 40, 200])
async def test_an_answer_that_ends_early_is_lost_and_never_completed(
    stub: ModelStub, client: ModelClient, cut: int
) -> None:
    stub.script(MODEL, Say(cut=cut), Say(text="{}"))
    call = await client.ask(MESSAGES, LIMITS)
    assert call.text == "{}"
    assert billings(call) == ["maybe", "yes"]


async def test_a_document_that_was_cut_upstream_is_asked_for_again(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(body='{"choices": [{"message": {"content": "{'), Say(text="{}"))
    call = await client.ask(MESSAGES, LIMITS)
    assert billings(call) == ["maybe", "yes"]


async def test_a_connection_that_was_closed_while_idle_is_replaced(
    stub: ModelStub, client: ModelClient
) -> None:
    for _ in range(3):
        stub.script(MODEL, Say(text="{}", headers={"Connection": "close"}))
        assert (await client.ask(MESSAGES, LIMITS)).text == "{}"


# --- time ----------------------------------------------------------------------------------------


async def test_an_attempt_that_takes_too_long_is_given_up_for_another(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(delay=3), Say(text="{}"))
    began = time.monotonic()
    call = await client.ask(MESSAGES, LIMITS)
    assert call.text == "{}"
    assert 1.0 <= time.monotonic() - began < 2.5
    assert billings(call) == ["maybe", "yes"]


async def test_the_time_of_a_decision_is_kept_whatever_the_attempts_would_take(
    stub: ModelStub, build: BuildClient
) -> None:
    stub.answer_with(lambda asked: Say(delay=5))
    began = time.monotonic()
    failed = await failure_of(build(patience=Patience()), CallLimits(seconds=0.6))
    assert type(failed) is OutOfTime
    assert 0.5 < time.monotonic() - began < 1.5
    assert failed.call.seconds < 1.5
    assert len(stub.asked) == 1


@pytest.mark.parametrize(
    "say",
    [
        Say(trickle=0.02),
        Say(endless="spaces"),
        Say(endless="events"),
        Say(endless="spaces", trickle=0.3),
    ],
    ids=["a byte at a time", "blanks for ever", "events for ever", "a blank now and then"],
)
async def test_an_answer_without_an_end_is_left(
    stub: ModelStub, build: BuildClient, say: Say
) -> None:
    stub.answer_with(lambda asked: say)
    began = time.monotonic()
    failed = await failure_of(build(), CallLimits(seconds=0.8))
    assert type(failed) is OutOfTime
    assert time.monotonic() - began < 2
    assert billings(failed.call) == ["maybe"]


# --- strange answers -----------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 500])
async def test_no_more_than_the_limit_is_read(
    stub: ModelStub, client: ModelClient, status: int
) -> None:
    stub.script(MODEL, *[Say(status=status, size=5_000_000)] * 3)
    began = time.monotonic()
    failed = await failure_of(client)
    assert type(failed) is (AnswerTooLong if status == 200 else ProviderFailed)
    assert all(len(each.raw or "") <= 64 * 1024 for each in failed.call.attempts)
    assert time.monotonic() - began < 3
    assert len(stub.asked) == (1 if status == 200 else 2)


async def test_an_answer_up_to_the_limit_is_read(stub: ModelStub, client: ModelClient) -> None:
    stub.script(MODEL, Say(size=64 * 1024))
    call = await client.ask(MESSAGES, LIMITS)
    assert len(call.attempts[0].raw or "") == 64 * 1024


@pytest.mark.parametrize(
    "body",
    [
        "[" * 60_000,
        '{"a":' * 10_000,
        '{"choices": ' + "[" * 900 + "]" * 900 + "}",
        '{"choices": [{"message": {"content": "x", "reasoning_details": '
        + "[" * 20_000
        + "]" * 20_000
        + "}}]}",
        "null",
        "[]",
        "7",
        '"text"',
        "{}",
        '{"choices": []}',
        '{"choices": [null]}',
        '{"choices": [{"text": "an older protocol"}]}',
        '{"choices": {"message": {"content": "{}"}}}',
        '{"choices": [{"message": {"content": "{}"}}], "usage": {"cost": NaN}}',
        "1" * 60_000,
        '{"choices": [{"message": {"content": "{}"}}], "n": 1e99999999999999999999}',
        "not json at all",
        "data: {}\n\n",
    ],
    ids=lambda each: each[:24],
)
async def test_bytes_that_are_no_completion_are_unusable_and_kept(
    stub: ModelStub, client: ModelClient, body: str
) -> None:
    stub.script(MODEL, *[Say(body=body)] * 3)
    began = time.monotonic()
    failed = await failure_of(client)
    assert isinstance(failed, AnswerUnusable)
    assert failed.call.attempts[0].raw == body
    assert time.monotonic() - began < 2


async def test_an_empty_body_is_asked_for_again(stub: ModelStub, client: ModelClient) -> None:
    stub.script(MODEL, Say(body=""), Say(text="{}"))
    assert (await client.ask(MESSAGES, LIMITS)).text == "{}"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "nonsense"])
async def test_a_packed_answer_is_not_unpacked(
    stub: ModelStub, client: ModelClient, encoding: str
) -> None:
    packed = Say(body=b"\x1f\x8b\x08\x00" + b"\x00" * 100, headers={"Content-Encoding": encoding})
    stub.script(MODEL, packed)
    assert isinstance(await failure_of(client), AnswerUnusable)
    assert stub.asked[0].headers["accept-encoding"] == "identity"


# --- errors inside HTTP 200 ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("inside", "kind"),
    [
        (error(429, "Rate limited upstream"), RateLimited),
        (error(502, "Provider returned error", metadata={"raw": "CUDA out of memory"}), None),
        (error(503, "No instances available"), None),
        (error("server_error", "The server had an error"), None),
        ({"message": "something broke"}, None),
        (error(402, "Insufficient credits"), CreditsExhausted),
        (error(401, "User not found."), KeyRefused),
        (error("408", "timed out"), None),
    ],
)
@pytest.mark.parametrize("place", ["top", "choice"])
async def test_an_error_inside_http_200_is_an_error(
    stub: ModelStub, client: ModelClient, inside: dict, kind: type[ModelError] | None, place: str
) -> None:
    say = Say(error=inside) if place == "top" else Say(choice_error=inside, usage=None)
    stub.script(MODEL, say, say, say)
    failed = await failure_of(client)
    assert type(failed) is (kind or ProviderFailed)
    assert "inside HTTP 200" in str(failed)
    assert set(billings(failed.call)) == {"maybe"}
    if "metadata" in inside:
        assert "CUDA out of memory" in str(failed)


async def test_an_answer_that_failed_half_way_is_billed_by_its_usage_and_not_taken(
    stub: ModelStub, client: ModelClient
) -> None:
    half = Say(
        text='{"trade_decisions": [{"asset": "BTC", "allocation_usd": 10',
        choice_error=error(502, "Upstream went away"),
        cost=Decimal("0.005"),
    )
    stub.script(MODEL, half, Say(text="{}", cost=Decimal("0.002")))
    call = await client.ask(MESSAGES, LIMITS)
    assert call.text == "{}"
    assert billings(call) == ["yes", "yes"]
    assert call.cost == Decimal("0.007")


async def test_a_finish_reason_error_without_an_object_is_an_error_too(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, Say(finish="error", text="{"), Say(text="{}"))
    call = await client.ask(MESSAGES, LIMITS)
    assert [each.outcome for each in call.attempts] == ["model_provider_failed", "answered"]


async def test_the_record_of_a_failure_is_as_whole_as_that_of_a_success(
    stub: ModelStub, client: ModelClient
) -> None:
    stub.script(MODEL, refuses(500, "boom"), refuses(500, "boom again"))
    call = (await failure_of(client)).call
    assert call.messages == MESSAGES
    assert call.reply is None
    assert call.rounds[0].parameters["model"] == MODEL
    assert [json.loads(each.raw or "")["error"]["message"] for each in call.attempts] == [
        "boom",
        "boom again",
    ]
