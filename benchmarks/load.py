"""A small asyncio load generator: WebSocket echoes always, HTTP where wrk is missing.

`python -m benchmarks.load HOST PORT WORKLOAD SECONDS CONNECTIONS` prints one JSON line.
"""

import asyncio
import json
import re
import sys
import time
from typing import Dict, List, Optional, cast

from benchmarks.workloads import WORKLOADS, Workload

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
TALK = b"hello over there"
MASK = bytes(4)
FRAME = bytes([0x81, 0x80 | len(TALK)]) + MASK + TALK
ECHO = bytes([0x81, len(TALK)]) + TALK


def request_bytes(workload: Workload, host: str) -> bytes:
    """The request as it goes on the wire."""
    lines = ["%s %s HTTP/1.1" % (workload.method, workload.target)]
    lines += ["%s: %s" % (name.decode(), value.decode()) for name, value in workload.headers(host)]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + workload.body


def answer_size(buffer: bytes) -> Optional[int]:
    """How many bytes the first answer in the buffer takes, or None when it is not complete."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = LENGTH.search(buffer, 0, end + 2)
    if length is not None:
        size = end + 4 + int(length.group(1))
        return size if len(buffer) >= size else None
    last = buffer.find(b"\r\n0\r\n\r\n", end)
    return last + 7 if last >= 0 else None


class Client(asyncio.Protocol):
    """One connection that asks again as soon as it is answered."""

    def __init__(self, workload: Workload, host: str, latencies: List[float]) -> None:
        self._request = request_bytes(workload, host)
        self._websocket = workload.websocket
        self._upgraded = False
        self._latencies = latencies
        self._buffer = b""
        self._asked = 0.0
        self._transport: Optional[asyncio.Transport] = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # Not isinstance: uvloop's transports are not subclasses of asyncio's.
        self._transport = cast(asyncio.Transport, transport)
        self._transport.write(self._request)
        self._asked = time.perf_counter()

    def data_received(self, data: bytes) -> None:
        self._buffer = self._buffer + data if self._buffer else data
        if self._websocket and not self._upgraded:
            end = self._buffer.find(b"\r\n\r\n")
            if end >= 0:
                self._upgraded = True
                self._buffer = self._buffer[end + 4 :]
                self._ask(FRAME)
            return
        size = len(ECHO) if self._websocket else answer_size(self._buffer)
        if size is None or len(self._buffer) < size:
            return
        self._buffer = self._buffer[size:]
        self._latencies.append(time.perf_counter() - self._asked)
        self._ask(FRAME if self._websocket else self._request)

    def _ask(self, data: bytes) -> None:
        assert self._transport is not None
        self._asked = time.perf_counter()
        self._transport.write(data)

    def close(self) -> None:
        """Drop the connection."""
        if self._transport is not None:
            self._transport.abort()


async def load(
    host: str, port: int, workload: Workload, seconds: float, connections: int
) -> Dict[str, float]:
    """Requests per second and latencies, in seconds, over `connections` connections."""
    loop = asyncio.get_running_loop()
    latencies: List[float] = []
    clients = [Client(workload, "%s:%d" % (host, port), latencies) for _ in range(connections)]
    start = time.perf_counter()
    for client in clients:
        await loop.create_connection(lambda client=client: client, host, port)  # type: ignore[misc]
    await asyncio.sleep(seconds)
    spent = time.perf_counter() - start
    for client in clients:
        client.close()
    ordered = sorted(latencies) or [0.0]
    return {
        "rate": len(latencies) / spent,
        "p50": ordered[len(ordered) // 2],
        "p99": ordered[int(len(ordered) * 0.99)],
    }


def main() -> None:
    """Run from the command line; on uvloop where installed, so that the load costs less than the server."""
    host, port, name, seconds, connections = sys.argv[1:6]
    try:
        import uvloop

        run = uvloop.run
    except ImportError:
        run = asyncio.run
    print(json.dumps(run(load(host, int(port), WORKLOADS[name], float(seconds), int(connections)))))


if __name__ == "__main__":
    main()
