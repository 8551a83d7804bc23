"""Starlette: its own middleware as `Middleware(...)`, uvicorn's for proxies."""

import asyncio

import orjson
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.httpsredirect import HTTPSRedirectMiddleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from benchmarks import shop

TOKEN_HEADER = b"x-csrf-token"


class OrjsonResponse(JSONResponse):
    """As in Starlette's documentation, "Custom JSON serialization"."""

    def render(self, content):
        return orjson.dumps(content)


async def home(request):
    return OrjsonResponse(shop.GREETING)


async def small(request):
    return Response(shop.SMALL_ROWS, media_type="application/json")


async def large(request):
    return Response(shop.LARGE_ROWS, media_type="application/json")


async def wait(request):
    await asyncio.sleep(0)
    return OrjsonResponse(shop.GREETING)


async def client(request):
    return OrjsonResponse({"client": request.client.host})


async def no_session(request):
    return OrjsonResponse({"visits": 1})


async def no_visit(request):
    return OrjsonResponse({"visits": 2})


async def no_change(request):
    return OrjsonResponse(await request.json())


async def session(request):
    return OrjsonResponse({"visits": request.session["visits"]})


async def visit(request):
    request.session["visits"] += 1
    return OrjsonResponse({"visits": request.session["visits"]})


async def change(request):
    request.session["visits"] += 1
    return OrjsonResponse(await request.json())


async def login(request):
    request.session["visits"] = 1
    return OrjsonResponse({"token": ""})


SHARED = [
    Route("/", home),
    Route("/small", small),
    Route("/large", large),
    Route("/wait", wait),
    Route("/client", client),
]
WITHOUT = [
    *SHARED,
    Route("/session", no_session),
    Route("/visit", no_visit),
    Route("/change", no_change, methods=["POST"]),
]
WITHIN = [
    *SHARED,
    Route("/session", session),
    Route("/visit", visit),
    Route("/change", change, methods=["POST"]),
    Route("/login", login),
]

CORS = Middleware(
    CORSMiddleware,
    allow_origins=[shop.ORIGIN],
    allow_methods=["GET", "POST"],
    allow_headers=["content-type"],
)
GZIP = Middleware(GZipMiddleware, minimum_size=shop.MINIMUM_SIZE, compresslevel=shop.LEVEL)
SESSION = Middleware(SessionMiddleware, secret_key=shop.SECRET)
HOSTS = Middleware(TrustedHostMiddleware, allowed_hosts=shop.HOST_NAMES)
HTTPS = Middleware(HTTPSRedirectMiddleware)
PROXY = Middleware(ProxyHeadersMiddleware, trusted_hosts=shop.PROXIES)

LAYERS = {
    "plain": lambda: Starlette(routes=WITHOUT),
    "cors": lambda: Starlette(routes=WITHOUT, middleware=[CORS]),
    "gzip": lambda: Starlette(routes=WITHOUT, middleware=[GZIP]),
    "session": lambda: Starlette(routes=WITHIN, middleware=[SESSION]),
    "hosts": lambda: Starlette(routes=WITHOUT, middleware=[HOSTS]),
    "https": lambda: Starlette(routes=WITHOUT, middleware=[HTTPS]),
    "proxy": lambda: Starlette(routes=WITHOUT, middleware=[PROXY]),
    "shared": lambda: Starlette(routes=WITHIN, middleware=[HOSTS, SESSION, GZIP]),
    "stack": lambda: Starlette(routes=WITHIN, middleware=[HOSTS, CORS, SESSION, GZIP]),
}
