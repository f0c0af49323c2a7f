"""Signatures against the published vectors, against eth-account, and by recovering the address."""

from __future__ import annotations

from urllib.parse import parse_qsl

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from adapters.venues.aster.keys import key_from_hex
from adapters.venues.aster.signing import (
    MESSAGE_TYPE_HASH,
    domain_separator,
    encode,
    hmac_of,
    message_digest,
    sign_v1,
    sign_v3,
    signer_of,
)
from tests.adapters.venues.aster.demo_keys import AGENT_KEY, PAIR_SECRET, SIGNER, USER
from tests.adapters.venues.aster.ethereum_oracle import Account, encode_typed_data, typed_data
from trading.errors import InvalidRecord

NONCE = 1748310859508867
ORDER = [
    ("symbol", "ASTERUSDT"),
    ("type", "LIMIT"),
    ("side", "BUY"),
    ("timeInForce", "GTC"),
    ("quantity", "20"),
    ("price", "0.5"),
]
MESSAGE_A = (
    "symbol=ASTERUSDT&type=LIMIT&side=BUY&timeInForce=GTC&quantity=20&price=0.5"
    f"&nonce={NONCE}&user={USER}&signer={SIGNER}"
)
SIGNATURES_A = {
    1666: "0a56c5923ebf3524475c5f631940ec4c0e41dbd300ad28198d1915d8f3ca49ce"
    "26fd1aeb8b0c3079133595da0de38322ae7e860e0c76d032c4a491d27c1430b01c",
    714: "f91e000376f360c1661cf0fbc79a816e915dce485c616bd49c5e35c6cbc5ba50"
    "42ccf75a2bffd282676dbf698087a73982bfd1491a993eeedc276f6827c94a8c1c",
}
MESSAGE_B = (
    f"nonce={NONCE}&user={USER}&signer={SIGNER}"
    "&symbol=ASTERUSDT&type=LIMIT&side=BUY&timeInForce=GTC&quantity=20&price=0.5"
)
SIGNATURES_B = {
    1666: "d521a46cb8cb8666a211a4085df131e90ba03ca5e5d046b069a92b96930621fe"
    "65b483531620d5adf28537fa06e8f6875bd1d6937bb6aef1828b702fc6ebb7d11b",
    714: "fd876ddd9d2c7a3a4d75e87c49ecf5c51b351eb50bf9a42a0958e7b8f3bd6f56"
    "25b16a6702a9eabc10327d3c02e06c174524172afe07ffe304ef11185a84ac321b",
}
KEY = key_from_hex(SecretStr(AGENT_KEY))

names = st.text(st.sampled_from("abcdefghijklmnopqrstuvwxyzABCXYZ"), min_size=1, max_size=12)
parameters = st.dictionaries(
    names.filter(lambda name: name not in ("nonce", "user", "signer", "signature")),
    st.text(max_size=30),
    max_size=8,
).map(lambda pairs: list(pairs.items()))


def test_the_constants_of_the_typed_data_are_the_published_ones() -> None:
    assert domain_separator(1666).hex() == (
        "a95d0a7a6f3f17fcebb0c2336645385ce79cde7523f71ab147fdb7f15e9f37f9"
    )
    assert domain_separator(714).hex() == (
        "fad01b07bed5729a04dbb977fd86da612eba71d668660bf12cf10b3d65b74d94"
    )
    assert MESSAGE_TYPE_HASH.hex() == (
        "c4cfb57eea370ef2a92403a7e865b2de262d7ca272333665b54ad7e6a602ef68"
    )


@pytest.mark.parametrize(
    ("chain_id", "digest"),
    [
        (1666, "214122039b686e20a15baab91d368d354cf8c88067cb8b0e96e9018d8b08a625"),
        (714, "d0a3cddc3992449300d5b6fa97e441d66d0f950a032b0707455996c29d8477c5"),
    ],
)
def test_the_published_order_has_the_published_digest_and_signature(
    chain_id: int, digest: str
) -> None:
    assert message_digest(MESSAGE_A, chain_id).hex() == digest
    signed = sign_v3(KEY, ORDER, user=USER, nonce=NONCE, chain_id=chain_id)
    assert signed == f"{MESSAGE_A}&signature=0x{SIGNATURES_A[chain_id]}"


@pytest.mark.parametrize("chain_id", [1666, 714])
def test_the_order_of_the_parameters_is_part_of_what_is_signed(chain_id: int) -> None:
    assert KEY.sign(message_digest(MESSAGE_B, chain_id)).hex() == SIGNATURES_B[chain_id]
    assert signer_of(f"{MESSAGE_B}&signature={SIGNATURES_B[chain_id]}", chain_id) == SIGNER


