"""One framework with and without its middleware, in a process of its own that `benchmarks.layers` tells what to do."""

import asyncio
import gc
import json
import sys
import time
import warnings
from types import FrameType
from typing import Any, Dict, List, Optional, Tuple

from benchmarks import shop
from benchmarks.driver import ASGIApplication, Driver, Exchange
from benchmarks.layers import CASES, MISSING, PLAIN, SIMPLE, Case, Header
from benchmarks.peers import LAYER_PEERS
from benchmarks.worker import serve
from benchmarks.workloads import Workload

CLIENTS = 1000
"""Addresses that ask in turn, so that none of them reaches a limit."""
TURNS = 6
TURN_SECONDS = 0.003
WARM_UP = 40
COUNTED = 20


class CaseDriver(Driver):
    """Asks an application what a case asks: other headers, many clients, a key for each request."""

    def __init__(self, app: ASGIApplication) -> None:
        super().__init__(app)
        self._number = 0

    async def repeat(self, case: Case, headers: List[Header], count: int) -> Exchange:
        """So many requests of a case, with these headers; gives the last."""
        app, state, body = self._app, self._state, case.body
        template = self.template(Workload(case.name, case.title, method=case.method, path=case.path))
        template["scheme"] = case.scheme
        for _ in range(count):
            self._number = number = self._number + 1
            scope = template.copy()
            scope["asgi"] = {"version": "3.0", "spec_version": "2.3"}
            scope["client"] = ("10.0.%d.%d" % divmod(number % CLIENTS, 250), 50000)
            scope["headers"] = headers.copy()
            if case.keyed:
                scope["headers"].append((b"idempotency-key", b"key-%d" % number))
            scope["state"] = state.copy()
            exchange = Exchange(body)
            await app(scope, exchange.receive, exchange.send)
        return exchange

    async def spend(self, case: Case, headers: List[Header], count: int) -> float:
        """Seconds of CPU for one of so many requests."""
        gc.collect()
        began = time.process_time()
        await self.repeat(case, headers, count)
        return (time.process_time() - began) / count


class LayersWorker:
    """The applications of one framework, each made on first use."""

    def __init__(self, peer: str) -> None:
        self._module = LAYER_PEERS[peer].load()
        self._drivers: Dict[str, CaseDriver] = {}
        self._headers: Dict[str, List[Header]] = {}
        self._counts: Dict[str, int] = {}

    async def driver(self, layer: str) -> CaseDriver:
        if layer not in self._drivers:
            driver = CaseDriver(self._module.LAYERS[layer]())
            await driver.__aenter__()
            self._drivers[layer] = driver
        return self._drivers[layer]

    async def close(self) -> None:
        """Ends the applications."""
        while self._drivers:
            await self._drivers.popitem()[1].__aexit__()

    async def sides(self, case: Case) -> Tuple[Tuple[CaseDriver, Case], Tuple[CaseDriver, Case]]:
        """Who is asked what: the application without the layer, and with it."""
        simple = SIMPLE if case.whole else case
        return (await self.driver(PLAIN), simple), (await self.driver(case.layer), case)

    async def headers(self, case: Case) -> List[Header]:
        """The headers of a case, after a visit to `/login` where it needs one."""
        if case.name not in self._headers:
            asked = Workload(case.name, case.title, body=case.body, content_type="")
            given = {name for name, _ in (*case.headers, (b"content-type", b""))}
            headers = [pair for pair in asked.headers(shop.HOST) if pair[0] not in given] + list(case.headers)
            if case.prepared:
                headers += await self.login(case)
            self._headers[case.name] = headers
        return self._headers[case.name]

    async def login(self, case: Case) -> List[Header]:
        """The cookies and the token that a visitor is given."""
        visit = Case("login", "", case.layer, path="/login")
        driver = await self.driver(case.layer)
        exchange = await driver.repeat(visit, Workload("login", "").headers(shop.HOST), 1)
        start = next(message for message in exchange.messages if message["type"] == "http.response.start")
        sent = [value.partition(b";")[0] for name, value in start["headers"] if name.lower() == b"set-cookie"]
        # Litestar's token is its cookie.
        in_cookie = [cookie[10:] for cookie in sent if cookie.startswith(b"csrftoken=")]
        token = json.loads(exchange.answer()[2])["token"].encode() or b"".join(in_cookie)
        found = [(b"cookie", b"; ".join(sent))] if sent else []
        return [*found, (self._module.TOKEN_HEADER, token)] if token else found

    async def check(self, case: Case) -> Optional[str]:
        """What is wrong with the framework's answer, or None."""
        if case.layer not in self._module.LAYERS:
            return MISSING
        headers = await self.headers(case)
        for driver, asked in await self.sides(case):
            for _ in range(2):  # what is kept is there at the second
                exchange = await driver.repeat(asked, headers, 1)
        status, sent, body = exchange.answer()
        return case.complaint(status, sent, body if case.answer is None else json.loads(body))

    async def calibrate(self, case: Case) -> None:
        """Find out how many requests make a turn."""
        headers, slowest = await self.headers(case), 0.0
        for driver, asked in await self.sides(case):
            await driver.spend(asked, headers, WARM_UP)
            slowest = max(slowest, await driver.spend(asked, headers, WARM_UP))
        self._counts[case.name] = max(5, int(TURN_SECONDS / slowest))

    async def measure(self, case: Case) -> Tuple[float, float]:
        """Seconds of CPU for a request without the layer and with it: the least of some turns each."""
        headers, count = await self.headers(case), self._counts[case.name]
        sides = await self.sides(case)
        spent: Tuple[List[float], List[float]] = ([], [])
        for _ in range(TURNS):
            for (driver, asked), times in zip(sides, spent):
                times.append(await driver.spend(asked, headers, count))
        return min(spent[0]), min(spent[1])

    async def calls(self, case: Case) -> int:
        """How many more functions are called for a request with the layer: the same whatever else the machine does."""
        headers = await self.headers(case)
        without, within = [
            await count_calls(driver, asked, headers) for driver, asked in await self.sides(case)
        ]
        return within - without

    async def obey(self, command: Dict[str, Any]) -> Any:
        """The answer to one command."""
        answer = await getattr(self, command["do"])(CASES[command["workload"]])
        if command["do"] == "calibrate":
            # What is alive now stays: else the size of the applications would be paid in random rounds.
            gc.freeze()
        return answer


async def count_calls(driver: CaseDriver, case: Case, headers: List[Header]) -> int:
    """Functions called in this thread for one request, those of C included."""
    counted = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal counted
        counted += event in ("call", "c_call")

    sys.setprofile(count)
    await driver.repeat(case, headers, COUNTED)
    sys.setprofile(None)
    return round(counted / COUNTED)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    asyncio.run(serve(LayersWorker(sys.argv[1])))
