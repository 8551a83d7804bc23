"""Bombs: requests that are small to send and could be dear to read, each of any size."""

import gzip
import json
import zlib
from typing import Annotated, Any, Callable, Dict, List, NamedTuple, Optional, Tuple

from pydantic import BaseModel

from microframe import Application, Cache, Cookie, Header, Path, Query, Request, StaticFiles
from microframe.middleware.compress import CompressMiddleware
from microframe.middleware.cors import CORSMiddleware
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions import Session
from tests.scopes import Exchange, call

Pairs = Tuple[Tuple[str, str], ...]
JSON = ("content-type", "application/json")
FORM = ("content-type", "application/x-www-form-urlencoded")
MULTIPART = ("content-type", "multipart/form-data; boundary=b")
HUGE: Dict[str, Any] = {
    "max_header_count": 10_000_000,
    "max_header_size": 1_000_000_000,
    "max_path_size": 1_000_000_000,
    "max_query_params": 10_000_000,
    "max_form_parts": 10_000_000,
    "max_form_files": 10_000_000,
    "max_form_field_size": 1_000_000_000,
    "max_form_memory": 1_000_000_000,
    "max_body_size": 1_000_000_000,
}
"""Limits that let everything through, so that it is read to its end."""


class Bomb(NamedTuple):
    """One request."""

    path: str = "/"
    headers: Pairs = ()
    body: bytes = b""
    method: str = "GET"


class Card(BaseModel):
    title: str
    tags: List[str] = []


def build(folder: Any, **options: Any) -> Application:
    """An application with everything that reads what a client sends."""
    app = Application(trusted_proxies=["127.0.0.1"], request_id_header="x-request-id", **options)
    app.add_middleware(SessionMiddleware)
    app.add_middleware(CompressMiddleware, minimum_size=1)
    app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"], allow_headers=["x-a"])
    add_readers(app)
    add_routes(app)
    app.mount("/files", StaticFiles(directory=folder))
    return app


def add_readers(app: Application) -> None:
    @app.post("/json", csrf=False)
    async def plain(request: Request) -> bool:
        return await request.json() is not None

    @app.post("/card", csrf=False)
    async def card(card: Card) -> str:
        return card.title

    @app.post("/form", csrf=False)
    async def form(request: Request) -> int:
        return len(await request.form())


def add_routes(app: Application) -> None:
    @app.get("/")
    async def index(
        request: Request,
        session: Session,
        a: Annotated[Optional[List[str]], Query()] = None,
        theme: Annotated[str, Cookie()] = "",
        x_many: Annotated[Optional[List[str]], Header()] = None,
    ) -> int:
        return len(request.query_params.multi_items()) + len(request.cookies) + len(a or x_many or theme)

    @app.get("/kept", cache=Cache(max_age=60))
    async def kept() -> str:
        return "kept"

    @app.post("/once", idempotency=True, csrf=False)
    async def once() -> str:
        return "once"

    @app.get("/matched/{text:path}")
    async def matched(text: Annotated[str, Path(pattern=r"^(a+)+$")]) -> str:
        return text

    @app.get("/dated", etag=lambda: "1")
    async def dated() -> int:
        return 1


def listed(
    name: str, item: str, path: str = "/", more: Pairs = (), method: str = "GET"
) -> Callable[[int], Bomb]:
    """A header that is a list of very many."""
    return lambda size: Bomb(path, ((name, ", ".join([item] * size)), *more), method=method)


def typed(path: str, kind: str, more: str) -> Callable[[int], Bomb]:
    """A type of content that says very much."""
    return lambda size: Bomb(path, (("content-type", kind + more * size),), b"1", "POST")


def card_of(make: Callable[[int], Any]) -> Callable[[int], Bomb]:
    return lambda size: Bomb("/card", (JSON,), json.dumps(make(size)).encode(), "POST")


def part(number: int) -> bytes:
    return b'--b\r\nContent-Disposition: form-data; name="a%d"\r\n\r\nx\r\n' % number


def packed(size: int, pack: Callable[[bytes], bytes], name: str) -> Bomb:
    headers = (JSON, ("content-encoding", name))
    return Bomb("/json", headers, pack(b'"' + b"a" * (size * 1000) + b'"'), "POST")


