"""Two file locks of the embedded server, both released by the kernel when their holder dies.

`starting_or_stopping` excludes other starters. `alive` is inherited by the server's processes, so
"the lock is taken" means "a process of the server still lives", in any process namespace and
under any pid; starting a second server on the same files is thereby impossible.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from adapters.store.embedded.errors import FolderUnusable, ServerBusy, ServerError
from adapters.store.embedded.folder import give_to_owner_of

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]  the one way to say "no such module here"

POLL_SECONDS = 0.02


def open_lock_file(path: Path) -> int:
    """A file descriptor to lock; the file is made when missing."""
    if fcntl is None:
        raise ServerError(
            "the embedded server needs Linux or macOS; on this system set DATABASE_URL"
        )
    made = not path.exists()
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise FolderUnusable(
            f"{path} cannot be opened ({error.strerror}); run as the user that owns it"
        ) from error
    if made:
        give_to_owner_of(path.parent, path)
    return descriptor


def try_lock(descriptor: int) -> bool:
    """Take the lock at once or not at all."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(descriptor: int, seconds: float) -> bool:
    """Take the lock within `seconds`; False when somebody else kept it."""
    deadline = time.monotonic() + seconds
    while not try_lock(descriptor):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


@contextmanager
def starting_or_stopping(path: Path, seconds: float = 300.0) -> Iterator[None]:
    """One starter or stopper at a time. Raises `ServerBusy` after `seconds`."""
    descriptor = open_lock_file(path)
    try:
        if not wait_for_lock(descriptor, seconds):
            raise ServerBusy(
                f"another process has been starting or stopping the server for {seconds:.0f} s "
                f"(it holds {path}); end it or wait"
            )
        yield
    finally:
        os.close(descriptor)


def is_locked(path: Path) -> bool:
    """Whether somebody holds the lock."""
    if not path.exists():
        return False
    descriptor = open_lock_file(path)
    try:
        return not try_lock(descriptor)
    finally:
        os.close(descriptor)


def wait_until_free(path: Path, seconds: float) -> bool:
    """Wait until nobody holds the lock; it is not kept."""
    descriptor = open_lock_file(path)
    try:
        return wait_for_lock(descriptor, seconds)
    finally:
        os.close(descriptor)
