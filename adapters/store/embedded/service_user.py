"""Who runs the server: PostgreSQL refuses to run as root.

Not root: the same user. Root: the owner of the data if that is somebody else, otherwise a service
user `perpflow` if the machine has one, otherwise `nobody`. No account is created. When that user
cannot reach the folder (it lies below a private home), a user namespace lets root's files be used
by a process that is not root; where that is forbidden, the error names the folder to choose.
"""

from __future__ import annotations

import os
import pwd
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adapters.store.embedded.errors import FolderUnusable
from adapters.store.embedded.folder import ServerFolder

NOBODY = 65534
NAMESPACE = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceUser:
    """How to start a program as the server's user, and who its files belong to."""

    prefix: tuple[str, ...] = ()
    """Goes before the command."""
    switch: tuple[int, int] | None = None
    """User and group to switch to; None stays as we are."""

    def popen_options(self) -> dict[str, Any]:
        if self.switch is None:
            return {}
        return {"user": self.switch[0], "group": self.switch[1], "extra_groups": []}

    @property
    def initdb_prefix(self) -> tuple[str, ...]:
        """initdb insists on a user name; an id without one (containers) gets one by a namespace."""
        try:
            pwd.getpwuid(self.owner[0])
        except KeyError:
            return self.prefix or NAMESPACE
        return self.prefix

    @property
    def owner(self) -> tuple[int, int]:
        """Who the server's files belong to on disk."""
        return self.switch or (os.geteuid(), os.getegid())


def pick_service_user(folder: ServerFolder) -> ServiceUser:
    """The user that can run a server in this folder. Raises `FolderUnusable`."""
    if os.geteuid() != 0:
        return _require_own_data(folder)
    candidate = ServiceUser(switch=_account_for(folder))
    if can_enter(candidate, folder.root):
        return candidate
    inside = ServiceUser(prefix=NAMESPACE)
    if can_enter(inside, folder.root):
        return inside
    raise FolderUnusable(
        f"PostgreSQL does not run as root, and its user (id {candidate.owner[0]}) cannot enter "
        f"{folder.root} because a folder above it is private; choose a data folder such as "
        f"/var/lib/perpflow, or run as an ordinary user"
    )


def give_files(user: ServiceUser, top: Path) -> None:
    """Make a folder tree of ours belong to the server's user (root only, a no-op otherwise)."""
    owner = user.owner
    found = top.stat()
    if os.geteuid() != 0 or (found.st_uid, found.st_gid) == owner:
        return
    for folder, _, files in os.walk(top):
        os.chown(folder, *owner)
        for name in files:
            os.chown(Path(folder) / name, *owner, follow_symlinks=False)


def can_enter(user: ServiceUser, folder: Path) -> bool:
    """Whether that user can pass through a folder, all its parents included."""
    return runs(user, ["/bin/sh", "-c", '[ -x "$0" ]', str(folder)])


def runs(user: ServiceUser, command: list[str]) -> bool:
    """Whether a program can be started by that user and ends well."""
    try:
        done = subprocess.run(  # noqa: S603  fixed commands and our own paths
            [*user.prefix, *command],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
            **user.popen_options(),
        )
    except (OSError, subprocess.SubprocessError):
        return False
    return done.returncode == 0


def _account_for(folder: ServerFolder) -> tuple[int, int]:
    place = folder.data if folder.data.exists() else folder.root
    owner = place.stat()
    if owner.st_uid != 0:
        return owner.st_uid, owner.st_gid
    for name in ("perpflow", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return account.pw_uid, account.pw_gid
    return NOBODY, NOBODY


def _require_own_data(folder: ServerFolder) -> ServiceUser:
    if folder.data.exists() and folder.data.stat().st_uid != os.geteuid():
        raise FolderUnusable(
            f"{folder.data} belongs to another user; run as that user (or as root), "
            f"or choose another data folder"
        )
    return ServiceUser()
