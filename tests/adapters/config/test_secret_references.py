"""References to secrets: what lies behind each kind, and refusals that never repeat a value."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest
from pydantic import SecretStr

from adapters.config.secrets import (
    SecretMissing,
    exposure_of,
    given_references,
    resolve,
    resolve_keys,
)
from trading.account import VenueKeys

ADDRESS = "0x" + "aB" * 20
CANARY = "canary-5f1e"


def value(reference: str, *, field: str | None = None, **environ: str) -> str:
    return resolve(reference, environ, load_block=None, field=field).get_secret_value()


def refusal(reference: str, **environ: str) -> str:
    with pytest.raises(SecretMissing) as refused:
        resolve(reference, environ, load_block=None)
    return str(refused.value)


def block(name: str) -> dict[str, SecretStr]:
    return {"private_key": SecretStr(f"key of {name}"), "user_address": SecretStr(ADDRESS)}


def test_a_variable_is_its_value_without_the_blanks_around_it() -> None:
    assert value("env:KEY", KEY=f" {CANARY}\n") == CANARY


def test_a_file_is_its_text_without_the_line_end(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(f"{CANARY}\n")

    assert value(f"file:{path}") == CANARY


def test_an_address_that_is_written_out_stands_for_itself() -> None:
    assert value(ADDRESS) == ADDRESS


def test_a_block_has_the_field_of_the_key_that_refers_to_it_or_the_one_that_is_named() -> None:
    for reference, field in (
        ("block:aster-credentials/main", "private_key"),
        ("block:aster-credentials/main#private_key", "mnemonic"),
    ):
        found = resolve(reference, {}, load_block=block, field=field)
        assert found.get_secret_value() == "key of main"


@pytest.mark.parametrize("text", ["", "  "])
def test_a_variable_that_is_missing_or_empty_is_named_with_the_remedy(text: str) -> None:
    assert refusal("env:KEY", KEY=text) == (
        "env:KEY is not set; put KEY=... into .env or the environment of perpflow up"
    )


def test_a_file_that_is_no_secret_is_named_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "long").write_text(CANARY * 1000)
    (tmp_path / "binary").write_bytes(b"\xff\xfe" + CANARY.encode())

    assert "cannot be read: No such file" in refusal(f"file:{tmp_path}/none")
    assert "is empty" in refusal(f"file:{tmp_path}/empty")
    assert "is no text file of at most 4096 bytes" in refusal(f"file:{tmp_path}/long")
    assert "is no text file" in refusal(f"file:{tmp_path}/binary")
    assert "is no text file" in refusal(f"file:{tmp_path}")


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ("block:other/main#private_key", "is no block that is known"),
        ("block:aster-credentials/#private_key", "is no block that is known"),
        ("block:aster-credentials/main", "names no field; add one of #api_key"),
        ("block:aster-credentials/main#password", "names no field"),
        ("block:aster-credentials/main#private_key", "is kept by Prefect, which cannot be asked"),
    ],
)
def test_a_block_that_cannot_be_had_is_named_with_the_remedy(reference: str, words: str) -> None:
    assert words in refusal(reference)


def test_a_field_that_the_block_does_not_have_is_named() -> None:
    with pytest.raises(SecretMissing, match="#mnemonic has no mnemonic"):
        resolve("block:aster-credentials/main#mnemonic", {}, load_block=block)


def test_a_value_in_the_place_of_a_reference_is_refused_and_not_repeated() -> None:
    assert CANARY not in refusal(CANARY)


def test_a_secret_is_in_no_refusal_and_in_no_traceback_of_one(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_bytes(b"\xff" + CANARY.encode())
    for reference in (f"file:{path}", "env:OTHER", CANARY.replace("-", ":")):
        with pytest.raises(SecretMissing) as refused:
            resolve(reference, {"KEY": CANARY}, load_block=None)

        assert CANARY not in "".join(traceback.format_exception(refused.value))
        assert refused.value.__cause__ is None


def test_all_that_is_missing_of_an_account_is_said_at_once() -> None:
    keys = VenueKeys(private_key="env:KEY", user_address="env:MAIN", signer_address=ADDRESS)

    with pytest.raises(SecretMissing) as refused:
        resolve_keys(keys, {}, load_block=None)

    assert "user_address: env:MAIN is not set" in str(refused.value)
    assert "private_key: env:KEY is not set" in str(refused.value)


def test_the_keys_of_an_account_come_by_their_names() -> None:
    keys = VenueKeys(private_key="block:aster-credentials/x", user_address=ADDRESS)

    found = resolve_keys(keys, {}, load_block=block)

    assert {name: each.get_secret_value() for name, each in found.items()} == {
        "private_key": "key of x",
        "user_address": ADDRESS,
    }
    assert list(given_references(keys)) == ["user_address", "private_key"]


def test_a_file_that_others_may_read_is_told_with_the_remedy(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text(CANARY)
    path.chmod(0o640)

    assert exposure_of(f"file:{path}") == (
        f"file:{path} can be read by other users; chmod 600 {path}"
    )
    path.chmod(0o600)
    assert exposure_of(f"file:{path}") is None
    assert exposure_of("env:KEY") is None
    assert exposure_of(f"file:{path}-none") is None
