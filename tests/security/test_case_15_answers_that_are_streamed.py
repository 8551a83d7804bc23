"""Cases 15 and 16: an answer that is streamed has no more room for a line break than any other."""

from typing import Any, AsyncIterator, Optional

import pytest

from microframe import (
    Application,
    EventSourceResponse,
    JSONLinesResponse,
    Response,
    StreamingResponse,
    safe_redirect,
)
from microframe.testing import AsyncTestClient

FORGED = "a\r\nX-Forged: 1"


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse], ids=str)
async def test_a_header_with_a_line_break_is_an_error_before_anything_is_sent(kind: Optional[Any]) -> None:
    app = Application()

    @app.get("/", **({} if kind is None else {"response_class": kind}))
    async def show(response: Response) -> AsyncIterator[str]:
        response.headers["x-own"] = FORGED
        yield "x"

    answer = await AsyncTestClient(app, raise_server_exceptions=False).get("/")
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "x-forged" not in answer.headers


@pytest.mark.parametrize("kind", [EventSourceResponse, JSONLinesResponse])
def test_a_media_type_or_a_header_with_a_line_break_is_no_response(kind: Any) -> None:
    for options in ({"media_type": f"text/{FORGED}"}, {"headers": {"x-own": FORGED}}):
        with pytest.raises(ValueError, match="control characters"):
            kind((), **options)


def test_a_default_with_a_line_break_is_no_redirect() -> None:
    with pytest.raises(ValueError, match="control characters"):
        safe_redirect("//evil.com", FORGED)
