"""Checklist 55: what an outsider controls has a limit; what just fits is taken, and one more is refused."""

import json
from pathlib import Path
from typing import Annotated, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

import pytest

from microframe import Application, Body, Request, StaticFiles, WebSocket, WebSocketDisconnect
from microframe.http.ranges import MAX_RANGES
from microframe.testing import AsyncTestClient, TestClient
from tests.scopes import Exchange, call

MULTIPART = ("content-type", "multipart/form-data; boundary=b")
URLENCODED = ("content-type", "application/x-www-form-urlencoded")
JSON = ("content-type", "application/json")


class Asked(NamedTuple):
    """One request of a size, as `call` sends it."""

    path: str = "/"
    headers: Tuple[Tuple[str, str], ...] = ()
    body: bytes = b""
    method: str = "GET"


def build() -> Application:
    app = Application()

    @app.api_route("/", methods=["GET", "POST"])
    async def read(request: Request) -> int:
        return len(await request.body())

    @app.post("/form")
    async def form(request: Request) -> int:
        return len(await request.form())

    @app.post("/json")
    async def plain(request: Request) -> bool:
        return await request.json() is not None

    @app.post("/typed")
    async def typed(value: Annotated[Any, Body()]) -> bool:
        return value is not None

    @app.get("/query")
    async def query(request: Request) -> int:
        return len(request.query_params.multi_items())

    @app.get("/{rest:path}")
    async def any_path(rest: str) -> int:
        return len(rest)

    return app


def header_lines(count: int) -> Asked:
    return Asked(headers=tuple((f"x-{number}", "") for number in range(count - 1)))  # with the Host


def header_bytes(size: int) -> Asked:
    return Asked(headers=(("x", "a" * (size - len("host" + "testserver" + "x"))),))


def path_of(size: int) -> Asked:
    return Asked("/" + "a" * (size - 1))


def query_of(count: int) -> Asked:
    return Asked("/query?" + "&".join(["a"] * count))


def body_of(size: int) -> Asked:
    return Asked(method="POST", body=b"x" * size)


def part(name: str, content: bytes = b"x", more: str = "", filename: str = "") -> bytes:
    disposition = f'form-data; name="{name}"' + (f'; filename="{filename}"' if filename else "")
    return f"--b\r\nContent-Disposition: {disposition}\r\n{more}\r\n".encode() + content + b"\r\n"


def multipart(parts: List[bytes]) -> Asked:
    return Asked("/form", (MULTIPART,), b"".join(parts) + b"--b--\r\n", "POST")


def fields_of(count: int) -> Asked:
    return multipart([part("a")] * count)


def files_of(count: int) -> Asked:
    return multipart([part("a", filename="f")] * count)


def field_of(size: int) -> Asked:
    return multipart([part("a", b"x" * size)])


def part_headers(count: int) -> Asked:
    return multipart([part("a", more="".join(f"X-{number}: 1\r\n" for number in range(count - 1)))])


def pairs_of(count: int) -> Asked:
    return Asked("/form", (URLENCODED,), b"&".join([b"a=1"] * count), "POST")


def text_of(size: int) -> Asked:
    return Asked("/form", (URLENCODED,), b"a=" + b"x" * (size - 1), "POST")


def in_json(path: str, make: Callable[[int], str]) -> Callable[[int], Asked]:
    return lambda size: Asked(path, (JSON,), make(size).encode(), "POST")


def nested(depth: int) -> str:
    return "[" * depth + "1" + "]" * depth


def nested_objects(depth: int) -> str:
    return '{"a":' * depth + "1" + "}" * depth


def digits(count: int) -> str:
    return "1" * count


LIMITS: Dict[str, Tuple[Callable[[int], Asked], int, int]] = {
    "lines of a head": (header_lines, 100, 431),
    "bytes of a head": (header_bytes, 32_768, 431),
    "a path": (path_of, 8_192, 414),
    "parameters of a query": (query_of, 1_000, 400),
    "a body": (body_of, 10_000_000, 413),
    "fields of a form": (fields_of, 1_000, 413),
    "files of a form": (files_of, 100, 413),
    "a field of a form": (field_of, 1_048_576, 413),
    "headers of a part": (part_headers, 8, 400),
    "pairs of a form": (pairs_of, 1_000, 413),
    "a pair of a form": (text_of, 1_048_576, 413),
    "arrays in each other": (in_json("/json", nested), 200, 400),
    "arrays in each other, typed": (in_json("/typed", nested), 200, 422),
    "objects in each other": (in_json("/json", nested_objects), 200, 400),
    "digits of a number": (in_json("/json", digits), 4_300, 400),
    "digits of a number, typed": (in_json("/typed", digits), 4_300, 422),
}


