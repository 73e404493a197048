"""A TCP proxy on the loopback address that a test can cut: between the product and its database."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

PIECE = 65536


class Proxy:
    """Passes everything on to a port; ``refuse`` closes the door and cuts every connection, ``accept`` opens it."""

    def __init__(self, to_port: int) -> None:
        self._to = to_port
        self._lock = threading.Lock()
        self._open: list[socket.socket] = []
        self._door: socket.socket | None = None
        self.port = 0
        self.accept()

    def accept(self) -> None:
        """Listen, on the same port as before."""
        door = socket.create_server(("127.0.0.1", self.port))
        self.port = door.getsockname()[1]
        self._door = door
        threading.Thread(target=self._listen, args=(door,), daemon=True).start()

    def refuse(self) -> None:
        """No new connection, and an end to all that are there."""
        door, self._door = self._door, None
        if door is not None:
            with contextlib.suppress(OSError):
                door.shutdown(socket.SHUT_RDWR)
            door.close()
        self.cut()

    def cut(self) -> None:
        """End all connections that are there; new ones are let in."""
        with self._lock:
            gone, self._open = self._open, []
        for one in gone:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)

    def _listen(self, door: socket.socket) -> None:
        while True:
            try:
                inner, _ = door.accept()
                outer = socket.create_connection(("127.0.0.1", self._to))
            except OSError:
                return
            with self._lock:
                self._open += [inner, outer]
            for source, target in ((inner, outer), (outer, inner)):
                threading.Thread(target=self._pass_on, args=(source, target), daemon=True).start()

    def _pass_on(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while piece := source.recv(PIECE):
                target.sendall(piece)
        for one in (source, target):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            with self._lock:
                if one in self._open:
                    self._open.remove(one)
        source.close()


@contextmanager
def proxy_to(port: int) -> Iterator[Proxy]:
    """A proxy that ends with the block."""
    proxy = Proxy(port)
    try:
        yield proxy
    finally:
        proxy.refuse()
