"""Case 15 (CVE-2020-7695) on the wire: a line break in a header is a clean 500, and the connection stays usable."""

import logging
from typing import Callable, Dict, Iterator

import pytest

from microframe import Application, PlainTextResponse, RedirectResponse, Request, Response, StreamingResponse
from tests.wire import Served, get, served


def appended(text: str) -> Response:
    response = PlainTextResponse("x")
    response.headers["X-Note"] = text
    return response


def cookie(text: str) -> Response:
    response = PlainTextResponse("x")
    response.set_cookie("note", text)
    return response


ANSWERS: Dict[str, Callable[[str], Response]] = {
    "value": lambda text: PlainTextResponse("x", headers={"X-Note": text}),
    "name": lambda text: PlainTextResponse("x", headers={text: "x"}),
    "set": appended,
    "redirect": lambda text: RedirectResponse(f"/{text}"),
    "media": lambda text: Response(b"x", media_type=f"text/plain{text}"),
    "cookie": cookie,
    "stream": lambda text: StreamingResponse(iter([b"x"]), headers={"X-Note": text}),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Served]:
    app = Application()

    @app.get("/answers/{kind}")
    async def answer(kind: str, text: str) -> Response:
        return ANSWERS[kind](text)

    @app.get("/injected")
    async def injected(response: Response, text: str) -> str:
        response.headers["x-note"] = text
        return "x"

    @app.middleware("http")
    async def mark(request: Request, call_next: Callable[..., "object"]) -> object:
        answer = await call_next(request)  # type: ignore[misc]
        if "marked" in request.query_params:
            answer.headers["x-note"] = request.query_params["marked"]
        return answer

    @app.get("/plain")
    async def plain() -> str:
        return "plain"

    with served(app) as running:
        yield running


BREAKS = [
    "a%0d%0aX-Evil:%201",
    "a%0aX-Evil:%201",
    "a%0dX-Evil:%201",
    "a%00b",
    "%0d%0a%0d%0a<script>",
    "%c4%8a",
]
PATHS = [*(f"/answers/{kind}?text=" for kind in ANSWERS), "/injected?text=", "/plain?marked="]


@pytest.mark.parametrize("path", PATHS)
def test_a_line_break_is_a_500_and_the_next_request_is_answered(
    server: Served, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL)
    with server.connect() as wire:
        for text in BREAKS:
            answer = wire.ask(get(path + text))
            encoded = "redirect" in path and text == "%c4%8a"
            assert answer.status == (307 if encoded else 500), text
            assert answer.header("x-evil") is None
            if not encoded:
                assert answer.header("content-type") == "application/problem+json"
            assert wire.ask(get("/plain")).body == b'"plain"'


@pytest.mark.parametrize("path", PATHS)
def test_what_is_harmless_is_sent(server: Served, path: str) -> None:
    assert server.get(f"{path};a=b" if "media" in path else f"{path}x").status in (200, 307)
