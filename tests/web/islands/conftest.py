"""A tiny server that hands out pages with the built bundles under the product's own content security policy."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

DIST = Path(__file__).parents[3] / "web" / "static" / "dist"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'"
)
TYPES = {".js": "text/javascript", ".css": "text/css", ".woff2": "font/woff2", ".bpmn": "application/xml"}


class Bench:
    """Pages to be opened at `url + path`; what was posted to it is kept."""

    def __init__(self) -> None:
        self.pages: dict[str, bytes] = {}
        self.posted: list[tuple[str, str]] = []
        self.answers: dict[str, int] = {}
        self.url = ""

    def page(self, body: str, *, lang: str = "ja", attributes: str = "") -> str:
        """Put a page with every bundle on it in place and return its address."""
        names = json.loads((DIST / "manifest.json").read_text())
        styles = "".join(f'<link rel="stylesheet" href="/dist/{names[n]}">' for n in names if n.endswith(".css"))
        scripts = "".join(f'<script src="/dist/{names[n]}" defer></script>' for n in names if n.endswith(".js"))
        head = f'<meta charset="utf-8"><title>試し</title><link rel="icon" href="data:,">{styles}{scripts}'
        self.pages["/"] = (
            f'<!doctype html><html lang="{lang}"><head>{head}</head><body {attributes}>{body}</body></html>'.encode()
        )
        return self.url + "/"


def _handler(bench: Bench) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = self.path.split("?")[0]
            source = DIST / path.removeprefix("/dist/")
            if path in bench.pages:
                self._send(200, bench.pages[path], TYPES.get(Path(path).suffix, "text/html; charset=utf-8"))
            elif path.startswith("/dist/") and source.is_file():
                self._send(200, source.read_bytes(), TYPES[source.suffix])
            else:
                self._send(404, b"", "text/plain")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            bench.posted.append((self.path, body))
            self._send(bench.answers.get(self.path, 200), b"{}", "application/json")

        def _send(self, status: int, body: bytes, kind: str) -> None:
            self.send_response(status)
            for name, value in {
                "Content-Type": kind,
                "Content-Length": str(len(body)),
                "Content-Security-Policy": POLICY,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Keep quiet."""

    return Handler


@pytest.fixture
def bench() -> Iterator[Bench]:
    """A server for one test."""
    if not (DIST / "manifest.json").exists():
        pytest.fail("the bundles are missing: run script/setup", pytrace=False)
    made = Bench()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(made))
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join()
