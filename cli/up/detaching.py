"""`perpflow up --detach`: the arena goes on in a process of its own, its starter waits until it is ready.

The process forks while it is young: nothing heavy is loaded and no thread runs. The child leaves the
terminal and shows what it has to say through a pipe, so that what is meant for the operator's eyes
reaches the screen and no file. When the arena is ready it lets go of the pipe.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

from cli.exit_codes import ExitCode

_BLOCK = 65_536


def detach() -> Callable[[Path], None] | ExitCode:
    """Fork. In the child: a function to call when ready, with the log for what is said later.

    In the starter: returns when the child is ready or has ended, with the code to end with.
    """
    screen, said = os.pipe()
    signals, ready = os.pipe()
    sys.stdout.flush()
    sys.stderr.flush()
    child = os.fork()
    if child:
        os.close(said)
        os.close(ready)
        return _wait_for(child, screen, signals)
    os.close(screen)
    os.close(signals)
    os.setsid()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDONLY)
    for source, target in ((nothing, 0), (said, 1), (said, 2)):
        os.dup2(source, target)
    os.close(nothing)
    os.close(said)

    def let_go(log: Path) -> None:
        os.write(ready, b"r")
        os.close(ready)
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        sys.stdout.flush()
        sys.stderr.flush()
        for target in (1, 2):
            os.dup2(descriptor, target)
        os.close(descriptor)

    return let_go


def _wait_for(child: int, screen: int, signals: int) -> ExitCode:
    while True:
        try:
            if not (shown := os.read(screen, _BLOCK)):
                break
            os.write(2, shown)
        except KeyboardInterrupt:
            os.kill(child, signal.SIGINT)  # it stops what it has started and says so
    if os.read(signals, 1):
        return ExitCode.DONE
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    return ExitCode(code) if code in {each.value for each in ExitCode} else ExitCode.FAILED
