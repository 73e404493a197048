"""Becomes ``python -m MODULE`` in a way that its end is certain: it is told to stop when its parent dies.

Started by engine.supervisor as a file, so that nothing else has to be imported first.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(module: str, parent: int) -> None:
    """Bind this process to its parent (on Linux; elsewhere it goes on unbound), then run the module in its place."""
    try:
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    except (OSError, AttributeError, TypeError):
        pass
    else:
        if os.getppid() != parent:
            sys.exit(0)  # it died before we were bound
    os.execv(sys.executable, [sys.executable, "-m", module])


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
