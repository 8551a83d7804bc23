"""Asking: an application asked as its edge asks it, without a server and without a client."""

import json
from dataclasses import dataclass
from typing import Any, Dict, List, Mapping, Optional, Sequence, Union
from urllib.parse import unquote

from microframe.application import Application
from microframe.http.headers import Headers
from microframe.http.request import Request
from tests.connections import Fields, StandInEdge, body_of, raw_headers

NO_JSON: Any = object()


@dataclass(frozen=True)
class Answer:
    """A response with its body read."""

    status: int
    headers: Headers
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def value(self) -> Any:
        """What the handler returned; anything but a 2xx fails the test and shows why."""
        assert 200 <= self.status < 300, (self.status, self.body)
        return self.json

    @property
    def errors(self) -> List[Dict[str, Any]]:
        """The faults of a request that was refused with 422."""
        assert self.status == 422, (self.status, self.body)
        errors: List[Dict[str, Any]] = self.json["errors"]
        return errors

    @property
    def faults(self) -> List[Any]:
        """The place and type of each fault."""
        return [(".".join(map(str, error["loc"])), error["type"]) for error in self.errors]


async def ask(
    app: Application,
    target: str = "/",
    method: str = "GET",
    *,
    headers: Fields = (),
    body: Union[bytes, Sequence[Optional[bytes]]] = b"",
    data: Any = NO_JSON,
) -> Answer:
    """One request; what it opened is closed before this returns. `data` is sent as JSON."""
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if data is not NO_JSON:
        body = json.dumps(data).encode()
        pairs.append(("content-type", "application/json"))
    path, _, query = target.partition("?")
    edge = StandInEdge("http", "203.0.113.7", [body] if isinstance(body, bytes) else body)
    app.build()
    request = Request(app, edge, method, unquote(path), query.encode(), raw_headers(pairs))
    async with request:
        response = await app.endpoint(request)
        content = await body_of(response)
        for task in response.after:
            await task()
    return Answer(response.status_code, Headers(response.raw_headers), content)


async def post(app: Application, target: str = "/", **options: Any) -> Answer:
    return await ask(app, target, "POST", **options)
