"""What lies behind a reference: a variable, a file, a field of a Prefect block, or an address itself.

Called at the last moment, for one cycle or one command, so that a key that was exchanged counts from
the next one on. Every refusal names the reference and the next step, never a value.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr

from adapters.config.value_types import ADDRESS
from trading.account import VenueKeys
from trading.errors import InvalidRecord

ASTER_BLOCK = "aster-credentials"
"""The kind of block that holds keys of a venue account (`blocks.aster_credentials`)."""
MOST_BYTES = 4096
"""A key or a phrase is far shorter; what is longer is another file."""
KEY_NAMES = (
    "api_key",
    "api_secret",
    "user_address",
    "signer_address",
    "private_key",
    "mnemonic",
)
"""Of `VenueKeys`, and of the block: what a reference may stand for."""
_OTHERS = stat.S_IRWXG | stat.S_IRWXO

LoadBlock = Callable[[str], Mapping[str, SecretStr]]
"""The fields of the block of that name that are set. May raise `SecretMissing`."""


class SecretMissing(InvalidRecord):
    """There is nothing behind a reference, or it cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockPlace:
    """A reference to a block, taken apart."""

    name: str
    field: str | None


def resolve(
    reference: str,
    environ: Mapping[str, str],
    *,
    load_block: LoadBlock | None,
    field: str | None = None,
) -> SecretStr:
    """The value, without blanks around it. A literal address stands for itself.

    `field` is the key that the reference stands under: it names the field of a block where the
    reference (`block:aster-credentials/NAME#field`) does not.

    Raises
    ------
    SecretMissing
        With the reference and the remedy.
    """
    kind, _, place = reference.partition(":")
    if ADDRESS.fullmatch(reference):
        return SecretStr(reference)
    if kind == "env":
        return _of_variable(place, environ)
    if kind == "file":
        return _of_file(reference, place)
    if kind == "block":
        return _of_block(reference, load_block, field)
    raise SecretMissing("a value that is no reference stands where env:, file: or block: belongs")


def resolve_keys(
    keys: VenueKeys, environ: Mapping[str, str], *, load_block: LoadBlock | None
) -> dict[str, SecretStr]:
    """Every key of a venue account that is given, by its name in `VenueKeys`.

    Raises `SecretMissing` with everything that is missing, one sentence each.
    """
    found: dict[str, SecretStr] = {}
    missing: list[str] = []
    for name, reference in given_references(keys).items():
        try:
            found[name] = resolve(reference, environ, load_block=load_block, field=name)
        except SecretMissing as refusal:
            missing.append(f"{name}: {refusal}")
    if missing:
        raise SecretMissing("; ".join(missing))
    return found


def given_references(keys: VenueKeys) -> dict[str, str]:
    """References and literal addresses by name, in the order of `KEY_NAMES`."""
    values = {name: getattr(keys, name) for name in KEY_NAMES}
    return {name: value for name, value in values.items() if value is not None}


def exposure_of(reference: str) -> str | None:
    """What is wrong with who may read a secret's file, with the remedy; None when nothing is."""
    kind, _, place = reference.partition(":")
    if kind != "file" or os.name != "posix":
        return None
    path = Path(place).expanduser()
    try:
        is_exposed = bool(path.stat().st_mode & _OTHERS)
    except OSError:
        return None
    return f"{reference} can be read by other users; chmod 600 {path}" if is_exposed else None


def block_place(reference: str) -> BlockPlace:
    """Name and field of `block:aster-credentials/NAME#field`. Raises `SecretMissing`."""
    slug, _, rest = reference.removeprefix("block:").partition("/")
    name, _, field = rest.partition("#")
    if slug != ASTER_BLOCK or not name:
        raise SecretMissing(
            f"{reference} is no block that is known; write block:{ASTER_BLOCK}/NAME"
        )
    return BlockPlace(name=name, field=field or None)


def _of_variable(name: str, environ: Mapping[str, str]) -> SecretStr:
    # The emptiness is asked of the mapping: no local variable holds the value when this raises.
    if not environ.get(name, "").strip():
        raise SecretMissing(
            f"env:{name} is not set; put {name}=... into .env or the environment of perpflow up"
        )
    return SecretStr(environ[name].strip())


def _of_file(reference: str, place: str) -> SecretStr:
    path = Path(place).expanduser()
    try:
        is_too_long = path.stat().st_size > MOST_BYTES
        secret = None if is_too_long or not path.is_file() else _text_of(path)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SecretMissing(f"{reference} cannot be read: {reason}") from None
    if secret is None:
        raise SecretMissing(f"{reference} is no text file of at most {MOST_BYTES} bytes")
    if not secret.get_secret_value():
        raise SecretMissing(f"{reference} is empty; write the secret into it, and nothing else")
    return secret


def _text_of(path: Path) -> SecretStr | None:
    try:
        return SecretStr(path.read_text(encoding="utf-8").strip())
    except UnicodeDecodeError:
        return None


def _of_block(reference: str, load_block: LoadBlock | None, field: str | None) -> SecretStr:
    place = block_place(reference)
    wanted = place.field or field
    if wanted not in KEY_NAMES:
        raise SecretMissing(f"{reference} names no field; add one of #{', #'.join(KEY_NAMES)}")
    if load_block is None:
        raise SecretMissing(f"{reference} is kept by Prefect, which cannot be asked from here")
    fields = load_block(place.name)
    if wanted not in fields:
        raise SecretMissing(f"{reference} has no {wanted}; fill it in on Prefect's page of blocks")
    return fields[wanted]
