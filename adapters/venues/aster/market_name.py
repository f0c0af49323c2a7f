"""The name of AsterDEX as a market: the one key under which its candles and instruments are stored.

Two hosts are two markets even on one network: what a test server says must never mix with the rest.
"""

from __future__ import annotations

from adapters.venues.aster.networks import venue_address
from trading.account import Network

_PORTS = {"https": 443, "http": 80}


def market_name(network: Network, base_url: str | None = None) -> str:
    """`aster-mainnet`, or `aster-testnet-127.0.0.1-8999` at another host than the network's own.

    Raises `InvalidRecord` for a base_url that is none.
    """
    address = venue_address(network, base_url)
    if address == venue_address(network):
        return f"aster-{network.value}"
    host = address.host.replace(":", ".")  # of an IPv6 address
    return f"aster-{network.value}-{host}-{address.port or _PORTS[address.scheme]}"
