"""MicroFrame: one application for each middleware, each as its guide writes it."""

import asyncio
from typing import Any

from benchmarks import shop
from microframe import AppConfig, Application, CORSMiddleware, Request, Response, SecurityMiddleware
from microframe.http.cache_control import Cache
from microframe.middleware.compress import CompressMiddleware
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.middleware.rate_limit import RateLimitMiddleware
from microframe.middleware.security_headers import SecurityHeadersMiddleware
from microframe.middleware.sessions import SessionMiddleware
from microframe.sessions.session import Session

TOKEN_HEADER = b"x-csrf-token"
LIMIT = "%d/minute" % shop.RATE


def application(**options: Any) -> Application:
    app = Application(AppConfig(secret_key=shop.SECRET, **options))

    @app.get("/")
    async def home() -> dict[str, Any]:
        return shop.GREETING

    @app.get("/small")
    async def small() -> Response:
        return Response(shop.SMALL_ROWS, media_type="application/json")

    @app.get("/large")
    async def large() -> Response:
        return Response(shop.LARGE_ROWS, media_type="application/json")

    @app.get("/wait")
    async def wait() -> dict[str, Any]:
        await asyncio.sleep(0)
        return shop.GREETING

    @app.get("/client")
    async def client(request: Request) -> dict[str, str]:
        return {"client": request.client.host}

    return app


def without_sessions(app: Application, **options: Any) -> Application:
    @app.get("/session")
    async def session() -> dict[str, int]:
        return {"visits": 1}

    @app.get("/visit")
    async def visit() -> dict[str, int]:
        return {"visits": 2}

    @app.post("/change", **options)
    async def change(card: dict[str, int]) -> dict[str, int]:
        return card

    return app


def with_sessions(app: Application) -> Application:
    @app.get("/session")
    async def session(session: Session) -> dict[str, int]:
        return {"visits": session["visits"]}

    @app.get("/visit")
    async def visit(session: Session) -> dict[str, int]:
        session["visits"] += 1
        return {"visits": session["visits"]}

    @app.post("/change")
    async def change(card: dict[str, int], session: Session) -> dict[str, int]:
        session["visits"] += 1
        return card

    @app.get("/login")
    async def login(session: Session, token: CsrfToken) -> dict[str, str]:
        session["visits"] = 1
        return {"token": str(token)}

    return app


def build_plain():
    return without_sessions(application())


def build_cors():
    app = without_sessions(application())
    app.add_middleware(
        CORSMiddleware,
        allow_origins=[shop.ORIGIN],
        allow_methods=["GET", "POST"],
        allow_headers=["content-type"],
    )
    return app


def build_headers():
    app = without_sessions(application())
    app.add_middleware(SecurityHeadersMiddleware)
    return app


def build_gzip():
    app = without_sessions(application())
    add_gzip(app)
    return app


def add_gzip(app):
    app.add_middleware(
        CompressMiddleware,
        minimum_size=shop.MINIMUM_SIZE,
        encodings=["gzip"],
        levels={"gzip": shop.LEVEL},
    )


def build_session(**options):
    app = with_sessions(application())
    app.add_middleware(SessionMiddleware, **options)
    return app


def build_session_stored():
    return build_session(server_side=True)


def build_csrf():
    app = without_sessions(application())
    app.add_middleware(CSRFMiddleware)

    @app.get("/login")
    async def login(token: CsrfToken) -> dict[str, str]:
        return {"token": str(token)}

    return app


def build_limit():
    app = without_sessions(application())
    app.add_middleware(RateLimitMiddleware, LIMIT)
    return app


def build_cache():
    app = without_sessions(application())

    @app.get("/cached", cache=Cache(max_age=3600))
    async def cached() -> dict[str, Any]:
        return shop.GREETING

    return app


def build_idempotency():
    return without_sessions(application(), idempotency=True)


def build_timeout():
    return without_sessions(application(request_timeout=30))


def build_hosts():
    return without_sessions(application(allowed_hosts=shop.HOST_NAMES))


def build_request_id():
    return without_sessions(application(request_id_header="x-request-id"))


def build_https():
    return without_sessions(application(https_only=True))


def build_proxy():
    return without_sessions(application(trusted_proxies=[shop.PROXIES]))


def build_security():
    app = without_sessions(application())
    app.add_middleware(SecurityMiddleware)
    return app


def build_shared():
    app = with_sessions(application(allowed_hosts=shop.HOST_NAMES))
    app.add_middleware(SessionMiddleware)
    add_gzip(app)
    return app


def build_stack():
    app = build_shared()
    app.add_middleware(SecurityMiddleware)
    app.add_middleware(CORSMiddleware, allow_origins=[shop.ORIGIN])
    return app


LAYERS = {
    "plain": build_plain,
    "cors": build_cors,
    "headers": build_headers,
    "gzip": build_gzip,
    "session": build_session,
    "session-stored": build_session_stored,
    "csrf": build_csrf,
    "limit": build_limit,
    "cache": build_cache,
    "idempotency": build_idempotency,
    "timeout": build_timeout,
    "hosts": build_hosts,
    "request-id": build_request_id,
    "https": build_https,
    "proxy": build_proxy,
    "security": build_security,
    "shared": build_shared,
    "stack": build_stack,
}
