"""One WebSocket of Aster: opened, subscribed, read, and ended with a reason in our own words.

The listen key stands in the address of a user stream, so no address is ever logged or put into an
error: the library's own log is off, its errors are told by their kind. Messages are JSON objects;
what is none, or is too long, is counted, told once, and left out.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Iterable
from decimal import Decimal
from itertools import count, islice
from typing import Any, cast

from pydantic import SecretStr
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from adapters.outgoing_http import tls_context, user_agent
from adapters.venues.aster.errors import Unreachable, cleaned
from adapters.venues.aster.streams.settings import MOST_STREAMS, StreamSettings
from trading.errors import InvalidRecord

Document = dict[str, Any]

_log = logging.getLogger("perpflow.aster.streams")
# The library would write addresses and messages into its log.
_SILENT = logging.getLogger("perpflow.aster.streams.wire")
_SILENT.setLevel(logging.CRITICAL + 1)
_NAMES_AT_ONCE = 50
"""In one SUBSCRIBE, which keeps it under two kilobytes."""


class StreamSocket:
    """One open connection. `receive` is called by one task only."""

    def __init__(self, what: str, connection: ClientConnection, settings: StreamSettings) -> None:
        self.what = what
        self.streams: frozenset[str] = frozenset()
        """What the venue has confirmed."""
        self.left_out = 0
        """Messages that could not be used."""
        self._connection = connection
        self._settings = settings
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[None]] = {}
        self._may_send_at = 0.0

    async def receive(self) -> Document:
        """The next message that is an event.

        Raises
        ------
        Unreachable
            The connection has ended, or nothing came for too long.
        """
        while True:
            document = self._parsed(await self._frame())
            if document is not None and not self._is_answer(document):
                return document

    async def align(self, wanted: frozenset[str]) -> None:
        """Subscribe to exactly these; while somebody receives. Raises `Unreachable`, `InvalidRecord`."""
        if len(wanted) > MOST_STREAMS:
            raise InvalidRecord(f"{len(wanted)} streams on one connection; at most {MOST_STREAMS}")
        gone, fresh = self.streams - wanted, wanted - self.streams
        for names in _portions(gone):
            await self._command("UNSUBSCRIBE", names)
            self.streams -= frozenset(names)
        for names in _portions(fresh):
            await self._command("SUBSCRIBE", names)
            self.streams |= frozenset(names)

    async def close(self) -> None:
        """Say goodbye; takes at most the library's two seconds."""
        await self._connection.close()

    async def _frame(self) -> str | bytes:
        try:
            async with asyncio.timeout(self._settings.silence_seconds):
                return await self._connection.recv()
        except TimeoutError:
            reason = f"no message for {self._settings.silence_seconds:g} s"
        except ConnectionClosed as closed:
            reason = _reason_of(closed)
        raise Unreachable(self.what, reason)

    def _parsed(self, frame: str | bytes) -> Document | None:
        if len(frame) > self._settings.most_frame_characters:
            return self._leave_out(f"{len(frame)} characters are too many")
        try:
            document = json.loads(frame, parse_float=Decimal)
        except (ValueError, RecursionError):
            return self._leave_out("it is no JSON")
        if not isinstance(document, dict):
            return self._leave_out("it is no JSON object")
        return cast("Document", document)

    def _leave_out(self, why: str) -> None:
        """Its text is not repeated: it may hold a listen key, or anything else."""
        self.left_out += 1
        if self.left_out in (1, 10, 100, 1000):
            _log.warning("%s: a message is left out: %s (%d so far)", self.what, why, self.left_out)

    def _is_answer(self, document: Document) -> bool:
        if "e" in document or "data" in document:
            return False
        if "code" in document or "error" in document:
            self._refused(document)
            return True
        asked = self._asked.pop(document.get("id", 0), None)
        if asked is not None and not asked.done():
            asked.set_result(None)
        return "result" in document

    def _refused(self, document: Document) -> None:
        """The venue does not always say which command it means: whoever waits hears it."""
        words = cleaned(str(document.get("msg") or document.get("error")))
        for asked in self._asked.values():
            if not asked.done():
                asked.set_exception(Unreachable(self.what, f"a command was refused: {words}"))
        self._asked.clear()

    async def _command(self, method: str, names: tuple[str, ...]) -> None:
        number = next(self._numbers)
        asked: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._asked[number] = asked
        command = {"method": method, "params": names, "id": number}
        try:
            await self._in_turn()
            async with asyncio.timeout(self._settings.answer_seconds):
                await self._connection.send(json.dumps(command))
                await asked
        except TimeoutError:
            reason = f"{method} was not answered within {self._settings.answer_seconds:g} s"
        except ConnectionClosed as closed:
            reason = _reason_of(closed)
        else:
            return
        finally:
            self._asked.pop(number, None)
        raise Unreachable(self.what, reason)

    async def _in_turn(self) -> None:
        clock = asyncio.get_running_loop().time
        wait = self._may_send_at - clock()
        self._may_send_at = max(self._may_send_at, clock()) + self._settings.send_every_seconds
        if wait > 0:
            await asyncio.sleep(wait)


async def open_socket(
    what: str, base: str, path: SecretStr, settings: StreamSettings
) -> StreamSocket:
    """A connection to `base` + `path`; certificates are checked, proxies and redirects not used.

    Raises
    ------
    Unreachable
        It could not be had.
    """
    made = await _connected(base, path, settings)
    if isinstance(made, str):
        # Here, where no address is at hand: a traceback may show the local variables of its frames.
        raise Unreachable(what, made)
    return StreamSocket(what, made, settings)


class _ConnectThere(connect):
    """Never to another address than the one that was asked for: the key would go along."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


async def _connected(
    base: str, path: SecretStr, settings: StreamSettings
) -> ClientConnection | str:
    try:
        return await _ConnectThere(
            base + path.get_secret_value(),
            ssl=tls_context() if base.startswith("wss:") else None,
            proxy=None,
            compression=None,
            user_agent_header=user_agent(),
            open_timeout=settings.connect_seconds,
            ping_interval=settings.ping_seconds,
            ping_timeout=settings.ping_seconds,
            close_timeout=2.0,
            max_size=settings.most_frame_bytes,
            logger=_SILENT,
        )
    except InvalidStatus as error:
        return f"HTTP {error.response.status_code}"
    except WebSocketException as error:
        return f"no WebSocket could be opened ({type(error).__name__})"
    except TimeoutError:
        return f"no connection within {settings.connect_seconds:g} s"
    except OSError as error:
        return f"{type(error).__name__} {cleaned(error.strerror or '')}".strip()


def _reason_of(closed: ConnectionClosed) -> str:
    if closed.rcvd is not None:
        return f"the venue ended the connection ({closed.rcvd.code})"
    if closed.sent is not None and closed.sent.code != 1000:
        return f"the connection was given up ({closed.sent.code}: {cleaned(closed.sent.reason)})"
    return "the connection was lost"


def _portions(names: Iterable[str]) -> Iterable[tuple[str, ...]]:
    rest = iter(sorted(names))
    while portion := tuple(islice(rest, _NAMES_AT_ONCE)):
        yield portion
