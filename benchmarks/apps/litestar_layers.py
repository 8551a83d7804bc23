"""Litestar: its configurations and middleware, uvicorn's for proxies; its cookies are encrypted, not only signed."""

import asyncio
from typing import Any

from litestar import Litestar, Request, Response, get, post
from litestar.config.allowed_hosts import AllowedHostsConfig
from litestar.config.compression import CompressionConfig
from litestar.config.cors import CORSConfig
from litestar.config.csrf import CSRFConfig
from litestar.middleware.rate_limit import RateLimitConfig
from litestar.middleware.session.client_side import CookieBackendConfig
from litestar.middleware.session.server_side import ServerSideSessionConfig
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from benchmarks import shop

TOKEN_HEADER = b"x-csrftoken"


@get("/")
async def home() -> dict[str, Any]:
    return shop.GREETING


@get("/small")
async def small() -> Response[bytes]:
    return Response(shop.SMALL_ROWS, media_type="application/json")


@get("/large")
async def large() -> Response[bytes]:
    return Response(shop.LARGE_ROWS, media_type="application/json")


@get("/wait")
async def wait() -> dict[str, Any]:
    await asyncio.sleep(0)
    return shop.GREETING


@get("/client")
async def client(request: Request) -> dict[str, str]:
    return {"client": request.client.host}


@get("/session")
async def no_session() -> dict[str, int]:
    return {"visits": 1}


@get("/visit")
async def no_visit() -> dict[str, int]:
    return {"visits": 2}


@post("/change", status_code=200)
async def no_change(data: dict[str, int]) -> dict[str, int]:
    return data


@get("/session")
async def session(request: Request) -> dict[str, int]:
    return {"visits": request.session["visits"]}


@get("/visit")
async def visit(request: Request) -> dict[str, int]:
    request.session["visits"] += 1
    return {"visits": request.session["visits"]}


@post("/change", status_code=200)
async def change(request: Request, data: dict[str, int]) -> dict[str, int]:
    request.session["visits"] += 1
    return data


@get("/login")
async def login(request: Request) -> dict[str, str]:
    if "session" in request.scope:
        request.session["visits"] = 1
    return {"token": ""}


@get("/cached", cache=3600)
async def cached() -> dict[str, Any]:
    return shop.GREETING


ANY = [home, small, large, wait, client, cached]
WITHOUT = [*ANY, no_session, no_visit, no_change, login]
WITHIN = [*ANY, session, visit, change, login]

CORS = CORSConfig(allow_origins=[shop.ORIGIN], allow_methods=["GET", "POST"], allow_headers=["content-type"])
GZIP = CompressionConfig(backend="gzip", minimum_size=shop.MINIMUM_SIZE, gzip_compress_level=shop.LEVEL)
HOSTS = AllowedHostsConfig(allowed_hosts=shop.HOST_NAMES)


def cookies():
    return CookieBackendConfig(secret=shop.SECRET.encode()).middleware


def limit():
    return RateLimitConfig(rate_limit=("minute", shop.RATE)).middleware


def csrf():
    return CSRFConfig(secret=shop.SECRET)


LAYERS = {
    "plain": lambda: Litestar(WITHOUT),
    "cors": lambda: Litestar(WITHOUT, cors_config=CORS),
    "gzip": lambda: Litestar(WITHOUT, compression_config=GZIP),
    "session": lambda: Litestar(WITHIN, middleware=[cookies()]),
    "session-stored": lambda: Litestar(WITHIN, middleware=[ServerSideSessionConfig().middleware]),
    "csrf": lambda: Litestar(WITHOUT, csrf_config=csrf()),
    "limit": lambda: Litestar(WITHOUT, middleware=[limit()]),
    "cache": lambda: Litestar(WITHOUT),
    "hosts": lambda: Litestar(WITHOUT, allowed_hosts=HOSTS),
    "proxy": lambda: ProxyHeadersMiddleware(Litestar(WITHOUT), trusted_hosts=shop.PROXIES),
    "shared": lambda: Litestar(WITHIN, allowed_hosts=HOSTS, compression_config=GZIP, middleware=[cookies()]),
    "stack": lambda: Litestar(
        WITHIN,
        allowed_hosts=HOSTS,
        cors_config=CORS,
        csrf_config=csrf(),
        compression_config=GZIP,
        middleware=[cookies(), limit()],
    ),
}
