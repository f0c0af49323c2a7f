"""Canary keys: after every way to fail, no text that anybody could see holds one of them."""

from __future__ import annotations

import base64
import copy
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import TracebackType
from urllib.parse import quote

import pytest
from pydantic import SecretStr
from rich.console import Console
from rich.traceback import Traceback

from adapters.venues.aster.client import AsterClient
from adapters.venues.aster.credentials import (
    Credentials,
    KeyPermissions,
    ResolvedKeys,
    read_credentials,
    require_safe,
)
from adapters.venues.aster.errors import Refused, Unsettled, cleaned
from adapters.venues.aster.keys import key_from_hex, key_from_mnemonic, parse_address
from adapters.venues.aster.tickets import Ticket
from adapters.venues.aster.transport import SignedRequest
from tests.adapters.venues.aster.conftest import HASTY, PATIENT
from tests.adapters.venues.aster.demo_keys import (
    AGENT_KEY,
    PAIR_KEY,
    PAIR_SECRET,
    PHRASE,
    USER,
)
from tests.adapters.venues.aster.local_venue import LocalVenue
from trading.errors import TradingError
from trading.weights import Priority

BAD_PHRASE = "legal winner thank year wave sausage worth useful legal winner thank thank"
BAD_KEY = "zz" + AGENT_KEY[4:]
SECRETS = [AGENT_KEY[2:], PAIR_SECRET, PAIR_KEY, PHRASE, BAD_PHRASE, BAD_KEY[2:]]


def shapes(secret: str) -> Iterator[str]:
    """A secret as it might stand somewhere: plain, in base64, as bytes, as an integer, quoted."""
    yield secret
    yield secret.upper()
    yield base64.b64encode(secret.encode()).decode()
    yield quote(secret)
    try:
        raw = bytes.fromhex(secret)
    except ValueError:
        return
    yield base64.b64encode(raw).decode()
    yield repr(raw)[2:-1]
    yield str(int.from_bytes(raw))


def assert_clean(text: str) -> None:
    for secret in SECRETS:
        for shape in shapes(secret):
            assert shape not in text


def without_tests(trace: TracebackType | None) -> TracebackType | None:
    """The frames of the product: those of the test hold the canaries on purpose."""
    while trace is not None and "/tests/" in trace.tb_frame.f_code.co_filename:
        trace = trace.tb_next
    return trace


def everything_about(error: BaseException) -> str:
    """The error and all that hangs on it, with the local variables of every frame."""
    parts = [repr(error), str(error), json.dumps(vars(error), default=repr)]
    told: BaseException | None = error
    while told is not None:
        told.__traceback__ = without_tests(told.__traceback__)
        frames = traceback.TracebackException.from_exception(told, capture_locals=True)
        parts.append("".join(frames.format()))
        parts.append(repr(told.args))
        told = told.__cause__ or told.__context__
    return "\n".join(parts)


def as_rich_shows(error: BaseException) -> str:
    """What Prefect and the command line print, with local variables."""
    console = Console(width=400, record=True, file=io.StringIO())
    trace = without_tests(error.__traceback__)
    console.print(Traceback.from_exception(type(error), error, trace, show_locals=True))
    return console.export_text()


@pytest.mark.parametrize(
    "build",
    [
        lambda: key_from_hex(SecretStr(BAD_KEY)),
        lambda: key_from_hex(SecretStr(AGENT_KEY + "00")),
        lambda: key_from_hex(SecretStr("f" * 64)),
        lambda: key_from_mnemonic(SecretStr(BAD_PHRASE)),
        lambda: key_from_mnemonic(SecretStr(PHRASE + " junk")),
        lambda: read_credentials(ResolvedKeys(private_key=SecretStr(BAD_KEY))),
        lambda: read_credentials(ResolvedKeys(mnemonic=SecretStr(BAD_PHRASE))),
        lambda: read_credentials(ResolvedKeys(api_key=SecretStr(PAIR_KEY))),
        lambda: read_credentials(
            ResolvedKeys(api_key=SecretStr(PAIR_KEY), api_secret=SecretStr(PAIR_SECRET + " x"))
        ),
        lambda: read_credentials(
            ResolvedKeys(private_key=SecretStr(AGENT_KEY), mnemonic=SecretStr(PHRASE))
        ),
        lambda: read_credentials(
            ResolvedKeys(private_key=SecretStr(AGENT_KEY), signer_address=USER)
        ),
        lambda: require_safe(
            read_credentials(ResolvedKeys(mnemonic=SecretStr(PHRASE))),
            KeyPermissions(can_trade=True, can_withdraw=True),
        ),
        lambda: pickle.dumps(key_from_hex(SecretStr(AGENT_KEY))),
        lambda: copy.deepcopy(key_from_hex(SecretStr(AGENT_KEY))),
    ],
)
def test_no_refusal_of_a_key_holds_it_in_message_or_frames(build: Callable[[], object]) -> None:
    with pytest.raises((ValueError, TypeError)) as caught:
        build()
    assert_clean(everything_about(caught.value))


