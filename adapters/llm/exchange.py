"""One request and its answer: whatever comes back, or does not, is a value.

The SDK's exceptions end here. They are turned into values inside the handler and nothing is raised from
there, so that no traceback of ours leads to a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

import openai

from adapters.llm.connections import RAW, TRANSPORT_ERRORS, is_before_sending, timeouts


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What came back, whole or up to the limit."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    is_too_long: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoAnswer:
    """Nothing came back."""

    was_sent: bool
    """Perhaps; then it may have been billed."""
    is_late: bool
    reason: str


async def exchange(
    sdk: openai.AsyncOpenAI,
    body: Mapping[str, object],
    *,
    seconds: float,
    connect_seconds: float,
    most_bytes: int,
) -> Answer | NoAnswer:
    """Send once. Never raises for what the network or the server does.

    `body` is the whole request with `model` and `messages`.
    """
    try:
        async with asyncio.timeout(seconds):
            # Not `chat.completions.create`: its typed parameters take half as long as all the rest.
            found = await sdk.post(
                "/chat/completions",
                cast_to=RAW,
                body=body,
                options={"timeout": timeouts(min(connect_seconds, seconds), seconds)},
            )
            return _answer(found.status_code, found.headers, found.content, most_bytes)
    except TimeoutError:
        return _late(seconds)
    except openai.APITimeoutError as error:
        return _late(seconds) if not is_before_sending(error.__cause__) else _unconnected(error)
    except openai.APIStatusError as error:
        answer = error.response
        return _answer(answer.status_code, answer.headers, answer.content, most_bytes)
    except openai.APIConnectionError as error:
        return _unconnected(error)
    except (openai.OpenAIError, UnicodeError, OSError) as error:
        return _broken(error)
    except TRANSPORT_ERRORS as error:
        # While the body was read, which the SDK leaves as it is.
        return _broken(error)


def _answer(status: int, headers: Mapping[str, str], body: bytes, most_bytes: int) -> Answer:
    return Answer(
        status=status,
        headers={name.lower(): value for name, value in headers.items()},
        body=body[:most_bytes],
        is_too_long=len(body) > most_bytes,
    )


def _late(seconds: float) -> NoAnswer:
    return NoAnswer(was_sent=True, is_late=True, reason=f"no whole answer within {seconds:.1f} s")


def _unconnected(error: openai.APIConnectionError) -> NoAnswer:
    cause = error.__cause__
    return NoAnswer(
        was_sent=not is_before_sending(cause),
        is_late=False,
        reason=f"{type(cause or error).__name__} {cause or error}".strip(),
    )


def _broken(error: Exception) -> NoAnswer:
    return NoAnswer(was_sent=True, is_late=False, reason=f"{type(error).__name__} {error}".strip())
