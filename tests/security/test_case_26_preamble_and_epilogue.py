"""Case 26 (CVE-2026-40347), case 31 (CVE-2023-46136): what surrounds parts or looks like their end is read in time."""

import asyncio
import contextlib
from typing import Any, List

import pytest

from microframe.http.form_limits import FormLimits, MalformedFormException
from tests.forms import BOUNDARY, multipart, part, pieces
from tests.growth import assert_linear
from tests.http.test_forms import contents, posting
from tests.scopes import call
from tests.security.form_readers import IS_MULTIPART, build

WHOLE = multipart(("a", "1"))

UNLIMITED = FormLimits(max_field_size=1 << 40, max_memory=1 << 40, max_part_header_size=1 << 20)

SHAPES: Any = {
    "line ends in front": lambda size: b"\r\n" * size + WHOLE,
    "line feeds in front": lambda size: b"\n" * size + WHOLE,
    "line ends behind": lambda size: WHOLE + b"\r\n" * size,
    "boundaries behind": lambda size: WHOLE + b"\r\n--" * size,
    "a carriage return, then nothing": lambda size: multipart(("a", b"\r" + b"a" * size)),
    "carriage returns": lambda size: multipart(("a", b"\r" * size)),
    "beginnings of a boundary": lambda size: multipart(("a", b"\r\n--" * size)),
    "nearly boundaries": lambda size: multipart(("a", (b"\r\n--" + BOUNDARY.encode()[:-1]) * (size // 20))),
}

# With the limit on headers at its default a header is small, however it is cut: here it is not.
HEADERS: Any = {
    "semicolons in quotes": lambda size: multipart(part(";" * min(size, 500_000), "1")),
    "escapes in quotes": lambda size: multipart(part('\\"' * min(size, 250_000), "1")),
    "parameters": lambda size: multipart(part('a"; b="c' * min(size, 60_000), "1")),
}


def read_in(size_of_pieces: int) -> Any:
    async def read(body: bytes) -> List[Any]:
        request = posting(pieces(body, size_of_pieces), limits=UNLIMITED, body_limit=1 << 40)
        return await contents(await request.form())

    return lambda body: asyncio.run(read(body))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("size", [1000, 64 * 1024])
def test_time_grows_with_the_size(shape: str, size: int) -> None:
    assert_linear(SHAPES[shape], read_in(size), 20_000)


async def read_or_refuse(body: bytes) -> None:
    with contextlib.suppress(MalformedFormException):
        await posting(body, limits=UNLIMITED, body_limit=1 << 40).form()


@pytest.mark.parametrize("shape", HEADERS)
def test_time_grows_with_the_size_of_a_header(shape: str) -> None:
    assert_linear(HEADERS[shape], lambda body: asyncio.run(read_or_refuse(body)), 20_000)


async def test_ten_megabytes_of_line_ends_are_nothing() -> None:
    body = b"\r\n" * 2_400_000 + WHOLE + b"\r\n" * 2_400_000
    exchange = await call(build(), "/data", IS_MULTIPART, method="POST", body=pieces(body, 64 * 1024))
    assert (exchange.status, exchange.json) == (200, 1)


async def test_what_stands_behind_the_end_counts_for_the_budget() -> None:
    app = build(max_body_size=10_000)
    exchange = await call(app, "/data", IS_MULTIPART, method="POST", body=[WHOLE, b"\r\n" * 10_000])
    assert exchange.status == 413
