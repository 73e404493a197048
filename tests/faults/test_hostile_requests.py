"""Bytes that are no proper request, sent to the real server: a refusal or a closed door, and the next is served."""

from __future__ import annotations

import socket

import pytest

from tests.support.server import LiveServer

pytestmark = [pytest.mark.fault, pytest.mark.timeout(180)]
FORM = b"Content-Type: application/x-www-form-urlencoded\r\n"
PARTS = (
    b"".join(b'--x\r\nContent-Disposition: form-data; name="f%d"\r\n\r\nv\r\n' % n for n in range(20_000))
    + b"--x--\r\n"
)
REQUESTS = {
    "no words of HTTP": b"\x16\x03\x01\x02\x00\x01\x00" * 50 + b"\r\n\r\n",
    "a line of a megabyte": b"GET /" + b"a" * 1_000_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "ten thousand headers": b"GET / HTTP/1.1\r\nHost: x\r\n" + b"X-A: 1\r\n" * 10_000 + b"\r\n",
    "a length that is none": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: -5\r\n\r\nabc",
    "two lengths": b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 9\r\n\r\nabc",
    "a body of fifty megabytes": (
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\n" + FORM + b"Content-Length: 50000000\r\n\r\n" + b"a=" + b"x" * 3_000_000
    ),
    "a body in pieces without end": (
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\n" + FORM + b"Transfer-Encoding: chunked\r\n\r\n"
        + (b"10000\r\n" + b"x" * 65536 + b"\r\n") * 50
    ),
    "twenty thousand parts": (
        b"POST /sign-in HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        b"Content-Length: %d\r\n\r\n" % len(PARTS) + PARTS
    ),
    "an unknown method": b"BREW / HTTP/1.1\r\nHost: x\r\n\r\n",
    "a path out of the tree": b"GET /static/../../../../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n",
    "a name of another host": b"GET / HTTP/1.1\r\nHost: evil.example\"><script>\r\n\r\n",
    "a cookie of nonsense": b"GET /inbox HTTP/1.1\r\nHost: x\r\nCookie: tsunagu=\xff\xfe; tsunagu=%00; =;;;\r\n\r\n",
}  # fmt: skip


def send(port: int, content: bytes) -> bytes:
    """The first line of the answer; empty when the server closed the door."""
    with socket.create_connection(("127.0.0.1", port), timeout=20) as connection:
        try:
            connection.sendall(content)
            connection.shutdown(socket.SHUT_WR)
        except OSError:  # it has heard enough
            pass
        answer = b""
        try:
            while b"\r\n" not in answer:
                piece = connection.recv(4096)
                if not piece:
                    break
                answer += piece
        except OSError:
            pass
    return answer.split(b"\r\n")[0]


def test_improper_requests_are_refused_and_the_server_goes_on(live_server: LiveServer) -> None:
    for what, content in REQUESTS.items():
        line = send(live_server.port, content)
        assert not line.startswith(b"HTTP/1.1 5"), f"{what}: {line!r}"
        assert b"root:" not in line
        assert live_server.answers(), f"no answer any more after: {what}"
    assert "Traceback" not in live_server.log.read_text(errors="replace")
