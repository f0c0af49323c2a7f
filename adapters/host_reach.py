"""How far the host of an address lies: this machine, a private network, the world, or nowhere to go.

An address in a configuration makes this machine send a request. Where the sender stands inside of a
network, that request reaches what nobody outside could: routers, and the servers of a cloud that give
out its keys (faults A26). Names are judged as they are written and not looked up, since what a name
means may be another address by the time of the request.
"""

from __future__ import annotations

import ipaddress
import socket
from enum import Enum, auto

from adapters.loopback import is_loopback

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_METADATA_NAMES = ("metadata", "metadata.goog", "metadata.google.internal", "instance-data")
_METADATA = frozenset(
    map(
        ipaddress.ip_address,
        # Those that are not link-local: AWS, Alibaba, Oracle, Azure.
        ("fd00:ec2::254", "100.100.100.200", "192.0.0.192", "168.63.129.16"),
    )
)
"""Servers that tell whoever asks the keys of the machine that they serve."""
_PRIVATE_ENDS = (".internal", ".local", ".lan", ".home.arpa", ".localdomain", ".intranet")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_LETTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_.:")


class Reach(Enum):
    """How far a host lies."""

    LOOPBACK = auto()
    """This machine."""
    PRIVATE = auto()
    """A network of one's own: private ranges, and names that only such a network knows."""
    WORLD = auto()
    FORBIDDEN = auto()
    """Link-local, a cloud's metadata, any or many hosts at once, or no host at all."""


def reach_of(host: str) -> Reach:
    """The reach of a host as it stands in a URL, without its port and brackets."""
    name = host.lower().removesuffix(".")
    if not name or not _LETTERS.issuperset(name):
        return Reach.FORBIDDEN
    if is_loopback(name):
        return Reach.LOOPBACK
    try:
        address = _address(name)
    except ValueError:
        return Reach.FORBIDDEN
    return _reach_of_name(name) if address is None else _reach_of_address(address)


def _reach_of_name(name: str) -> Reach:
    if name in _METADATA_NAMES or name.startswith("instance-data."):
        return Reach.FORBIDDEN
    is_private = "." not in name or name.endswith(_PRIVATE_ENDS)
    return Reach.PRIVATE if is_private else Reach.WORLD


def _reach_of_address(address: _Address) -> Reach:
    if address.is_loopback:
        return Reach.LOOPBACK
    if (
        address in _METADATA
        or address.is_link_local
        or address.is_multicast
        or address.is_unspecified
        or address.is_reserved
    ):
        return Reach.FORBIDDEN
    return Reach.WORLD if address.is_global else Reach.PRIVATE


def _address(name: str) -> _Address | None:
    """None for a name. Raises `ValueError` for an address that is none."""
    if ":" in name:
        return _inner(ipaddress.IPv6Address(name))
    last = name.rsplit(".", 1)[-1]
    if not (last.isdigit() or last.startswith("0x")):
        return None
    try:
        # As the resolver reads it: 127.1, 0x7f000001 and 2130706433 are addresses too.
        return ipaddress.IPv4Address(socket.inet_aton(name))
    except OSError as error:
        raise ValueError(name) from error


def _inner(address: ipaddress.IPv6Address) -> _Address:
    """The IPv4 address that one of IPv6 stands for."""
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.ipv4_mapped or address.sixtofour or address
