"""A new data folder: initdb beside it, then one rename, so that a crash leaves nothing behind.

Checksums are on, passwords are SCRAM for every connection, text sorts by code point in UTF-8 on
every machine (the builtin locale from version 17 on).
"""

from __future__ import annotations

import os
import shutil
import struct
import subprocess

from adapters.store.embedded.errors import NotStartable
from adapters.store.embedded.folder import ServerFolder
from adapters.store.embedded.locate import Binaries
from adapters.store.embedded.service_user import ServiceUser
from adapters.store.embedded.state import ADMIN, write_private

BARE_ENVIRONMENT = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC"}
"""The server sees none of our environment: it may run as a user that others share."""


def create_data_folder(
    folder: ServerFolder, binaries: Binaries, user: ServiceUser, *, password: str, fsync: bool
) -> None:
    """initdb into `data.tmp`, then rename to `data`. Raises `NotStartable` with initdb's words."""
    shutil.rmtree(folder.unfinished, ignore_errors=True)
    password_file = folder.root / "initdb.secret"
    password_file.unlink(missing_ok=True)
    try:
        folder.unfinished.mkdir(mode=0o700)
        write_private(password_file, password)
        for path in (folder.unfinished, password_file):
            os.chown(path, *user.owner)
        _run_initdb(folder, binaries, user, str(password_file), fsync=fsync)
        folder.unfinished.rename(folder.data)
    except BaseException:
        shutil.rmtree(folder.unfinished, ignore_errors=True)
        raise
    finally:
        password_file.unlink(missing_ok=True)
    _sync_folder(folder)


def data_major(folder: ServerFolder) -> int:
    """Major version that made the data folder."""
    return int((folder.data / "PG_VERSION").read_text().strip())


def system_identifier(folder: ServerFolder) -> int:
    """The cluster's own number: the first eight bytes of its control file."""
    head = (folder.data / "global" / "pg_control").read_bytes()[:8]
    return int(struct.unpack("=Q", head)[0])


def _run_initdb(
    folder: ServerFolder, binaries: Binaries, user: ServiceUser, password_file: str, *, fsync: bool
) -> None:
    locale = ["--locale=C"]
    if binaries.major >= 17:
        locale += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [
        *user.initdb_prefix,
        str(binaries.bin / "initdb"),
        f"--pgdata={folder.unfinished}",
        f"--username={ADMIN}",
        f"--pwfile={password_file}",
        "--auth=scram-sha-256",
        "--data-checksums",
        "--encoding=UTF8",
        *locale,
        *([] if fsync else ["--no-sync"]),
    ]
    done = subprocess.run(  # noqa: S603  our own located binary
        command,
        cwd=folder.root,
        env=BARE_ENVIRONMENT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
        **user.popen_options(),
    )
    if done.returncode != 0:
        words = (done.stderr or done.stdout).strip().splitlines()[-5:]
        raise NotStartable(f"the data folder could not be made: {' | '.join(words)}")


def _sync_folder(folder: ServerFolder) -> None:
    """Make the rename itself survive a power cut."""
    descriptor = os.open(folder.root, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
