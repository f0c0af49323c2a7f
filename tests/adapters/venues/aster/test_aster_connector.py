"""The venue's own library as a transport, where it is not installed: who may ask for it, what is said.

With the library: tests/aster_sandbox/test_sandbox_connector_transport.py.
"""

from __future__ import annotations

import importlib.util
import logging
import socket
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.connector import (
    PACKAGE,
    ConnectorMissing,
    ConnectorSigner,
    no_answer_of,
)
from adapters.venues.aster.credentials import Credentials, KeyRefused, PairCredentials
from adapters.venues.aster.endpoints import KEEP_STREAM, PLACE_STRATEGY, SUBMIT, TIME, Access
from adapters.venues.aster.redaction import silence_root_log_of
from trading.errors import InvalidRecord

requests = pytest.importorskip("requests", reason="the connector's HTTP library is not installed")

ROOT = Path(__file__).parents[4]
absent = pytest.mark.skipif(
    importlib.util.find_spec("aster") is not None, reason="aster-connector-python is installed"
)
OpenClient = Callable[..., AsterClient]


@absent
def test_a_library_that_is_not_there_is_named_with_its_command_and_the_way_without_it(
    open_client: OpenClient, pair: Credentials
) -> None:
    with pytest.raises(ConnectorMissing) as caught:
        open_client(pair, transport="connector")
    text = str(caught.value)
    assert "uv sync --extra connector" in text
    assert "our own client" in text
    assert PACKAGE in text
    assert caught.value.__suppress_context__


@absent
def test_another_library_of_the_same_name_is_not_taken_for_it(
    open_client: OpenClient,
    pair: Credentials,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "aster" / "rest_api").mkdir(parents=True)
    (tmp_path / "aster" / "rest_api" / "__init__.py").write_text("Client = object\n")
    monkeypatch.syspath_prepend(tmp_path)
    try:
        with pytest.raises(ConnectorMissing, match="is another one"):
            open_client(pair, transport="connector")
    finally:
        for name in ("aster", "aster.rest_api"):
            sys.modules.pop(name, None)


def test_the_command_names_the_version_that_the_extra_installs() -> None:
    source = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["uv"]["sources"]
    pinned = source["aster-connector-python"]
    assert f"aster-connector-python @ git+{pinned['git']}@{pinned['rev']}" == PACKAGE


def test_an_agents_key_cannot_go_by_a_library_that_knows_v1_only(
    open_client: OpenClient, agent: Credentials
) -> None:
    with pytest.raises(KeyRefused, match=r"V1 requests only.*agent"):
        open_client(agent, transport="connector")
    with pytest.raises(KeyRefused, match="there are no keys"):
        open_client(None, transport="connector")


def test_a_transport_of_another_name_is_refused(open_client: OpenClient, pair: Credentials) -> None:
    with pytest.raises(InvalidRecord, match="'carrier-pigeon' is not known; write 'connector'"):
        open_client(pair, transport="carrier-pigeon")


async def test_what_goes_to_the_library_is_unsigned_and_says_what_is_to_be_proved(
    pair: PairCredentials,
) -> None:
    signer = ConnectorSigner(credentials=pair)
    order = await signer.signed(SUBMIT, [("symbol", "BTCUSDT"), ("price", "1.50")], 0)
    assert order.path == "/fapi/v1/order"
    assert order.text == "symbol=BTCUSDT&price=1.50&recvWindow=5000"
    assert (order.access, order.headers) == (Access.SIGNED, {})
    kept = await signer.signed(KEEP_STREAM, [], 0)
    assert (kept.access, kept.text) == (Access.STREAM, "")
    assert (await signer.signed(TIME, [], 0)).access is Access.OPEN
    with pytest.raises(KeyRefused, match="not for V1 keys"):
        await signer.signed(PLACE_STRATEGY, [], 0)


def failure(send: Callable[[], object]) -> Exception:
    with pytest.raises(requests.RequestException) as caught:
        send()
    return caught.value


def test_a_connection_that_never_stood_has_sent_nothing() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    refused = no_answer_of(failure(lambda: requests.post(f"http://127.0.0.1:{port}/x")))
    assert not refused.was_written
    assert "refused" in refused.reason.lower()
    nowhere = no_answer_of(failure(lambda: requests.post("http://no-such-host.invalid/x")))
    assert not nowhere.was_written


def test_a_connection_that_is_silent_or_broken_may_have_carried_everything() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/x?signature=secret"
        late = no_answer_of(failure(lambda: requests.post(url, timeout=(3, 0.05))))
        assert late.was_written
        assert "secret" not in late.reason
    with socket.create_server(("127.0.0.1", 0)) as server:
        # No TLS there: the handshake fails in a way that proves nothing.
        odd = f"https://127.0.0.1:{server.getsockname()[1]}/x"
        assert no_answer_of(failure(lambda: requests.post(odd, timeout=(3, 0.05)))).was_written


def test_an_error_of_another_kind_counts_as_sent() -> None:
    assert no_answer_of(KeyError("code")).was_written
    assert no_answer_of(RuntimeError()).was_written


def test_what_the_library_writes_to_the_root_log_is_dropped_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    silence_root_log_of(str(tmp_path))
    code = compile("import logging\nlogging.error('told')", str(tmp_path / "api.py"), "exec")
    with caplog.at_level(logging.DEBUG):
        exec(code, {})
        logging.getLogger().error("ours")
    assert [record.message for record in caplog.records] == ["ours"]