async def ask(asked: Asked) -> Exchange:
    return await call(build(), asked.path, *asked.headers, method=asked.method, body=[asked.body])


@pytest.mark.parametrize("what", sorted(LIMITS))
async def test_what_just_fits_is_taken_and_one_more_is_refused(what: str) -> None:
    make, limit, status = LIMITS[what]
    fits, beyond = await ask(make(limit)), await ask(make(limit + 1))
    assert (fits.status, beyond.status) == (200, status), (fits.body[:200], beyond.body[:200])
    assert beyond.headers["content-type"] == "application/problem+json"
    far = await ask(make(limit * 3))
    assert far.status == status


def test_the_limits_are_those_of_the_configuration() -> None:
    from microframe import AppConfig

    config = AppConfig()
    assert {name: getattr(config, name) for name in vars(config) if name.startswith("max_")} == {
        "max_body_size": 10_000_000,
        "max_form_parts": 1_000,
        "max_form_files": 100,
        "max_form_field_size": 1_048_576,
        "max_form_file_size": None,
        "max_form_memory": 10_000_000,
        "max_part_headers": 8,
        "max_part_header_size": 4_096,
        "max_header_count": 100,
        "max_header_size": 32_768,
        "max_query_params": 1_000,
        "max_path_size": 8_192,
    }


@pytest.mark.parametrize(
    ("text", "is_one"),
    [("1e400", False), ("-1e400", False), ("NaN", False), ("-Infinity", False), ("1e-400", True)],
)
async def test_a_number_that_is_none_is_refused(text: str, is_one: bool) -> None:
    for path, status in (("/json", 400), ("/typed", 422)):
        found = await ask(Asked(path, (JSON,), text.encode(), "POST"))
        assert found.status == (200 if is_one else status)


# Ranges --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("count", "status"), [(1, 206), (MAX_RANGES, 206), (MAX_RANGES + 1, 200), (1000, 200)]
)
def test_a_file_is_cut_into_sixteen_pieces_at_most(count: int, status: int, tmp_path: Path) -> None:
    (tmp_path / "a.bin").write_bytes(b"x" * 10_000)
    app = Application()
    app.mount("/", StaticFiles(directory=tmp_path))
    ranges = ",".join(f"{number * 4}-{number * 4}" for number in range(count))
    answer = TestClient(app).get("/a.bin", headers={"range": f"bytes={ranges}"})
    assert answer.status_code == status
    assert len(answer.content) <= 10_000


# Sockets -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["text", "bytes"])
@pytest.mark.parametrize(("size", "closed"), [(1_048_576, None), (1_048_577, 1009)])
async def test_a_message_of_a_socket_has_its_limit(kind: str, size: int, closed: Optional[int]) -> None:
    app = Application()

    @app.websocket("/")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        message = await (socket.receive_text() if kind == "text" else socket.receive_bytes())
        await socket.send_text(str(len(message)))

    async with AsyncTestClient(app).websocket_connect("/") as socket:
        if kind == "text":
            await socket.send_text("x" * size)
        else:
            await socket.send_bytes(b"x" * size)
        if closed is None:
            assert await socket.receive_text() == str(size)
            return
        with pytest.raises(WebSocketDisconnect) as caught:
            await socket.receive_text()
        assert caught.value.code == closed


# What else is sent ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("length", "status"), [(255, 200), (256, 400)])
def test_the_key_of_a_request_that_is_sent_again_has_its_limit(length: int, status: int) -> None:
    app = Application()

    @app.post("/", idempotency=True)
    async def once() -> int:
        return 1

    assert TestClient(app).post("/", headers={"idempotency-key": "k" * length}).status_code == status


@pytest.mark.parametrize(("length", "is_taken"), [(128, True), (129, False)])
def test_the_id_of_a_request_has_its_limit(length: int, is_taken: bool) -> None:
    app = Application(request_id_header="x-request-id")
    answer = TestClient(app).get("/", headers={"x-request-id": "k" * length})
    assert (answer.headers["x-request-id"] == "k" * length) is is_taken


async def test_the_text_of_a_fault_does_not_grow_with_what_was_sent() -> None:
    app = Application()

    @app.post("/numbers")
    async def numbers(values: List[int]) -> int:
        return len(values)

    body = json.dumps(["x" * 100] * 5_000).encode()
    found = await call(app, "/numbers", JSON, method="POST", body=[body])
    assert found.status == 422
    assert len(found.body) < 100_000
