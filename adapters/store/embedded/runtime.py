"""Binaries that the server's user can execute: where they are, or a copy beside the data.

A virtual environment below a private home cannot be reached by `nobody`. Opening the home would
be wrong, so the programs (about 35 MB) are copied once per version into `runtime/<version>`, laid
out as in the wheel, because they look for their libraries beside their package.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from adapters.store.embedded.errors import FolderUnusable
from adapters.store.embedded.folder import ServerFolder, make_folder
from adapters.store.embedded.locate import Binaries
from adapters.store.embedded.service_user import ServiceUser, can_enter, runs

READABLE = 0o755
DRAFT = ".draft"


def reachable_binaries(binaries: Binaries, user: ServiceUser, folder: ServerFolder) -> Binaries:
    """The same binaries, copied when the server's user cannot run them. Raises `FolderUnusable`."""
    if _usable(binaries.bin, user):
        return binaries
    home = folder.runtime / binaries.version
    prefix = binaries.bin.parent
    copied = home / prefix.parent.name / prefix.name / "bin"
    if not _usable(copied, user):
        _copy_runtime(prefix, home)
    if not _usable(copied, user):
        raise FolderUnusable(
            f"the server's user cannot execute the programs in {copied}; "
            f"is {folder.root} mounted noexec? choose another data folder"
        )
    return replace(binaries, bin=copied)


def copied_runtimes(folder: ServerFolder) -> list[Path]:
    """`bin` folders of the copies made so far."""
    found = sorted(folder.runtime.glob("*/*/*/bin"))
    return [path for path in found if path.parents[2].suffix != DRAFT]


def _usable(bin_folder: Path, user: ServiceUser) -> bool:
    """Not only the server: initdb has libraries of its own, and both read shared files."""
    share = bin_folder.parent / "share"
    return all(
        runs(user, [str(bin_folder / name), "--version"]) for name in ("postgres", "initdb")
    ) and (not share.exists() or can_enter(user, share))


def _copy_runtime(prefix: Path, home: Path) -> None:
    draft = home.with_name(home.name + DRAFT)
    shutil.rmtree(draft, ignore_errors=True)
    shutil.rmtree(home, ignore_errors=True)
    make_folder(home.parent, READABLE)
    for source, target in _parts(prefix):
        if source.is_dir():
            shutil.copytree(source, draft / target, symlinks=True)
    for path in (draft, *draft.rglob("*")):
        if not path.is_symlink():
            executable = path.is_dir() or path.stat().st_mode & 0o100
            path.chmod(READABLE if executable else 0o644)
    draft.replace(home)


def _parts(prefix: Path) -> Iterator[tuple[Path, Path]]:
    """What to copy and where to: the programs, and the libraries that wheels keep beside them."""
    package = prefix.parent
    for name in ("bin", "lib", "share"):
        yield prefix / name, Path(package.name) / prefix.name / name
    yield package.parent / f"{package.name}.libs", Path(f"{package.name}.libs")  # Linux wheels
    yield package / ".dylibs", Path(package.name) / ".dylibs"  # macOS wheels
