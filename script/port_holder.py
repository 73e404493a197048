"""Says who listens on a port that `script/run` wants: `port_holder.py HOST PORT` exits 0 when it is free, else 2."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path

LISTENING = "0A"  #: state of a listening socket in /proc/net/tcp


def is_free(host: str, port: int) -> bool:
    """Whether a server could listen there now. Raises OSError when the host is none of this machine's."""
    family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            if error.errno == 98 or "in use" in str(error):  # EADDRINUSE
                return False
            raise
    return True


def holder(port: int) -> str:
    """The process that listens on the port, as `process 123 (python -m web)`; less where the system tells less."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        if inodes & _socket_inodes(process):
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            return f"process {process.name} ({command[:120]})"
    return "another process"


def _listening_inodes(port: int) -> set[str]:
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        try:
            rows = Path(table).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            _, local, _, state, *_, inode = row.split()[:10]
            if state == LISTENING and int(local.rsplit(":", 1)[1], 16) == port:
                inodes.add(inode)
    return inodes


def _socket_inodes(process: Path) -> set[str]:
    found = set()
    try:
        for descriptor in (process / "fd").iterdir():
            target = os.readlink(descriptor)
            if target.startswith("socket:["):
                found.add(target[8:-1])
    except OSError:  # ended meanwhile, or another user's
        pass
    return found


def main() -> int:
    host, port = sys.argv[1], sys.argv[2]
    if not port.isdigit() or not 0 < int(port) < 65536:
        print(f"PORT={port} is no port number: choose one from 1024 to 65535, for example PORT=8000", file=sys.stderr)
        return 2
    try:
        if is_free(host, int(port)):
            return 0
    except PermissionError:
        print(f"port {port} is reserved for administrators: PORT=8000 script/run", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot listen on {host}: {error}. Try HOST=127.0.0.1 script/run", file=sys.stderr)
        return 2
    print(f"port {port} on {host} is taken by {holder(int(port))}.", file=sys.stderr)
    print(f"Stop that one, or take another port: PORT={int(port) + 1} script/run", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
