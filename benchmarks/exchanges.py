"""Exchanges: one large request or answer over a plain socket, with as little work as a client can have."""

import re
import socket
from dataclasses import dataclass
from typing import Optional, Tuple

from benchmarks.serve import HOST
from benchmarks.workloads import BOUNDARY, multipart

BLOCK = 1 << 18
LIMIT = 300.0
"""Seconds that nothing may come."""


@dataclass(frozen=True)
class Asked:
    """A GET and what must come: a status, so many bytes if `size` is given; `counted` is text to count in them."""

    path: str = "/"
    status: int = 200
    size: Optional[int] = None
    headers: Tuple[str, ...] = ()
    counted: bytes = b""


@dataclass(frozen=True)
class Got:
    """What came of it: bytes of content sent or fetched, how often the counted text was there."""

    bytes: int = 0
    amount: int = 0
    reason: Optional[str] = None


def send_upload(port: int, path: str, size: int, in_form: bool) -> Got:
    """Send `size` bytes, as a file in a form or as they are; the answer must name the size."""
    head, _, tail = multipart(b"\0").partition(b"\0") if in_form else (b"", b"", b"")
    kind = "multipart/form-data; boundary=" + BOUNDARY if in_form else "application/octet-stream"
    lines = ["POST %s HTTP/1.1" % path, "Host: %s:%d" % (HOST, port), "Content-Type: " + kind]
    lines += ["Content-Length: %d" % (len(head) + size + len(tail)), "Connection: close", "", ""]
    block = memoryview(bytes(range(256)) * (BLOCK // 256))
    with socket.create_connection((HOST, port), timeout=LIMIT) as connection:
        try:
            connection.sendall("\r\n".join(lines).encode() + head)
            for at in range(0, size, BLOCK):
                connection.sendall(block[: size - at])
            connection.sendall(tail)
        except OSError:
            pass  # what the server says of it is still to be read
        answer = b""
        while True:
            piece = connection.recv(65536)
            if not piece:
                break
            answer += piece
    if answer.startswith(b"HTTP/1.1 200") and b'"size":%d' % size in answer.replace(b" ", b""):
        return Got(bytes=size)
    return Got(reason=answer[:200].decode("latin-1").replace("\r\n", " ") or "no answer")


def read_answer(port: int, asked: Asked) -> Got:
    """Fetch something to its end, without keeping it."""
    lines = [
        "GET %s HTTP/1.1" % asked.path,
        "Host: %s:%d" % (HOST, port),
        "Connection: close",
        *asked.headers,
    ]
    with socket.create_connection((HOST, port), timeout=LIMIT) as connection:
        connection.sendall("\r\n".join([*lines, "", ""]).encode())
        buffer = bytearray(BLOCK)
        start = b""
        while b"\r\n\r\n" not in start:
            piece = connection.recv(65536)
            if not piece:
                return Got(reason="no answer")
            start += piece
        head, _, first = start.partition(b"\r\n\r\n")
        count, found, end = len(first), first.count(asked.counted) if asked.counted else 0, first[-8:]
        while True:
            length = connection.recv_into(buffer)
            if not length:
                break
            count += length
            if asked.counted:
                joined = end + buffer[:length]
                found += joined.count(asked.counted) - end.count(asked.counted)
                end = bytes(joined[-8:])
    status = re.match(rb"HTTP/1\.1 (\d+)", head)
    if status is None or int(status.group(1)) != asked.status:
        return Got(reason="answered " + head[:40].decode("latin-1").partition("\r")[0])
    chunked = b"transfer-encoding: chunked" in head.lower()
    if asked.size is not None and (count < asked.size if chunked else count != asked.size):
        return Got(reason="%d bytes instead of %d" % (count, asked.size))
    return Got(bytes=count, amount=found)