def test_a_key_in_the_place_of_an_address_is_not_repeated() -> None:
    with pytest.raises(ValueError, match="40 hex digits") as caught:
        parse_address(AGENT_KEY, "user_address")
    assert AGENT_KEY[2:] not in str(caught.value)


def test_records_with_keys_show_no_key(agent: Credentials, pair: Credentials) -> None:
    keys = ResolvedKeys(
        api_key=SecretStr(PAIR_KEY),
        api_secret=SecretStr(PAIR_SECRET),
        private_key=SecretStr(AGENT_KEY),
        mnemonic=SecretStr(PHRASE),
    )
    request = SignedRequest(
        method="GET", path="/x", text=f"a=1&signature={PAIR_SECRET}", headers={"k": PAIR_KEY}
    )
    for thing in (keys, agent, pair, request, pair.owner, agent.owner):
        assert_clean(f"{thing} {thing!r} {[thing]}")
    assert_clean(repr(vars(type(agent))) + repr(getattr(agent, "__dict__", "")))


FAULTS = [
    {"status": 503, "body": "<html>"},
    {"drop": True},
    {"cut": 3},
    {"status": 200, "body": "{}"},
    {"status": 400, "body": '{"code":-1022,"msg":"Signature for this request is not valid."}'},
    {"status": 400, "body": '{"code":-2015,"msg":"Invalid API-key"}'},
    {"delay": 1.0},
    {"status": 418},
    {"status": 301},
]
ENTRY = Ticket(
    symbol="BTCUSDT", side="BUY", type="MARKET", quantity=Decimal(1), client_order_id="pf-1"
)


@pytest.mark.parametrize("how", FAULTS, ids=str)
@pytest.mark.parametrize("kind", ["agent", "pair"])
async def test_no_failing_call_shows_a_key_or_a_signature_in_error_frames_or_log(
    open_client: Callable[..., AsterClient],
    venue: LocalVenue,
    caplog: pytest.LogCaptureFixture,
    request: pytest.FixtureRequest,
    how: dict[str, object],
    kind: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    timeouts = HASTY if "delay" in how else PATIENT
    client = open_client(request.getfixturevalue(kind), timeouts=timeouts)
    told = [repr(client), repr(vars(client))]
    for path, call in (
        ("order", lambda: client.orders.submit(ENTRY, priority=Priority.EXIT)),
        ("balance", client.account.balances),
    ):
        venue.fail(path, **how)
        with pytest.raises(TradingError) as caught:
            await call()
        told.append(everything_about(caught.value))
        if how.get("status") == 503:
            told.append(as_rich_shows(caught.value))
    signatures = {
        each.parameters["signature"] for each in venue.requests if "signature" in each.parameters
    }
    assert signatures or how.get("status") == 418
    text = "\n".join([*told, caplog.text, *(repr(vars(each)) for each in caplog.records)])
    assert_clean(text)
    for signature in signatures:
        assert signature not in text


async def test_the_log_of_the_http_library_keeps_its_line_without_the_signature(
    client: AsterClient, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    await client.account.balances()
    lines = [each.getMessage() for each in caplog.records if each.name == "httpx"]
    assert any("/fapi/v3/balance?" in line and "signature=[removed]" in line for line in lines)


async def test_a_venue_that_repeats_what_it_was_sent_does_not_bring_it_into_the_message(
    client: AsterClient, venue: LocalVenue
) -> None:
    venue.fail("order", status=400, body=json.dumps({"code": -2010, "msg": f"bad {AGENT_KEY}"}))
    with pytest.raises(Refused) as caught:
        await client.orders.submit(ENTRY, priority=Priority.EXIT)
    assert_clean(f"{caught.value} {caught.value!r} {vars(caught.value)}")
    venue.fail("order", status=503, body=f"<p>signature=0xabc&key={AGENT_KEY}</p>" * 200)
    with pytest.raises(Unsettled) as unsettled:
        await client.orders.submit(ENTRY, priority=Priority.EXIT)
    assert_clean(unsettled.value.excerpt)
    assert "0xabc" not in unsettled.value.excerpt
    assert 0 < len(unsettled.value.excerpt) <= 2048


def test_cleaning_takes_away_control_characters_and_length() -> None:
    assert cleaned("a\n\x1b[31mb\u202e\x00c") == "a [31mb c"
    assert len(cleaned("x" * 10_000)) == 160
    assert cleaned("signature=abc&x=1") == "signature=[removed]&x=1"


async def test_the_listen_key_is_a_secret_too(client: AsterClient) -> None:
    key = await client.stream.start()
    assert "pqia" not in f"{key} {key!r}"
    assert key.get_secret_value().startswith("pqia")
