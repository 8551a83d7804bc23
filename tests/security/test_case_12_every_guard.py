"""Case 12 (GHSA-8pvw-jcv7-9cmj): whatever guards a path sees the one that is matched, in each of 24 spellings."""

from pathlib import Path
from typing import Any, Callable, Dict, List, Optional
from urllib.parse import unquote_to_bytes

import pytest

from microframe import Application, Depends, ForbiddenException, Request, Response, Router, StaticFiles
from microframe.http.connection import Connection
from microframe.middleware.cors import CORSMiddleware
from microframe.testing import TestClient
from tests.scopes import call
from tests.wire import Served, served

SECRET = b"top secret"
SPELLINGS = [
    "/private/f",
    "//private/f",
    "///private/f",
    "/private//f",
    "/./private/f",
    "/private/./f",
    "/private/f/",
    "/private/f/.",
    "/public/../private/f",
    "/public/./../private/f",
    "/private/../private/f",
    "/public/..//private/f",
    "/%2e/private/f",
    "/public/%2e%2e/private/f",
    "/public/%2e%2e%2fprivate/f",
    "/%70rivate/f",
    "/private%2ff",
    "/private%2Ff",
    "/%2fprivate/f",
    "/private/%66",
    "/private%5cf",
    "/public/..%5cprivate/f",
    "/%2570rivate/f",
    "/private/f%00",
]

Guarding = Callable[[Path], Application]


def is_private(connection: Connection) -> bool:
    return connection.path.startswith("/private/")


async def guard(connection: Connection) -> Optional[Response]:
    return Response(status_code=403) if is_private(connection) else None


async def require(request: Request) -> None:
    if is_private(request):
        raise ForbiddenException()


def middleware(endpoint: Any) -> Any:
    async def checked(request: Request) -> Response:
        await require(request)
        response: Response = await endpoint(request)
        return response

    return checked


class Foreign:
    """Middleware of somebody else's: it knows the scope alone."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and scope["path"].startswith("/private/"):
            await send({"type": "http.response.start", "status": 403, "headers": []})
            await send({"type": "http.response.body", "body": b""})
        else:
            await self.app(scope, receive, send)


def add_routes(to: Router) -> None:
    @to.get("/public/f")
    async def public() -> str:
        return "public"

    @to.get("/private/f")
    async def private() -> bytes:
        return SECRET


def routed(**options: Any) -> Guarding:
    def build(folder: Path) -> Application:
        app = Application(**options)
        add_routes(app)
        return app

    return build


def of_a_router(**options: Any) -> Guarding:
    def build(folder: Path) -> Application:
        app, router = Application(), Router(**options)
        add_routes(router)
        app.include_router(router)
        return app

    return build


def by_prefix(**options: Any) -> Guarding:
    """The guard stands before what begins with `/private`, and asks for no path itself."""

    def build(folder: Path) -> Application:
        app, public, private = Application(), Router(prefix="/public"), Router(prefix="/private", **options)
        for router in (public, private):

            @router.get("/f")
            async def read(request: Request) -> bytes:
                return SECRET if request.path.startswith("/private") else b"public"

            app.include_router(router)
        return app

    return build


def before_a_folder(**options: Any) -> Guarding:
    def build(folder: Path) -> Application:
        app, router = Application(), Router(**options)
        router.mount("/", StaticFiles(directory=folder, html=True))
        app.include_router(router)
        return app

    return build


def before_another(**options: Any) -> Guarding:
    def build(folder: Path) -> Application:
        inner = Application()
        add_routes(inner)
        app, router = Application(), Router(**options)
        router.mount("/", inner)
        app.include_router(router)
        return app

    return build


def before_a_folder_by_prefix(**options: Any) -> Guarding:
    def build(folder: Path) -> Application:
        app, router = Application(), Router(prefix="/private", **options)
        router.mount("/", StaticFiles(directory=folder / "private"))
        app.include_router(router)
        app.mount("/public", StaticFiles(directory=folder / "public"))
        return app

    return build


async def refuse(connection: Connection) -> Optional[Response]:
    return Response(status_code=403)


async def refuse_all() -> None:
    raise ForbiddenException()


def in_asgi(folder: Path) -> Application:
    app = Application()
    app.add_middleware(Foreign)
    add_routes(app)
    return app


GUARDS: Dict[str, Guarding] = {
    "application's guard": routed(guards=[guard]),
    "application's dependency": routed(dependencies=[Depends(require)]),
    "application's middleware": routed(middleware=[middleware]),
    "router's guard": of_a_router(guards=[guard]),
    "router's dependency": of_a_router(dependencies=[Depends(require)]),
    "router's middleware": of_a_router(middleware=[middleware]),
    "guard by prefix": by_prefix(guards=[refuse]),
    "dependency by prefix": by_prefix(dependencies=[Depends(refuse_all)]),
    "guard before files": before_a_folder(guards=[guard]),
    "dependency before files": before_a_folder(dependencies=[Depends(require)]),
    "middleware before files": before_a_folder(middleware=[middleware]),
    "guard before files by prefix": before_a_folder_by_prefix(guards=[refuse]),
    "guard before another application": before_another(guards=[guard]),
    "dependency before another application": before_another(dependencies=[Depends(require)]),
    "foreign middleware": in_asgi,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("served")
    for name, content in (("public", b"public"), ("private", SECRET)):
        (root / name).mkdir()
        (root / name / "f").write_bytes(content)
    return root


def statuses(server: Served) -> List[int]:
    found = []
    with server.connect() as wire:
        for spelling in SPELLINGS:
            answer = wire.ask(f"GET {spelling} HTTP/1.1\r\nHost: testserver\r\n\r\n".encode())
            assert SECRET not in answer.body, spelling
            found.append(answer.status)
    return found


@pytest.mark.parametrize("kind", sorted(GUARDS))
def test_no_spelling_passes_a_guard(kind: str, folder: Path) -> None:
    with served(GUARDS[kind](folder)) as server:
        found = statuses(server)
        assert found[0] == 403
        assert set(found) <= {307, 308, 400, 403, 404}, found
        # Where it is redirected, it is to where a guard stands.
        assert server.get("/public/f").status == 200


def test_there_are_24_spellings_of_which_each_is_another_path() -> None:
    assert len({unquote_to_bytes(one) + one.encode() for one in SPELLINGS}) == 24


@pytest.mark.parametrize("spelling", SPELLINGS)
async def test_a_guard_reads_the_path_that_is_matched(spelling: str) -> None:
    seen: List[str] = []

    async def note(connection: Connection) -> None:
        seen.append(connection.path)

    app = Application(guards=[note])

    @app.get("/{rest:path}")
    async def read(request: Request, rest: str) -> str:
        assert request.path == seen[-1]
        return rest

    answer = await call(app, unquote_to_bytes(spelling).decode())
    assert (answer.status, "/" + answer.json) == (200, seen[-1])


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_cors_asks_for_no_path(spelling: str) -> None:
    """There is one policy for all of an application, so that no spelling of a path has another one."""
    app = Application()
    app.add_middleware(CORSMiddleware, allow_origins=["https://a.example"])
    add_routes(app)
    answer = TestClient(app, follow_redirects=False).get(spelling, headers={"origin": "https://evil.example"})
    assert "access-control-allow-origin" not in answer.headers
