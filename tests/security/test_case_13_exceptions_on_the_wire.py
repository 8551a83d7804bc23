"""Case 13 on the wire: a path with line breaks and ANSI sequences is one harmless record of the exception log."""

import logging

import pytest

from microframe import Application
from microframe.cli.logs import LogStyle, TextLines
from tests.wire import served

app = Application()


@app.get("/{anything:path}")
async def fail(anything: str) -> None:
    raise LookupError("the handler failed")


def test_a_failure_is_one_record_without_control_characters(caplog: pytest.LogCaptureFixture) -> None:
    with served(app) as server, caplog.at_level(logging.INFO):
        assert server.get("/%0d%0aFAKE%20LOG%1b[2J%00%c2%9b%e2%80%a8x").status == 500
    [record] = [one for one in caplog.records if "FAKE" in one.getMessage()]
    assert record.name == "microframe.errors"
    assert all(" " <= letter <= "~" for letter in record.getMessage())
    assert "/\\r\\nFAKE LOG\\x1b[2J\\x00\\x9b\\u2028x" in record.getMessage()
    begun = [line for line in TextLines(LogStyle()).format(record).split("\n") if "FAKE LOG" in line]
    assert len(begun) == 1
    assert not begun[0].startswith("FAKE")
