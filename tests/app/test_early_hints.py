"""103 Early Hints: sent before the answer where the server can, and nowhere else."""

from typing import Any, Dict, List

import pytest

from microframe import Application, Request
from tests.scopes import Exchange, call

LINKS = ("</a.css>; rel=preload; as=style", "</b.js>; rel=preload")


def build() -> Application:
    app = Application()

    @app.get("/")
    async def show(request: Request) -> str:
        await request.send_early_hints(*LINKS)
        await request.send_early_hints("</c.js>; rel=preload")
        return "x"

    @app.get("/forged")
    async def forged(request: Request, link: str) -> str:
        await request.send_early_hints(link)
        return "x"

    inner = Application()
    inner.get("/")(show)
    app.mount("/inner", inner)
    return app


async def hinted(path: str = "/", **scope: Any) -> Exchange:
    app = build()

    async def offering(head: Dict[str, Any], receive: Any, send: Any) -> None:
        await app({**head, "extensions": {"http.response.early_hint": {}}, **scope}, receive, send)

    return await call(offering, path)


def kinds(exchange: Exchange) -> List[str]:
    return [message["type"].rpartition(".")[2] for message in exchange.sent]


@pytest.mark.parametrize("path", ["/", "/inner/"])
async def test_hints_leave_before_the_answer_each_at_once(path: str) -> None:
    exchange = await hinted(path)
    assert kinds(exchange) == ["early_hint", "early_hint", "start", "body"]
    assert exchange.sent[0]["links"] == [link.encode() for link in LINKS]
    assert exchange.sent[1]["links"] == [b"</c.js>; rel=preload"]


@pytest.mark.parametrize(
    "scope", [{"extensions": {}}, {"extensions": None}, {"http_version": "1.0"}], ids=str
)
async def test_nothing_is_sent_where_the_server_or_the_client_cannot(scope: Dict[str, Any]) -> None:
    assert kinds(await hinted(**scope)) == ["start", "body"]


async def test_a_link_with_a_line_break_is_an_error_and_never_sent() -> None:
    exchange = await hinted("/forged?link=%3C/a%3E%0D%0ASet-Cookie:%20a=b")
    assert kinds(exchange) == ["start", "body"]
    assert exchange.status == 500


async def test_a_client_that_has_left_ends_the_handler_without_a_word(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app = build()

    async def send(message: Any) -> None:
        raise OSError("gone")

    async def leaving(head: Dict[str, Any], receive: Any, _: Any) -> None:
        await app({**head, "extensions": {"http.response.early_hint": {}}}, receive, send)

    await call(leaving)
    assert caplog.records == []
