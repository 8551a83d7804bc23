"""What the application refuses when it is put together, each with the name and place of what is wrong."""

from typing import Any, Awaitable, Callable

import pytest

from microframe import AppConfig, Application, Host, Request, Response, SetupError
from microframe.endpoint import Endpoint
from microframe.testing import TestClient

HERE = r"\(.*test_refused_registrations.py:\d+\)"


def make_app() -> Application:
    return Application(AppConfig(debug=False))


def test_a_guard_that_is_not_async_is_refused() -> None:
    def guard(connection: Any) -> None: ...

    with pytest.raises(SetupError, match=f"the guard .*guard {HERE} must be async"):
        make_app().add_guard(guard)  # type: ignore[arg-type]


def test_middleware_of_request_and_call_next_is_told_its_decorator() -> None:
    async def timing(request: Request, call_next: Endpoint) -> Response:
        return await call_next(request)

    with pytest.raises(
        SetupError, match=rf'timing {HERE} takes \(request, call_next\).*@app.middleware\("http"\)'
    ):
        make_app().add_middleware(timing)


def test_middleware_that_cannot_be_made_names_itself() -> None:
    class Limited:
        def __init__(self, limit: int) -> None: ...

        def __call__(self, endpoint: Endpoint) -> Endpoint:
            return endpoint

    with pytest.raises(SetupError, match=f"the middleware .*Limited {HERE} cannot be made: .*limit"):
        make_app().add_middleware(Limited)


def test_a_plugin_may_bring_asgi_middleware() -> None:
    class Tag:
        def __init__(self, app: Callable[..., Awaitable[None]], value: str) -> None:
            self.app, self.value = app, value.encode()

        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async def tagged(message: Any) -> None:
                if message["type"] == "http.response.start":
                    message["headers"].append((b"x-tag", self.value))
                await send(message)

            await self.app(scope, receive, tagged)

    class Tags:
        name = "tags"

        def setup(self, host: Host) -> None:
            host.add_middleware(Tag, value="blue")

    app = Application(AppConfig(debug=False), plugins=[Tags()])
    with TestClient(app) as client:
        assert client.get("/nowhere").headers["x-tag"] == "blue"
