"""What one process publishes another one hears, also after Redis was away in between."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import List

from microframe.broker import BrokerUnavailable
from microframe.brokers.redis import RedisBroker
from tests.brokers.contract import soon, take, until
from tests.servers import RedisServer
from tests.wire import LIMIT

SOURCES = Path(__file__).parents[2]


class Hearer:
    """Another process, and what it has said so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.said: List[str] = []
        self._reading = threading.Thread(target=self._read, daemon=True)
        self._reading.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line.strip())

    def publish(self, text: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{text}\n")
        self._process.stdin.flush()

    def end(self) -> int:
        assert self._process.stdin is not None
        self._process.stdin.close()
        code = self._process.wait(LIMIT)
        self._reading.join(LIMIT)
        return code


@contextmanager
def hearer(url: str) -> Iterator[Hearer]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(SOURCES), str(SOURCES / "src")])}
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-m", "tests.brokers.hearing_process", url],
        stdin=pipe,
        stdout=pipe,
        text=True,
        env=environment,
        cwd=SOURCES,
    ) as process:
        try:
            yield Hearer(process)
        finally:
            process.kill()


async def test_processes_hear_each_other_before_and_after_an_outage(own_redis: RedisServer) -> None:
    with hearer(own_redis.url) as other:
        await until(lambda: other.said == ["ready"])
        broker = RedisBroker(own_redis.url, timeout=LIMIT)
        async with broker.subscribe("board:echo") as echo:
            await broker.publish("board:news", b"one")
            await broker.publish("board:news", b"two")
            await until(lambda: other.said[1:] == ["one", "two"])
            other.publish("hello")
            assert await take(echo, 1) == [b"hello"]

            own_redis.stop()
            other.publish("lost")
            await until(lambda: other.said[-1] == "unavailable")
            own_redis.start()
            await until(lambda: "gap" in other.said and echo.gaps)

            async def publish() -> None:
                while "three" not in other.said:
                    with suppress(BrokerUnavailable):
                        await broker.publish("board:news", b"three")

            await soon(publish())
            other.publish("again")
            assert await take(echo, 1) == [b"again"]
        await broker.close()
        assert other.end() == 0
