"""Case 27 (CVE-2024-53981): a body of junk is not worth a log record for each of its bytes."""

import logging
import random

import pytest

from tests.forms import multipart
from tests.scopes import call
from tests.security.form_readers import IS_MULTIPART, OPENING, STREAMED, WHOLE, build


@pytest.mark.parametrize("path", WHOLE + STREAMED)
@pytest.mark.parametrize("head", [b"", OPENING, multipart(("a", "1"))], ids=["alone", "as a part", "behind"])
async def test_a_megabyte_of_junk_is_hardly_logged(
    path: str, head: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        junk = random.Random(27).randbytes(1_000_000)
        exchange = await call(build(), path, IS_MULTIPART, method="POST", body=[head + junk])
    assert exchange.status in (200, 400)
    assert len([record for record in caplog.records if record.name.startswith("microframe")]) <= 1
