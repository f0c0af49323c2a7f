"""`python -m tests.llm_stub --port 8998`: a stub in a process of its own; every answer is the same."""

from __future__ import annotations

import argparse
from decimal import Decimal

from tests.llm_stub.desk import Desk
from tests.llm_stub.says import HOLD, Say
from tests.llm_stub.server import Server


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.llm_stub", description=__doc__)
    parser.add_argument("--port", type=int, default=8998, help="on loopback; 0 takes a free one")
    parser.add_argument("--text", default=HOLD, help="what the model says")
    parser.add_argument("--delay-ms", type=float, default=0.0, help="before it says it")
    parser.add_argument("--cost", type=Decimal, default=Decimal("0.001"), help="USD of an answer")
    chosen = parser.parse_args()
    say = Say(text=chosen.text, delay=chosen.delay_ms / 1000, cost=chosen.cost)
    server = Server(Desk(otherwise=lambda asked: say), port=chosen.port)
    server.when_listening = lambda: print(f"language model stub at {server.url}", flush=True)
    server.run()


if __name__ == "__main__":
    main()
