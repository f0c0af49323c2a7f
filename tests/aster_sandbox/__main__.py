"""`python -m tests.aster_sandbox --port 8999`: a sandbox in a process of its own.

It knows one user, the public demo wallet, with its agent and a V1 pair; more are added and everything
is moved through `/sandbox/...` (docs/aster.md).
"""

from __future__ import annotations

import argparse
from decimal import Decimal

from tests.adapters.venues.aster.demo_keys import PAIR_KEY, PAIR_SECRET, SIGNER, USER
from tests.aster_sandbox.past import Mover, give_past
from tests.aster_sandbox.server import Server
from tests.aster_sandbox.settings import Settings
from tests.aster_sandbox.users import Agent
from tests.aster_sandbox.venue import Venue


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.aster_sandbox", description=__doc__)
    parser.add_argument("--port", type=int, default=8999, help="on loopback; 0 takes a free one")
    parser.add_argument("--chain-id", type=int, default=714, help="714 testnet, 1666 mainnet")
    parser.add_argument("--funds", type=Decimal, default=Decimal(10_000), help="USDT of the user")
    parser.add_argument("--certificate", help="PEM file: serve TLS")
    parser.add_argument("--key", help="PEM file of the certificate's key")
    parser.add_argument(
        "--moving",
        action="store_true",
        help="ten contracts with a past, whose prices move by themselves",
    )
    chosen = parser.parse_args()
    venue = Venue(settings=Settings(chain_id=chosen.chain_id))
    user = venue.add_user(USER, chosen.funds)
    user.pairs[PAIR_KEY] = PAIR_SECRET
    venue.add_agent(USER, Agent(address=SIGNER))
    if chosen.moving:
        give_past(venue)
        venue.mover = Mover()
    tls = (
        {"ssl_certfile": chosen.certificate, "ssl_keyfile": chosen.key}
        if chosen.certificate
        else {}
    )
    server = Server(venue, port=chosen.port, **tls)
    server.when_listening = lambda: print(
        f"aster sandbox at {server.url}, chain {chosen.chain_id}, user {USER}", flush=True
    )
    server.run()


if __name__ == "__main__":
    main()
