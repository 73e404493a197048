"""Child processes that never outlive the test run, however that ends."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

PR_SET_PDEATHSIG = 1
try:
    _LIBC: ctypes.CDLL | None = ctypes.CDLL(None)
    _ = _LIBC.prctl
except (OSError, AttributeError):  # not Linux
    _LIBC = None


def start(
    command: Sequence[str | Path],
    *,
    log: IO[bytes],
    env: Mapping[str, str] | None = None,
    user: int | None = None,
    last_signal: int = signal.SIGTERM,
) -> subprocess.Popen[bytes]:
    """Start a command in a process group of its own; `last_signal` reaches it when this process dies.

    user: numeric user to run as, for programs that refuse root.
    """
    with warnings.catch_warnings():
        # Python warns of locks between fork and exec; the one system call made there takes none.
        warnings.simplefilter("ignore", DeprecationWarning)
        return subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            process_group=0,
            user=user,
            group=user,
            extra_groups=[] if user is not None else None,
            preexec_fn=_ask_for_signal(last_signal),
        )


def _ask_for_signal(number: int) -> Callable[[], None] | None:
    if _LIBC is None:
        return None
    libc = _LIBC
    return lambda: libc.prctl(PR_SET_PDEATHSIG, number)


def end(process: subprocess.Popen[bytes], *, by: int = signal.SIGTERM, grace: float = 10.0) -> int:
    """End the process and its group: ask by a signal, after `grace` seconds kill. Returns the exit code."""
    if process.poll() is None:
        process.send_signal(by)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(grace)
    kill_group(process)
    return process.wait(grace)


def kill_group(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the process and all that it started in its group."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
