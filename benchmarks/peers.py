"""Who is measured: each framework's module, distribution and way of being served."""

from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Dict, Optional, Tuple


@dataclass(frozen=True)
class Peer:
    """One measured framework.

    `server` is "uvicorn" for what is an ASGI application, otherwise the framework's own server, used for
    the wire runs; `asgi` says whether the in-process driver can call it; without `injection`, the dependency
    workloads are plain calls in the handler.
    """

    name: str
    module: str
    package: Optional[str]
    distributions: Tuple[str, ...]
    imports: str
    server: str = "uvicorn"
    asgi: bool = True
    injection: bool = True

    def load(self) -> ModuleType:
        """The application module; imports the framework."""
        return import_module("benchmarks.apps." + self.module)

    def missing(self) -> Optional[str]:
        """Why this framework cannot be measured, or None."""
        # Costs milliseconds, which the cold starts must not pay.
        from importlib import metadata

        for distribution in self.distributions:
            try:
                metadata.version(distribution)
            except metadata.PackageNotFoundError:
                return "%s is not installed" % distribution
        return None


BARE = "bare"
OURS = "microframe"
# What DESIGN §10 compares with: at least eight times cheaper than the first, cheaper than each of the others.
REFERENCE = "fastapi"
RIVALS = ("starlette", "litestar", "blacksheep", "falcon")

_ALL = (
    Peer(BARE, "bare", None, (), ""),
    Peer(
        OURS,
        "microframe_app",
        "microframe",
        ("microframe-web",),
        "from microframe import Application",
    ),
    Peer("fastapi", "fastapi_app", "fastapi", ("fastapi",), "from fastapi import FastAPI"),
    Peer(
        "starlette",
        "starlette_app",
        "starlette",
        ("starlette",),
        "from starlette.applications import Starlette; from starlette.routing import Route; "
        "from starlette.responses import JSONResponse",
        injection=False,
    ),
    Peer("litestar", "litestar_app", "litestar", ("litestar",), "from litestar import Litestar, get"),
    Peer(
        "blacksheep",
        "blacksheep_app",
        "blacksheep",
        ("blacksheep",),
        "from blacksheep import Application, get",
    ),
    Peer("falcon", "falcon_app", "falcon", ("falcon", "msgspec"), "import falcon.asgi", injection=False),
    Peer(
        "sanic",
        "sanic_app",
        "sanic",
        ("sanic",),
        "from sanic import Sanic, json",
        server="sanic",
        injection=False,
    ),
    Peer(
        "robyn",
        "robyn_app",
        "robyn",
        ("robyn",),
        "from robyn import Robyn",
        server="robyn",
        asgi=False,
        injection=False,
    ),
)
PEERS: Dict[str, Peer] = {peer.name: peer for peer in _ALL}

_LAYERED = (
    Peer(OURS, "microframe_layers", "microframe", ("microframe-web",), ""),
    Peer(
        "starlette", "starlette_layers", "starlette", ("starlette", "itsdangerous", "orjson", "uvicorn"), ""
    ),
    Peer("litestar", "litestar_layers", "litestar", ("litestar", "cryptography", "uvicorn"), ""),
    Peer("django", "django_layers", "django", ("django",), ""),
)
LAYER_PEERS: Dict[str, Peer] = {peer.name: peer for peer in _LAYERED}
"""Whose middleware is measured, each in a module of its own."""
