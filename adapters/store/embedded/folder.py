"""Where the embedded server keeps its things, below the application's data folder.

`<data>/postgres/{.lock,.alive,state.json,server.log,runtime/<version>/,data/}`. Only folders made
here get their mode set; the mode of an existing folder or of any parent is never changed. All
that is made here belongs to the owner of the application's data folder, so that one start as
root does not lock its user out later.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from adapters.store.embedded.errors import FolderUnusable

PASSABLE = 0o711
"""Others may pass through, not look: the server's own user must reach `data/`."""


@dataclass(frozen=True, slots=True)
class ServerFolder:
    """The paths of one embedded server."""

    root: Path
    """`<data>/postgres`, absolute and free of links."""

    @property
    def lock(self) -> Path:
        """Held by whoever starts or stops the server."""
        return self.root / ".lock"

    @property
    def alive(self) -> Path:
        """Held by the server's processes themselves, for as long as one of them lives."""
        return self.root / ".alive"

    @property
    def state(self) -> Path:
        return self.root / "state.json"

    @property
    def log(self) -> Path:
        return self.root / "server.log"

    @property
    def runtime(self) -> Path:
        return self.root / "runtime"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def unfinished(self) -> Path:
        """initdb works here; renamed to `data` only when it is complete."""
        return self.root / "data.tmp"

    @property
    def is_initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()


def server_folder(data_folder: Path) -> ServerFolder:
    """The paths below an application's data folder; nothing is made."""
    return ServerFolder((data_folder.expanduser() / "postgres").resolve())


def prepare_folder(folder: ServerFolder) -> None:
    """Make the server's folder (and the data folder, when missing). Raises `FolderUnusable`."""
    try:
        make_folder(folder.root)
    except OSError as error:
        raise FolderUnusable(
            f"the data folder {folder.root} cannot be made ({error.strerror}); "
            f"choose another one or run as its owner"
        ) from error
    if not os.access(folder.root, os.W_OK | os.X_OK):
        raise FolderUnusable(
            f"the data folder {folder.root} cannot be written by this user; run as its owner"
        )


def make_folder(path: Path, mode: int = PASSABLE) -> None:
    """Make a folder of ours with its parents; an existing one stays exactly as it is."""
    if path.is_dir():
        return
    if not path.parent.is_dir():
        make_folder(path.parent, mode)
    path.mkdir(exist_ok=True)
    path.chmod(mode)
    give_to_owner_of(path.parent, path)


def give_to_owner_of(parent: Path, path: Path) -> None:
    """As root, hand a file of ours to the owner of the folder it lies in."""
    if os.geteuid() == 0:
        owner = parent.stat()
        if owner.st_uid != 0 and not owner.st_mode & 0o002:  # /tmp-like folders have no owner
            os.chown(path, owner.st_uid, owner.st_gid)
