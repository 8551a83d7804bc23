"""Case 10 (CVE-2020-28473) on the wire: a semicolon separates no parameters, in any reading of the query."""

from typing import Annotated, Any, Dict, Optional

from microframe import Application, Query, Request
from tests.wire import served

app = Application()


@app.get("/")
async def show(request: Request, a: str, b: Annotated[Optional[str], Query()] = None) -> Dict[str, Any]:
    return {"query": dict(request.query_params), "a": a, "b": b}


def test_a_semicolon_is_part_of_the_value() -> None:
    with served(app) as server:
        assert server.get("/?a=1;b=2").body == b'{"query":{"a":"1;b=2"},"a":"1;b=2","b":null}'
