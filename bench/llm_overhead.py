"""What asking a model costs beyond the model: our client, the bare SDK and bare sockets, in one run.

`python -m bench.llm_overhead [--calls 300] [--rounds 3] [--accounts 1 100]`; see bench/README.md.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from statistics import median
from urllib.parse import urlsplit

import openai
from pydantic import SecretStr

from adapters.llm.client import CallLimits, ModelClient
from adapters.llm.connections import Connections
from adapters.llm.endpoint import Dialect, ModelEndpoint
from adapters.llm.messages import AnswerSchema, system, user
from adapters.llm.settings import ModelSettings

PROMPT = (system("You decide."), user("RSI 48.1 EMA 60123.5 " * 1500))
"""32 kB."""
ANSWER = json.dumps({"trade_decisions": [{"rationale": "x" * 2200}]})
SCHEMA = AnswerSchema(name="trade_decisions", schema={"type": "object"}, is_strict=False)
DELAY = 0.1
"""Seconds that the stub takes for each answer, which are taken off."""

Ask = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Milliseconds of one arm in one round."""

    p50: float
    p99: float
    cpu: float
    """CPU of this process per call."""


async def ours(stack: AsyncExitStack, url: str, accounts: int) -> list[Ask]:
    """A client for each account over the connections of this loop, records included."""
    connections = await stack.enter_async_context(Connections())
    clients = [
        ModelClient(
            ModelEndpoint(
                base_url=url, key=SecretStr(f"sk-account-{n:04d}"), dialect=Dialect.OPENROUTER
            ),
            ModelSettings(model="m"),
            connections,
        )
        for n in range(accounts)
    ]
    return [_ask_of(each) for each in clients]


def _ask_of(client: ModelClient) -> Ask:
    return lambda: client.ask(PROMPT, CallLimits(seconds=30), SCHEMA)


async def bare_sdk(stack: AsyncExitStack, url: str, accounts: int) -> list[Ask]:
    """The SDK as installed, one client, answers parsed by it."""
    client = await stack.enter_async_context(
        openai.AsyncOpenAI(api_key="sk-any", base_url=url, max_retries=0)
    )
    messages = [each.payload() for each in PROMPT]
    return [lambda: client.chat.completions.create(model="m", messages=messages)] * accounts


async def bare_sockets(stack: AsyncExitStack, url: str, accounts: int) -> list[Ask]:
    """asyncio's streams and json: what the stub and the machine take."""
    parts = urlsplit(url)
    body = json.dumps({"model": "m", "messages": [each.payload() for each in PROMPT]}).encode()
    head = (
        f"POST {parts.path}/chat/completions HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        f"Authorization: Bearer x\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode()
    asks: list[Ask] = []
    for _ in range(accounts):
        reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
        stack.callback(writer.close)
        asks.append(_socket_ask(reader, writer, head + body))
    return asks


def _socket_ask(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, message: bytes) -> Ask:
    async def ask() -> object:
        writer.write(message)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        return json.loads(await reader.readexactly(length))

    return ask


async def measured(asks: list[Ask], calls: int) -> Figures:
    """Every account asks as often as its share; the first call of each is not counted."""
    took: list[float] = []

    async def work(ask: Ask, times: int) -> None:
        for _ in range(times):
            began = time.perf_counter()
            await ask()
            took.append((time.perf_counter() - began - DELAY) * 1000)

    await asyncio.gather(*(ask() for ask in asks))
    cpu = time.process_time()
    await asyncio.gather(*(work(ask, max(1, calls // len(asks))) for ask in asks))
    cpu = (time.process_time() - cpu) * 1000 / len(took)
    took.sort()
    return Figures(p50=took[len(took) // 2], p99=took[len(took) * 99 // 100], cpu=cpu)


ARMS = {"ours": ours, "bare SDK": bare_sdk, "bare sockets": bare_sockets}


async def one_arm(name: str, url: str, accounts: int, calls: int) -> Figures:
    """One cell, with connections of its own."""
    async with AsyncExitStack() as stack:
        return await measured(await ARMS[name](stack, url, accounts), calls)


def start_stub() -> tuple[subprocess.Popen[str], str]:
    """In a process of its own; its address is what it prints."""
    command = [sys.executable, "-m", "tests.llm_stub", "--port", "0", "--text", ANSWER]
    process = subprocess.Popen(
        [*command, "--delay-ms", str(DELAY * 1000)], stdout=subprocess.PIPE, text=True
    )
    line = process.stdout.readline() if process.stdout else ""
    if "http" not in line:
        raise SystemExit("the stub did not start")
    return process, line[line.index("http") :].strip()


def main() -> int:
    """Print a table of medians over rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--calls", type=int, default=300, help="per arm, round and count")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--accounts", type=int, nargs="+", default=[1, 100])
    asked = parser.parse_args()
    print(f"load before the start: {os.getloadavg()[0]:.1f}; {DELAY * 1000:.0f} ms taken off")
    stub, url = start_stub()
    try:
        print(
            "| accounts | arm | p50 | p99 | CPU per call | CPU over bare SDK |\n|---|---|---|---|---|---|"
        )
        for accounts in asked.accounts:
            found = {name: [] for name in ARMS}
            for _ in range(asked.rounds):
                for name in ARMS:
                    calls = asked.calls if accounts > 1 else min(asked.calls, 100)
                    found[name].append(asyncio.run(one_arm(name, url, accounts, calls)))
            sdk = median(each.cpu for each in found["bare SDK"])
            for name, rounds in found.items():
                p50, p99, cpu = (
                    median(getattr(each, part) for each in rounds) for part in ("p50", "p99", "cpu")
                )
                print(
                    f"| {accounts} | {name} | {p50:.1f} ms | {p99:.1f} ms | {cpu:.2f} ms"
                    f" | {cpu / sdk:.2f} |"
                )
    finally:
        stub.terminate()
        stub.wait(10)
    return 0


if __name__ == "__main__":
    sys.exit(main())
