"""Case 13: CR, LF and ANSI sequences in a path forge lines of a log, or command the terminal that shows it."""

import io
import json
import logging
import sys
from typing import Any

import pytest

from microframe import AppConfig, Application
from microframe.asgi.access import watch
from microframe.cli.access_log import build_report
from microframe.cli.logs import JsonLines, LogStyle, TextLines

SENT = b"/%0d%0aFAKE%20LOG%1b[2J"
PATH = "/\r\nFAKE LOG\x1b[2J"


async def ask(app: Any, raw: object) -> None:
    async def receive() -> "dict[str, Any]":
        return {"type": "http.request", "body": b""}

    async def send(message: object) -> None: ...

    head = {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "raw_path": raw,
        "query_string": b"",
        "headers": [],
    }
    await app({**head, "client": ("10.1.2.3", 1)}, receive, send)


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize("raw", [SENT, None])
async def test_case_13_a_request_is_one_line_of_the_access_log(
    monkeypatch: pytest.MonkeyPatch, as_json: bool, raw: object
) -> None:
    output = io.StringIO()
    monkeypatch.setattr(sys, "stdout", output)
    app = Application(AppConfig())
    await ask(watch(app, build_report(app.config, LogStyle(as_json=as_json))), raw)
    written = output.getvalue()
    assert written.count("\n") == 1
    assert all(" " <= letter <= "~" for letter in written[:-1])
    path = json.loads(written)["path"] if as_json else written.split()[3]
    assert path.lower().startswith("/%0d%0afake%20log%1b")


@pytest.mark.parametrize("formatter", [TextLines, JsonLines])
def test_case_13_no_text_of_a_record_looks_like_another_record(formatter: Any) -> None:
    record = logging.LogRecord("app", logging.ERROR, "", 1, "no page %s", (PATH,), None)
    lines = formatter(LogStyle()).format(record).split("\n")
    assert "\r" not in "".join(lines)
    assert "\x1b" not in "".join(lines)
    assert all(line.startswith("  ") for line in lines[1:])
