"""D18: a log of requests changes no answer, wherever it is written and whatever becomes of it."""

import io
import logging
import sys
from typing import Any, Dict, List

import pytest

from microframe import AppConfig, Application
from microframe.asgi.access import watch
from microframe.cli.access_log import ACCESS, build_report
from microframe.cli.logs import LogStyle
from microframe.testing import AsyncTestClient

STYLES = {"text": LogStyle(), "json": LogStyle(as_json=True), "colours": LogStyle(coloured=True)}


class Closed(io.StringIO):
    """Standard output that nobody reads any more."""

    def write(self, text: str) -> int:
        raise BrokenPipeError


@pytest.fixture
def logger() -> Any:
    found = logging.getLogger(ACCESS)
    yield found
    for handler in list(found.handlers):
        found.removeHandler(handler)


@pytest.mark.parametrize(
    "style", [LogStyle(), LogStyle(as_json=True), LogStyle(coloured=True)], ids=["text", "json", "colours"]
)
@pytest.mark.parametrize("output", ["default", "closed", "logger"])
async def test_requests_are_answered_as_without_it(
    output: str, style: LogStyle, logger: logging.Logger, monkeypatch: pytest.MonkeyPatch
) -> None:
    app, written = Application(), io.StringIO()
    monkeypatch.setattr(sys, "stdout", Closed() if output == "closed" else written)
    if output == "logger":
        logger.addHandler(logging.StreamHandler(written))
        logger.setLevel(logging.INFO)

    @app.get("/cards/{number}")
    async def show(number: int) -> Dict[str, int]:
        return {"number": number}

    client = AsyncTestClient(watch(app, build_report(AppConfig(), style)))
    seen: List[Any] = []
    for path in ("/cards/7", "/cards/x", "/nothing"):
        answer = await client.get(path)
        seen.append((answer.status_code, answer.json().get("number")))
    assert seen == [(200, 7), (422, None), (404, None)]
    assert len(written.getvalue().splitlines()) == (0 if output == "closed" else 3)
