"""Case 25 (CVE-2026-54283), case 33 for forms: one budget for the body, whoever reads it and whatever it says."""

from typing import Annotated, List, Tuple

import pytest

from microframe import Application, Body, FormLimits, Request, Router
from tests.scopes import call
from tests.security.form_readers import (
    CLOSING,
    FIELD,
    FILE,
    IS_MULTIPART,
    IS_URLENCODED,
    OPENING,
    STREAMED,
    WHOLE,
    Model,
    build,
)

LIMIT = 2_000


def sized(size: int, head: bytes, end: bytes = b"") -> List[bytes]:
    """A body of so many bytes, in small pieces."""
    body = head + b"a" * (size - len(head) - len(end)) + end
    return [body[start : start + 50] for start in range(0, len(body), 50)]


READERS: List[Tuple[str, Tuple[str, str], bytes, bytes]] = [
    *[(path, IS_MULTIPART, OPENING + FIELD, CLOSING) for path in [*WHOLE, *STREAMED]],
    *[(path, IS_MULTIPART, OPENING + FILE, CLOSING) for path in [*WHOLE, *STREAMED] if path != "/model"],
    *[(path, IS_URLENCODED, b"a=", b"") for path in [*WHOLE, "/formats"]],
    ("/dict", ("content-type", "application/json"), b'{"a":"', b'"}'),
    ("/formats", ("content-type", "application/json"), b'{"a":"', b'"}'),
]


@pytest.mark.parametrize(("path", "content_type", "head", "end"), READERS)
@pytest.mark.parametrize("declared", [(), ("10",)], ids=["chunked", "understated"])
async def test_bytes_are_counted_as_they_come(
    path: str, content_type: Tuple[str, str], head: bytes, end: bytes, declared: Tuple[str, ...]
) -> None:
    app = build(max_body_size=LIMIT)
    pairs = [content_type, *[("content-length", length) for length in declared]]
    fits = await call(app, path, *pairs, method="POST", body=sized(LIMIT, head, end))
    assert fits.status == 200, fits.body
    exchange = await call(app, path, *pairs, method="POST", body=sized(100_000, head, end))
    assert exchange.status == 413
    assert exchange.taken <= LIMIT // 50 + 2


async def test_messagepack_has_the_same_budget() -> None:
    app = Application(max_body_size=LIMIT)

    @app.post("/")
    async def show(value: Annotated[Model, Body(media_type="application/msgpack")]) -> int:
        return len(value.a)

    packed = ("content-type", "application/msgpack")
    head = b"\x81\xa1a\xda" + (LIMIT - 6).to_bytes(2, "big")
    assert (await call(app, "/", packed, method="POST", body=sized(LIMIT, head))).json == LIMIT - 6
    assert (await call(app, "/", packed, method="POST", body=sized(LIMIT + 1, head))).status == 413


async def test_an_application_a_router_and_a_route_have_limits_on_forms() -> None:
    app = Application(max_form_parts=5, max_form_field_size=10)
    router = Router("/router", form_limits=FormLimits(max_parts=4))

    async def count(request: Request) -> int:
        return len((await request.form()).multi_items())

    app.post("/application")(count)
    app.post("/route", form_limits=FormLimits(max_parts=7))(count)
    router.post("/own")(count)
    router.post("/route", form_limits=FormLimits(max_parts=6, max_field_size=20))(count)
    app.include_router(router)
    app.include_router(router, prefix="/again", form_limits=FormLimits(max_parts=3, max_field_size=5))
    inner = Application(max_form_parts=2, max_form_field_size=100)
    inner.post("/own")(count)
    inner.post("/route", form_limits=FormLimits(max_parts=8))(count)
    app.mount("/mounted", inner)
    limits = {
        "/application": (5, 10),
        "/route": (7, 10),
        "/router/own": (4, 10),
        "/router/route": (6, 20),
        "/again/router/own": (4, 5),
        "/again/router/route": (6, 20),
        "/mounted/own": (2, 10),
        "/mounted/route": (8, 10),
    }
    for path, (parts, size) in limits.items():

        async def status_of(body: bytes) -> int:
            return (await call(app, path, IS_URLENCODED, method="POST", body=[body])).status  # noqa: B023

        assert [path, await status_of(b"&".join([b"a="] * parts))] == [path, 200]
        assert [path, await status_of(b"&".join([b"a="] * (parts + 1)))] == [path, 413]
        assert [path, await status_of(b"a=" + b"1" * (size - 1))] == [path, 200]
        assert [path, await status_of(b"a=" + b"1" * size)] == [path, 413]