@given(parameters, st.integers(1, 2**53), st.sampled_from([1666, 714]))
def test_every_signed_text_recovers_to_its_signer_and_reads_back(pairs, nonce, chain_id) -> None:
    signed = sign_v3(KEY, pairs, user=USER, nonce=nonce, chain_id=chain_id)
    assert signer_of(signed, chain_id) == SIGNER
    assert signer_of(signed, 1666 + 714 - chain_id) != SIGNER
    read = parse_qsl(signed, keep_blank_values=True, strict_parsing=True)
    assert read[:-1] == [*pairs, ("nonce", str(nonce)), ("user", USER), ("signer", SIGNER)]
    assert read[-1][0] == "signature"
    assert signed.isascii()
    assert not set(signed) & set(" +\"'<>#?[]{}|\\^`")


@settings(max_examples=15)
@given(parameters, st.integers(1, 2**53), st.sampled_from([1666, 714]))
def test_eth_account_signs_the_same_bytes_the_same_way(pairs, nonce, chain_id) -> None:
    signed = sign_v3(KEY, pairs, user=USER, nonce=nonce, chain_id=chain_id)
    message, _, signature = signed.rpartition("&signature=0x")
    theirs = Account.sign_message(
        encode_typed_data(full_message=typed_data(message, chain_id)), private_key=AGENT_KEY
    )
    assert theirs.signature.hex().removeprefix("0x") == signature


@settings(max_examples=15)
@given(st.binary(min_size=32, max_size=32).filter(lambda key: 0 < int.from_bytes(key) < 2**255))
def test_any_key_has_the_address_that_eth_account_gives_it(secret: bytes) -> None:
    key = key_from_hex(SecretStr(secret.hex()))
    assert key.address == Account.from_key(secret).address
    signed = sign_v3(key, ORDER, user=USER, nonce=NONCE, chain_id=714)
    assert signer_of(signed, 714) == key.address


@given(st.integers(0, len(MESSAGE_A) - 1))
def test_one_changed_letter_makes_another_signer(place: int) -> None:
    signed = sign_v3(KEY, ORDER, user=USER, nonce=NONCE, chain_id=714)
    changed = signed[:place] + ("x" if signed[place] != "x" else "y") + signed[place + 1 :]
    assert signer_of(changed, 714) != SIGNER


@pytest.mark.parametrize(
    "end",
    [
        "",
        "&signature=",
        "&signature=0xzz",
        "&signature=0x" + "ab" * 64,
        "&signature=0x" + "00" * 64 + "1b",
    ],
)
def test_a_text_without_a_whole_signature_has_no_signer(end: str) -> None:
    with pytest.raises(InvalidRecord):
        signer_of(MESSAGE_A + end, 714)


def test_the_published_v1_signatures_come_out_for_query_alone_and_for_query_and_body() -> None:
    secret = SecretStr(PAIR_SECRET)
    order = "symbol=BTCUSDT&side=BUY&type=LIMIT"
    rest = "quantity=1&price=9000"
    clock = "recvWindow=5000&timestamp=1591702613943"
    assert hmac_of(secret, f"{order}&{rest}&timeInForce=GTC&{clock}") == (
        "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"
    )
    assert hmac_of(secret, f"{order}&timeInForce=GTC", f"{rest}&{clock}") == (
        "30baaf0fab549bbeda7f5ef201898b34122da25fd23c646cac2c529aebe670a4"
    )


def test_a_v1_request_carries_window_time_and_signature_last() -> None:
    pairs = [("symbol", "BTCUSDT"), ("side", "BUY"), ("type", "LIMIT")]
    pairs += [("quantity", "1"), ("price", "9000"), ("timeInForce", "GTC")]
    signed = sign_v1(
        SecretStr(PAIR_SECRET), pairs, timestamp_ms=1591702613943, receive_window_ms=5000
    )
    assert signed.endswith(
        "&recvWindow=5000&timestamp=1591702613943&signature="
        "3c661234138461fcc7a7d8746c6558c9842d4e10870d2ecbedf7777cad694af9"
    )


def test_only_unreserved_letters_stay_as_they_are() -> None:
    assert encode([("a", "A-z_.~0"), ("b", "/ +&=é"), ("c", "")]) == (
        "a=A-z_.~0&b=%2F%20%2B%26%3D%C3%A9&c="
    )


def test_a_name_that_comes_twice_and_a_foreign_signature_are_refused() -> None:
    with pytest.raises(InvalidRecord, match="twice"):
        encode([("symbol", "A"), ("symbol", "B")])
    with pytest.raises(InvalidRecord, match="signature"):
        encode([("signature", "0x00")])
    with pytest.raises(InvalidRecord, match="twice"):
        sign_v3(KEY, [("nonce", "1")], user=USER, nonce=NONCE, chain_id=714)
