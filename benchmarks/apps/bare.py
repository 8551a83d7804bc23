"""The denominator: an ASGI function that sends a constant, and reads nothing it was not asked for."""

import json

from benchmarks import shop
from benchmarks.workloads import WORKLOADS


def build_constant(name):
    """The function that answers one workload."""
    workload = WORKLOADS[name]
    if workload.websocket:
        return _echo
    if name == "stream":
        return _stream
    if workload.status == 404:
        return _constant(404, b"text/plain; charset=utf-8", b"Not Found")
    if not workload.is_json:
        extra = [(header.encode(), b"1") for header in workload.expected_headers]
        return _constant(200, b"text/plain; charset=utf-8", workload.answer, extra)
    body = json.dumps(workload.answer, separators=(",", ":")).encode()
    return _constant(200, b"application/json", body)


def build_main():
    """All the functions behind one dict of paths, for the wire runs."""
    apps = {
        workload.path: build_constant(workload.name)
        for workload in WORKLOADS.values()
        if workload.app == "main"
    }

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        await apps[scope["path"]](scope, receive, send)

    return app


def build_routes(count):
    """Routes as a dict of exact paths."""
    answer = build_constant("routes%d-first" % count)
    missing = build_constant("routes%d-missing" % count)
    apps = {"/area%d/items/5" % index: answer for index in range(count)}

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        await apps.get(scope["path"], missing)(scope, receive, send)

    return app


def build_middleware():
    return build_constant("middleware")


def build_typed(count):
    """The floor of every cold start: the models, and a dict of routes that validates through them."""
    routes = {"/items%d/" % index: shop.make_model(index) for index in range(count)}

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        prefix, _, item_id = scope["path"].rpartition("/")
        model = routes[prefix + "/"]
        item = model.model_validate_json((await receive())["body"])
        int(item_id)
        await _constant(200, b"application/json", item.model_dump_json().encode())(scope, receive, send)

    return app


def _constant(status, content_type, body, extra=()):
    headers = [(b"content-length", b"%d" % len(body)), (b"content-type", content_type), *extra]

    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            return await _lifespan(receive, send)
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return app


async def _stream(scope, receive, send):
    if scope["type"] == "lifespan":
        return await _lifespan(receive, send)
    headers = [(b"content-type", b"application/octet-stream")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for _ in range(shop.CHUNKS):
        await send({"type": "http.response.body", "body": shop.CHUNK, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _echo(scope, receive, send):
    if scope["type"] == "lifespan":
        return await _lifespan(receive, send)
    await receive()
    await send({"type": "websocket.accept"})
    while True:
        message = await receive()
        if message["type"] == "websocket.disconnect":
            return
        await send({"type": "websocket.send", "text": message["text"]})


async def _lifespan(receive, send):
    while True:
        message = await receive()
        await send({"type": message["type"] + ".complete"})
        if message["type"] == "lifespan.shutdown":
            return