PREFLIGHT: Pairs = (("origin", "https://a.example"), ("access-control-request-method", "GET"))
BOMBS: Dict[str, Callable[[int], Bomb]] = {
    "parameters of a query": lambda size: Bomb("/?" + "&".join(["a=1"] * size)),
    "names of a query": lambda size: Bomb("/?" + "&".join(f"a{number}=1" for number in range(size))),
    "escapes of a query": lambda size: Bomb("/?a=" + "%26" * size),
    "a long path": lambda size: Bomb("/" + "a" * size),
    "a deep path": lambda size: Bomb("/a" * size),
    "slashes": lambda size: Bomb("/" * size),
    "dots": lambda size: Bomb("/files" + "/.." * size),
    "a path for a pattern": lambda size: Bomb("/matched/" + "a" * size + "!"),
    "lines of a head": lambda size: Bomb(headers=tuple((f"x-{number}", "1") for number in range(size))),
    "lines of one name": lambda size: Bomb(headers=(("x-many", "1"),) * size),
    "lines of cookies": lambda size: Bomb(headers=(("cookie", "a=1"),) * size),
    "cookies": lambda size: Bomb(headers=(("cookie", "; ".join(f"a{n}=1" for n in range(size))),)),
    "cookies without names": lambda size: Bomb(headers=(("cookie", ";" * size),)),
    "a long session": lambda size: Bomb(headers=(("cookie", "session=" + "A" * size),)),
    "Accept": listed("accept", "a/b;q=0.5", "/nowhere"),
    "parameters of Accept": lambda size: Bomb("/nowhere", (("accept", "a/b" + ";a=b" * size),)),
    "Accept-Encoding": listed("accept-encoding", "gzip;q=0.5"),
    "ranges": lambda size: Bomb("/files/a.bin", (("range", "bytes=" + ",".join(["0-0"] * size)),)),
    "If-None-Match": listed("if-none-match", '"x"', "/dated"),
    "If-Match": listed("if-match", '"x"', "/dated"),
    "Cache-Control": listed("cache-control", "a=b", "/kept"),
    "X-Forwarded-For": listed("x-forwarded-for", "10.0.0.1"),
    "Forwarded": listed("forwarded", "for=1.1.1.1"),
    "headers that a page asks for": listed(
        "access-control-request-headers", "x-a", more=PREFLIGHT, method="OPTIONS"
    ),
    "a key of a request": lambda size: Bomb("/once", (("idempotency-key", "k" * size),), b"", "POST"),
    "an id of a request": lambda size: Bomb(headers=(("x-request-id", "k" * size),)),
    "parameters of a type": typed("/json", "application/json", ";a=b"),
    "quotes of a type": typed("/form", 'multipart/form-data; a="', '\\"'),
    "gzip": lambda size: packed(size, gzip.compress, "gzip"),
    "deflate": lambda size: packed(size, zlib.compress, "deflate"),
    "arrays in each other": lambda size: Bomb("/json", (JSON,), b"[" * size, "POST"),
    "objects in each other": lambda size: Bomb("/card", (JSON,), b'{"title":' * size, "POST"),
    "digits": lambda size: Bomb("/json", (JSON,), b"1" * size, "POST"),
    "digits of a model": lambda size: Bomb("/card", (JSON,), b'{"title":' + b"1" * size + b"}", "POST"),
    "an exponent": lambda size: Bomb("/json", (JSON,), b"1e" + b"9" * size, "POST"),
    "names of an object": card_of(lambda size: {f"a{number}": number for number in range(size)}),
    "faults of a model": card_of(lambda size: {"title": "t", "tags": [1] * size}),
    "backslashes": lambda size: Bomb("/json", (JSON,), b'"' + b"\\" * (size * 2 + 1), "POST"),
    "pairs of a form": lambda size: Bomb("/form", (FORM,), b"&".join([b"a=1"] * size), "POST"),
    "escapes of a form": lambda size: Bomb("/form", (FORM,), b"a=" + b"%3d" * size, "POST"),
    "parts": lambda size: Bomb(
        "/form", (MULTIPART,), b"".join(map(part, range(size))) + b"--b--\r\n", "POST"
    ),
    "lines before the first part": lambda size: Bomb("/form", (MULTIPART,), b"\r\n" * size, "POST"),
    "almost boundaries": lambda size: Bomb("/form", (MULTIPART,), part(0)[:-3] + b"\r\n--" * size, "POST"),
}
"""By what there is too much of."""


async def drop(app: Application, bomb: Bomb) -> Exchange:
    return await call(app, bomb.path, *bomb.headers, method=bomb.method, body=[bomb.body])
