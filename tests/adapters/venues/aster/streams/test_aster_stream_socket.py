"""One connection: where it goes, what it leaves out, how often it speaks, and what it never tells."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from http import HTTPStatus
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr
from websockets.asyncio.server import ServerConnection, serve

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import Unreachable
from adapters.venues.aster.networks import venue_address
from adapters.venues.aster.streams.pauses import pause_before
from adapters.venues.aster.streams.stream_socket import StreamSocket, open_socket
from adapters.venues.aster.streams.user_stream import UserStream
from tests.adapters.venues.aster.streams.conftest import QUICK, next_gap
from tests.adapters.venues.aster.test_aster_secrets import everything_about
from tests.aster_sandbox.server import Sandbox
from tests.aster_sandbox.users import User
from tests.waiting import until
from trading.account import Network
from trading.errors import InvalidRecord

KEY = "canaryListenKey0123456789"
PATH = SecretStr(f"/ws/{KEY}")


def our_lines(caplog: pytest.LogCaptureFixture) -> str:
    """What the product has logged; the servers of the test log what they are asked."""
    theirs = ("websockets.server", "uvicorn")
    ours = [each for each in caplog.records if not each.name.startswith(theirs)]
    return "".join(each.getMessage() + repr(vars(each)) for each in ours)


@asynccontextmanager
async def server_that(
    serve_one: Callable[[ServerConnection], object], **options: object
) -> AsyncIterator[str]:
    """A WebSocket server of the test's own; its address."""
    async with serve(serve_one, "127.0.0.1", 0, **options) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@asynccontextmanager
async def opened(base: str, settings=QUICK) -> AsyncIterator[StreamSocket]:
    socket = await open_socket("stream", base, PATH, settings)
    try:
        yield socket
    finally:
        await socket.close()


def test_each_network_has_its_stream_hosts_and_an_own_address_its_own() -> None:
    main, test = venue_address(Network.MAINNET), venue_address(Network.TESTNET)
    assert main.market_streams == main.user_streams == "wss://fstream.asterdex.com"
    assert test.market_streams == "wss://fstream5.asterdex-testnet.com"
    assert test.user_streams == "wss://fstream.asterdex-testnet.com"
    again = venue_address(Network.MAINNET, "https://fapi3.asterdex.com:443")
    assert again.user_streams == "wss://fstream.asterdex.com"
    own = venue_address(Network.TESTNET, "https://desk.example:8443")
    assert own.market_streams == own.user_streams == "wss://desk.example:8443"
    local = venue_address(Network.TESTNET, "http://127.0.0.1:8080")
    assert local.user_streams == "ws://127.0.0.1:8080"


async def test_messages_that_are_no_objects_or_too_long_are_told_once_and_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def tell(socket: ServerConnection) -> None:
        for text in ("no json", "[1]", "[" * 50_000, json.dumps({"e": "x" * 2_000}), b"\xff"):
            await socket.send(text)
        await socket.send(json.dumps({"e": "good", "p": 1.10}))
        await socket.wait_closed()

    async with (
        server_that(tell) as base,
        opened(base, replace(QUICK, most_frame_characters=60_000)) as socket,
    ):
        socket._settings = replace(QUICK, most_frame_characters=1_000)
        document = await asyncio.wait_for(socket.receive(), 10)
    assert (document["e"], str(document["p"])) == ("good", "1.1")
    assert socket.left_out == 5
    lines = [each.getMessage() for each in caplog.records if "left out" in each.getMessage()]
    assert len(lines) == 1


async def test_a_message_beyond_all_bounds_ends_the_connection() -> None:
    async def tell(socket: ServerConnection) -> None:
        await socket.send("x" * 100_000)
        await socket.wait_closed()

    async with server_that(tell) as base, opened(base, replace(QUICK, most_frame_bytes=1_000)) as s:
        with pytest.raises(Unreachable, match="1009"):
            await asyncio.wait_for(s.receive(), 10)


