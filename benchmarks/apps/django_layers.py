"""Django: its middleware under its ASGI handler, asynchronous views, sessions in signed cookies or its local cache."""

import asyncio
import json

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler
from django.http import HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.urls import path
from django.utils.csp import CSP
from django.views.decorators.cache import cache_page

from benchmarks import shop

TOKEN_HEADER = b"x-csrftoken"
SIGNED, CACHED = "django.contrib.sessions.backends.signed_cookies", "django.contrib.sessions.backends.cache"

settings.configure(
    SECRET_KEY=shop.SECRET,
    ALLOWED_HOSTS=[name.lstrip("*") for name in shop.HOST_NAMES],
    ROOT_URLCONF=__name__,
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sessions",
        "django.contrib.messages",
    ],
    SECURE_CSP={
        "default-src": [CSP.SELF],
        "script-src": [CSP.SELF, CSP.NONCE],
        "style-src": [CSP.SELF, CSP.NONCE],
        "img-src": [CSP.SELF, "data:"],
        "object-src": [CSP.NONE],
        "base-uri": [CSP.NONE],
        "form-action": [CSP.SELF],
        "frame-ancestors": [CSP.NONE],
    },
    USE_TZ=True,
)
django.setup()


async def home(request):
    return JsonResponse(shop.GREETING)


async def small(request):
    return HttpResponse(shop.SMALL_ROWS, content_type="application/json")


async def large(request):
    return HttpResponse(shop.LARGE_ROWS, content_type="application/json")


async def wait(request):
    await asyncio.sleep(0)
    return JsonResponse(shop.GREETING)


async def client(request):
    return JsonResponse({"client": request.META["REMOTE_ADDR"]})


async def session(request):
    if not hasattr(request, "session"):
        return JsonResponse({"visits": 1})
    return JsonResponse({"visits": await request.session.aget("visits")})


async def visit(request):
    if not hasattr(request, "session"):
        return JsonResponse({"visits": 2})
    visits = await request.session.aget("visits") + 1
    await request.session.aset("visits", visits)
    return JsonResponse({"visits": visits})


async def change(request):
    if hasattr(request, "session"):
        await request.session.aset("visits", await request.session.aget("visits") + 1)
    return JsonResponse(json.loads(request.body))


async def login(request):
    if hasattr(request, "session"):
        await request.session.aset("visits", 1)
    return JsonResponse({"token": get_token(request)})


urlpatterns = [
    path("", home),
    path("small", small),
    path("large", large),
    path("wait", wait),
    path("client", client),
    path("session", session),
    path("visit", visit),
    path("change", change),
    path("login", login),
    path("cached", cache_page(3600)(home)),
]

SECURITY = "django.middleware.security.SecurityMiddleware"
FRAMES = "django.middleware.clickjacking.XFrameOptionsMiddleware"
CONTENT_POLICY = "django.middleware.csp.ContentSecurityPolicyMiddleware"
SESSION = "django.contrib.sessions.middleware.SessionMiddleware"
COMMON = "django.middleware.common.CommonMiddleware"
CSRF = "django.middleware.csrf.CsrfViewMiddleware"
GZIP = "django.middleware.gzip.GZipMiddleware"
# As `startproject` writes it.
DEFAULT = [
    SECURITY,
    SESSION,
    COMMON,
    CSRF,
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    FRAMES,
]


def build(*middleware, engine=SIGNED, redirect=False):
    # Middleware reads the settings when it is made.
    settings.MIDDLEWARE, settings.SESSION_ENGINE = list(middleware), engine
    settings.SECURE_SSL_REDIRECT = redirect
    settings.SECURE_CONTENT_TYPE_NOSNIFF = not redirect
    settings.SECURE_REFERRER_POLICY = None if redirect else "same-origin"
    settings.SECURE_CROSS_ORIGIN_OPENER_POLICY = None if redirect else "same-origin"
    handler = ASGIHandler()

    async def serve(scope, receive, send):
        if scope["type"] == "http":
            return await handler(scope, receive, send)
        # The lifespan, which Django does not know.
        for _ in range(2):
            message = await receive()
            await send({"type": message["type"] + ".complete"})

    return serve


LAYERS = {
    "plain": build,
    "headers": lambda: build(SECURITY, CONTENT_POLICY, FRAMES),
    "gzip": lambda: build(GZIP),
    "session": lambda: build(SESSION),
    "session-stored": lambda: build(SESSION, engine=CACHED),
    "csrf": lambda: build(CSRF),
    "cache": build,
    "hosts": lambda: build(COMMON),
    "https": lambda: build(SECURITY, redirect=True),
    "shared": lambda: build(GZIP, SESSION, COMMON),
    "stack": lambda: build(GZIP, *DEFAULT),
}
