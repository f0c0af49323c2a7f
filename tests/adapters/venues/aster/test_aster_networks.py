"""Where the client talks to, and that it never does so in the clear over a network."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import PackageNotFoundError
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from adapters import outgoing_http
from adapters.outgoing_http import tls_context, user_agent
from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.errors import Unreachable
from adapters.venues.aster.networks import venue_address
from trading.account import Network
from trading.errors import InvalidRecord


def test_each_network_has_its_host_and_its_chain() -> None:
    main, test = venue_address(Network.MAINNET), venue_address(Network.TESTNET)
    assert (main.scheme, main.place, main.chain_id) == ("https", "fapi.asterdex.com", 1666)
    assert (test.scheme, test.place, test.chain_id) == ("https", "fapi.asterdex-testnet.com", 714)


def test_an_address_of_ones_own_keeps_the_chain_of_its_network() -> None:
    own = venue_address(Network.MAINNET, "https://fapi3.asterdex.com/")
    assert (own.place, own.chain_id) == ("fapi3.asterdex.com", 1666)
    local = venue_address(Network.TESTNET, "http://127.0.0.1:8080")
    assert (local.scheme, local.place, local.chain_id) == ("http", "127.0.0.1:8080", 714)
    assert venue_address(Network.TESTNET, "http://[::1]:80").place == "[::1]:80"
    assert venue_address(Network.TESTNET, "http://localhost:80").scheme == "http"


@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("http://fapi.asterdex.com", "must begin with https"),
        ("http://10.0.0.5:80", "must begin with https"),
        ("ftp://fapi.asterdex.com", "must begin with https"),
        ("fapi.asterdex.com", "must be https"),
        ("https://fapi.asterdex.com/fapi", "without a path"),
        ("https://fapi.asterdex.com?x=1", "without a path"),
        ("https://host:99999", "without a path"),
        ("https://", "without a path"),
        ("https://me:secret@host", "holds a user or password"),
    ],
)
def test_an_address_that_is_no_bare_host_is_refused(url: str, problem: str) -> None:
    with pytest.raises(InvalidRecord, match=problem) as caught:
        venue_address(Network.MAINNET, url)
    assert "secret" not in str(caught.value)


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    day = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(day - timedelta(days=1))
        .not_valid_after(day + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    path = folder / "both.pem"
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    path.write_bytes(secret + certificate.public_bytes(Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def test_a_certificate_that_nobody_vouches_for_ends_it_before_a_byte_is_sent(
    open_client: Callable[..., AsterClient], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.read(1))
        writer.close()

    context = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "both.pem"))
    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    port = server.sockets[0].getsockname()[1]
    client = open_client(None, address=venue_address(Network.TESTNET, f"https://127.0.0.1:{port}"))
    with pytest.raises(Unreachable, match=r"nothing was sent: ConnectError.*CERTIFICATE_VERIFY"):
        await client.market.time_ms()
    server.close()
    assert seen == []


def test_certificates_and_host_names_are_always_checked() -> None:
    context = tls_context()
    assert context.verify_mode is ssl.CERT_REQUIRED
    assert context.check_hostname
    assert tls_context() is context


def test_we_say_who_we_are() -> None:
    assert user_agent().startswith("perpflow")


def test_the_client_says_whether_it_lives_in_an_installed_package(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(outgoing_http, "version", missing)
    user_agent.cache_clear()
    assert user_agent() == "perpflow"
    user_agent.cache_clear()