async def test_subscriptions_go_out_at_less_than_ten_messages_a_second() -> None:
    times: list[float] = []
    names: set[str] = set()

    async def answer(socket: ServerConnection) -> None:
        async for text in socket:
            times.append(asyncio.get_running_loop().time())
            command = json.loads(text)
            names.update(command["params"])
            await socket.send(json.dumps({"result": None, "id": command["id"]}))

    async with server_that(answer) as base, opened(base) as socket:
        reading = asyncio.create_task(socket.receive())
        wanted = frozenset(f"s{number}@bookTicker" for number in range(200))
        await socket.align(wanted)
        assert socket.streams == wanted == names
        for number in range(3):
            await socket.align(wanted - {f"s{number}@bookTicker"})
        with pytest.raises(InvalidRecord, match="at most 200"):
            await socket.align(wanted | {"one@more"})
        reading.cancel()
    assert len(times) == 4 + 1 + 2 + 2
    assert min(b - a for a, b in pairwise(times)) > 0.1


async def test_a_command_that_is_refused_or_never_answered_is_a_failure() -> None:
    async def refuse(socket: ServerConnection) -> None:
        await socket.recv()
        await socket.send(json.dumps({"code": 2, "msg": "Invalid request"}))
        await socket.wait_closed()

    async def ignore(socket: ServerConnection) -> None:
        await socket.wait_closed()

    for behaviour, words in ((refuse, "Invalid request"), (ignore, "not answered")):
        async with (
            server_that(behaviour) as base,
            opened(base, replace(QUICK, answer_seconds=0.3)) as socket,
        ):
            reading = asyncio.create_task(socket.receive())
            with pytest.raises(Unreachable, match=words):
                await socket.align(frozenset({"a@b"}))
            reading.cancel()


def redirect(socket: ServerConnection, _: object) -> object:
    answer = socket.respond(HTTPStatus.FOUND, "")
    answer.headers["Location"] = "ws://127.0.0.1:1/elsewhere"
    return answer


def unavailable(socket: ServerConnection, _: object) -> object:
    return socket.respond(HTTPStatus.SERVICE_UNAVAILABLE, "later")


async def nothing(socket: ServerConnection) -> None:
    await socket.wait_closed()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"process_request": redirect}, "HTTP 302"),
        ({"process_request": unavailable}, "HTTP 503"),
    ],
)
async def test_a_redirect_is_not_followed_and_no_failure_holds_the_listen_key(
    options: dict[str, object], words: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with server_that(nothing, **options) as base:
        with pytest.raises(Unreachable, match=words) as caught:
            await open_socket("user stream", base, PATH, QUICK)
    assert KEY not in everything_about(caught.value)
    assert KEY not in our_lines(caplog)


async def test_a_host_that_is_not_there_is_told_without_the_listen_key(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(Unreachable, match="ConnectionRefused") as caught:
        await open_socket("user stream", "ws://127.0.0.1:9", PATH, QUICK)
    assert KEY not in everything_about(caught.value) + our_lines(caplog)


async def test_no_line_and_no_error_of_a_whole_life_holds_a_listen_key(
    client: AsterClient, sandbox: Sandbox, user: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    keys: set[str] = set()
    told: list[str] = []
    settings = replace(QUICK, swap_seconds=0.2, overlap_seconds=0.05)
    async with UserStream(client, "alpha", settings, keep_seconds=0.1) as news:
        told.append(repr(await next_gap(news)))
        for _ in range(2):
            keys.add(str(user.listen_key))
            sandbox.drop_streams()
            told.append(repr(await next_gap(news)))
            sandbox.venue.hub.tell_user(user.listen_key, {"e": "junk", "k": user.listen_key})
            sandbox.expire_listen_key(user)
            told.append(repr(await next_gap(news)))
        keys.add(str(user.listen_key))
        await until(lambda: news.swaps)
        told += [repr(news), repr(vars(news)), repr(vars(news._line))]
    assert len(keys) >= 2
    text = our_lines(caplog) + "".join(told)
    assert "user stream of alpha" in text
    assert not [key for key in keys if key in text]


@given(st.integers(0, 10_000), st.floats(0, 1, exclude_max=True))
def test_pauses_grow_up_to_their_longest_and_never_vanish(tries: int, chance: float) -> None:
    pause = pause_before(tries, 0.5, 30.0, lambda: chance)
    assert 0.25 <= pause <= 30.0
    assert pause <= 0.5 * 2 ** min(tries, 10)
    assert pause >= min(30.0, 0.5 * 2 ** min(tries, 10)) / 2
