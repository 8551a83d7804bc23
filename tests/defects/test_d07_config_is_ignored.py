"""D7: every field of AppConfig changes what the application does; one test each, and none without."""

import asyncio
import sys
import threading
from dataclasses import fields
from typing import Any, Dict, List, Optional

import pytest
from pydantic import BaseModel

from microframe import (
    AppConfig,
    Application,
    Request,
    SetupError,
    WebSocket,
    WebSocketDisconnect,
)
from microframe.cli.run import RunOptions, listeners, plan_of
from microframe.cli.target import parse_target
from microframe.configurations import require_secret
from microframe.testing import AsyncTestClient, ClientResponse, TestClient, WebSocketDenied
from tests.wire import LIMIT

pytestmark = pytest.mark.virtual_time

SEEN_IN_THE_API_DOCUMENT: Dict[str, Any] = {
    "version": "7.0",
    "description": "What it is.",
    "summary": "In one line.",
    "terms_of_service": "https://example.com/terms",
    "contact": {"name": "Ada"},
    "license_info": {"name": "MIT"},
    "openapi_tags": [{"name": "cards"}],
    "openapi_external_docs": {"url": "https://example.com/more"},
    "servers": [{"url": "https://example.com"}],
    "root_path_in_servers": False,
    "separate_input_output_schemas": False,
    "openapi_version": "3.2.0",
    "openapi_url": "/other.json",
    "docs_url": "/other",
    "redoc_url": "/other",
    "scalar_url": "/other",
    "swagger_ui_oauth2_redirect_url": "/other",
    "swagger_ui_init_oauth": {"clientId": "board"},
    "swagger_ui_parameters": {"deepLinking": False},
    "redoc_parameters": {"hideDownloadButton": True},
    "scalar_parameters": {"hideModels": True},
    "docs_color_scheme": "dark",
    "docs_css_url": "/own.css",
    "docs_favicon_url": "/own.svg",
}
FORM_LIMITS: Dict[str, Any] = {
    "max_form_parts": 1,
    "max_form_files": 1,
    "max_form_field_size": 10,
    "max_form_file_size": 10,
    "max_form_memory": 30,
    "max_part_headers": 1,
    "max_part_header_size": 60,
}
TESTED_ELSEWHERE = {
    "sections",  # tests/app/test_plugins.py
    "redis_url",  # tests/stores/test_redis.py
    "store_url",  # tests/app/test_store_of_an_application.py
    "broker_url",  # tests/app/test_broker_of_an_application.py
}


def test_every_field_has_a_test_here() -> None:
    tests = [name for name in vars(sys.modules[__name__]) if name.startswith("test_")]
    for field in fields(AppConfig):
        if field.name not in {*SEEN_IN_THE_API_DOCUMENT, *FORM_LIMITS, *TESTED_ELSEWHERE}:
            assert any(name.startswith(f"test_{field.name}_") for name in tests), field.name


def application(**options: Any) -> Application:
    app = Application(AppConfig(**options))

    @app.get("/")
    async def index(request: Request, number: int = 0) -> Dict[str, Any]:
        return {"url": str(request.url), "client": request.client.host if request.client else None}

    @app.post("/body")
    async def body(request: Request) -> int:
        return len(await request.body())

    @app.get("/fail")
    async def fail() -> None:
        raise LookupError("of the handler")

    @app.websocket("/echo")
    async def echo(socket: WebSocket) -> None:
        await socket.accept()
        async for message in socket:
            await socket.send(message)

    return app


async def get(path: str = "/", headers: Any = (), **options: Any) -> ClientResponse:
    client = AsyncTestClient(application(**options), raise_server_exceptions=False, follow_redirects=False)
    return await client.get(path, headers=dict(headers))


def planned(**options: Any) -> Any:
    """What `microframe run` makes of a configuration."""
    given: Dict[str, Any] = dict.fromkeys(RunOptions.__annotations__)
    return plan_of(parse_target("app:app", False), AppConfig(**options), RunOptions(**given), ())


# The application --------------------------------------------------------------------------------------------


def test_title_is_the_applications_name() -> None:
    assert application(title="Team board").name == "Team board"


async def test_environment_decides_about_source_lines() -> None:
    browser = {"accept": "text/html", "host": "localhost"}
    assert "LookupError" in (await get("/fail", browser)).text
    for environment in ("test", "production"):
        page = await get("/fail", browser, environment=environment, allowed_hosts=["localhost"])
        assert (page.status_code, "LookupError" in page.text) == (500, False)


async def test_debug_shows_source_lines_and_can_be_turned_off() -> None:
    browser = {"accept": "text/html", "host": "localhost"}
    assert "LookupError" in (await get("/fail", browser, environment="test", debug=True)).text
    assert "LookupError" not in (await get("/fail", browser, debug=False)).text


async def test_strict_refuses_a_scalar_given_twice() -> None:
    assert (await get("/?number=1&number=2")).status_code == 200
    assert (await get("/?number=1&number=2", strict=True)).status_code == 422


def test_secret_key_is_what_signs() -> None:
    config = AppConfig(secret_key=["a" * 40, "b" * 40])
    assert require_secret(config) == ("a" * 40, "b" * 40)
    without = AppConfig(environment="production", allowed_hosts=["x.test"])
    with pytest.raises(SetupError, match="secret_key"):
        require_secret(without)


async def test_allowed_hosts_are_the_only_ones() -> None:
    assert (await get(allowed_hosts=["example.com"])).status_code == 400
    assert (await get(headers={"host": "example.com"}, allowed_hosts=["example.com"])).status_code == 200
    assert (await get()).status_code == 200


async def test_trusted_proxies_are_believed_and_no_others() -> None:
    told = {"x-forwarded-for": "203.0.113.9", "x-forwarded-proto": "https"}
    assert (await get(headers=told)).json() == {"url": "http://testserver/", "client": "127.0.0.1"}
    found = (await get(headers=told, trusted_proxies=["127.0.0.0/8"])).json()
    assert found == {"url": "https://testserver/", "client": "203.0.113.9"}


async def test_root_path_is_in_front_of_every_url() -> None:
    assert (await get("/", root_path="/api/v1")).json()["url"] == "http://testserver/api/v1/"
    assert (await get("/fail/", root_path="/api")).headers["location"] == "/api/fail"
    client = AsyncTestClient(application(root_path="/api"), root_path="/of/the/server")
    assert (await client.get("/")).json()["url"] == "http://testserver/of/the/server/"


async def test_https_only_refuses_plain_http() -> None:
    assert (await get(https_only=True)).status_code == 403
    page = await get(headers={"accept": "text/html"}, https_only=True)
    assert (page.status_code, page.headers["location"]) == (308, "https://testserver/")


async def test_redirect_slashes_can_be_turned_off() -> None:
    assert (await get("/fail/")).status_code == 307
    assert (await get("/fail/", redirect_slashes=False)).status_code == 404


async def test_request_id_header_is_read_and_sent() -> None:
    sent = {"x-trace": "abc-1"}
    assert (await get(headers=sent, request_id_header="x-trace")).headers["x-trace"] == "abc-1"
    assert "x-trace" not in (await get(headers=sent, request_id_header="")).headers
    assert (await get("/nowhere", sent, request_id_header="x-trace")).json()["request_id"] == "abc-1"


async def test_error_format_is_how_errors_are_written() -> None:
    assert (await get("/nowhere")).headers["content-type"] == "application/problem+json"
    response = await get("/nowhere", error_format="detail")
    assert (response.headers["content-type"], list(response.json())) == ("application/json", ["detail"])


async def test_problem_base_is_in_front_of_types_and_is_served() -> None:
    assert (await get("/nowhere", problem_base="/errors/")).json()["type"] == "/errors/not_found"
    assert (await get("/errors/not_found", problem_base="/errors/")).json()["status"] == 404
    assert (await get("/problems/not_found", problem_base="/errors/")).status_code == 404
    assert (await get("/nowhere", problem_base="urn:x:")).json()["type"] == "urn:x:not_found"


# Limits -----------------------------------------------------------------------------------------------------


async def test_max_body_size_is_the_largest() -> None:
    client = AsyncTestClient(application(max_body_size=100))
    assert (await client.post("/body", content=bytes(100))).json() == 100
    assert (await client.post("/body", content=bytes(101))).status_code == 413


async def test_max_header_count_is_the_most() -> None:
    assert (
        await get(headers={f"x-{number}": "" for number in range(30)}, max_header_count=30)
    ).status_code == 431
    assert (await get(max_header_count=30)).status_code == 200


async def test_max_header_size_is_the_largest() -> None:
    assert (await get(headers={"x": "a" * 1000}, max_header_size=1000)).status_code == 431
    assert (await get(headers={"x": "a" * 500}, max_header_size=1000)).status_code == 200


async def test_max_query_params_is_the_most() -> None:
    assert (await get("/?" + "&".join(["a=1"] * 3), max_query_params=3)).status_code == 200
    assert (await get("/?" + "&".join(["a=1"] * 4), max_query_params=3)).status_code in (400, 413, 414, 422)


async def test_max_path_size_is_the_longest() -> None:
    assert (await get("/" + "a" * 99, max_path_size=100)).status_code == 404
    assert (await get("/" + "a" * 100, max_path_size=100)).status_code == 414
    assert (await get("/?" + "a" * 100, max_path_size=100)).status_code == 414


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_are_as_many_as_that(threads: int) -> None:
    counting = Counting(threads)
    app = application(threads=threads)
    app.get("/work")(counting.work)
    with TestClient(app) as client:
        asked = [threading.Thread(target=client.get, args=("/work",)) for _ in range(3)]
        for thread in asked:
            thread.start()
        for thread in asked:
            thread.join()
    assert counting.most == threads


class Counting:
    """Work that waits until as many do it as are expected, and counts how many did at once."""

    def __init__(self, expected: int) -> None:
        self.together = threading.Barrier(expected)
        self.lock = threading.Lock()
        self.running = self.most = 0

    def work(self) -> None:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.together.wait(LIMIT)
        with self.lock:
            self.running -= 1


@pytest.mark.parametrize("cancels", [True, False])
async def test_cancel_on_disconnect_cancels_handlers(cancels: bool) -> None:
    app, ended = application(cancel_on_disconnect=cancels), []
    messages = [{"type": "http.disconnect"}, {"type": "http.request", "body": b"", "more_body": False}]

    @app.get("/slow")
    async def slow() -> None:
        try:
            await asyncio.sleep(0.01)
            ended.append("finished")
        except asyncio.CancelledError:
            ended.append("cancelled")
            raise

    async def receive() -> Any:
        return messages.pop()

    async def send(message: Any) -> None: ...

    scope = {
        "type": "http",
        "method": "GET",
        "path": "/slow",
        "query_string": b"",
        "headers": [(b"host", b"x")],
        "client": None,
    }
    await app(scope, receive, send)
    assert ended == ["cancelled" if cancels else "finished"]


async def test_request_timeout_is_what_an_answer_may_take() -> None:
    app = application(request_timeout=0.01)

    @app.get("/slow")
    async def slow() -> None:
        await asyncio.sleep(5)

    assert (await AsyncTestClient(app).get("/slow")).status_code == 504


async def test_websocket_max_message_size_is_the_largest() -> None:
    client = AsyncTestClient(application(websocket_max_message_size=10))
    async with client.websocket_connect("/echo") as socket:
        await socket.send_text("x" * 10)
        assert await socket.receive_text() == "x" * 10
        await socket.send_text("x" * 11)
        with pytest.raises(WebSocketDisconnect) as caught:
            await socket.receive_text()
    assert caught.value.code == 1009


async def test_websocket_allowed_origins_may_use_cookies() -> None:
    headers = {"origin": "https://friend.test", "cookie": "a=b"}
    client = AsyncTestClient(application(websocket_allowed_origins=["https://friend.test"]))
    async with client.websocket_connect("/echo", headers=headers):
        pass
    with pytest.raises(WebSocketDenied):
        await AsyncTestClient(application()).websocket_connect("/echo", headers=headers).__aenter__()


# The command ------------------------------------------------------------------------------------------------


def place(**options: Any) -> Any:
    """Where `microframe run` listens."""
    given: Dict[str, Any] = dict.fromkeys(RunOptions.__annotations__)
    with listeners(AppConfig(**options), RunOptions(**given)) as (listener,):
        return listener.getsockname()


def test_host_is_where_it_listens() -> None:
    assert place(host="127.0.0.1", port=0)[0] == "127.0.0.1"
    assert place(host="0.0.0.0", port=0)[0] == "0.0.0.0"


def test_port_is_where_it_listens() -> None:
    free = place(port=0)[1]
    assert free != 0
    assert place(port=free)[1] == free


def test_workers_are_as_many_as_that() -> None:
    assert (planned().workers, planned(workers=3).workers) == (1, 3)


def test_log_level_is_the_least_that_is_logged() -> None:
    assert (planned().logs.level, planned(log_level="error").logs.level) == ("info", "error")


class Card(BaseModel):
    title: str = "plan"


def seen(**options: Any) -> List[Any]:
    """Everything that the API document and its pages show."""
    app = Application(AppConfig(root_path="/api", **options))

    @app.get("/")
    @app.post("/")
    async def index(card: Optional[Card] = None) -> Card:
        return card or Card()

    client = TestClient(app)
    pages = ("/openapi.json", "/docs", "/docs/oauth2-redirect", "/redoc", "/scalar", "/other", "/other.json")
    return [(answer.status_code, answer.text) for answer in map(client.get, pages)]


@pytest.mark.parametrize("name", sorted(SEEN_IN_THE_API_DOCUMENT))
def test_every_field_about_the_api_document_is_seen_there(name: str) -> None:
    given: Dict[str, Any] = {name: SEEN_IN_THE_API_DOCUMENT[name]}
    always = {} if name == "scalar_url" else {"scalar_url": "/scalar"}
    assert seen(**given, **always) != seen(**always)


@pytest.mark.parametrize("name", sorted(FORM_LIMITS))
def test_every_limit_of_forms_refuses_what_is_past_it(name: str) -> None:
    def status(**options: Any) -> int:
        app = Application(AppConfig(**options))

        @app.post("/")
        async def form(request: Request) -> int:
            return len(await request.form())

        files = [("file", ("a.txt", b"x" * 40, "text/plain")), ("file", ("b.txt", b"x" * 40, "text/plain"))]
        sent = {"field": "x" * 40}
        return TestClient(app).post("/", data=sent, files=files).status_code

    assert status() == 200
    assert status(**{name: FORM_LIMITS[name]}) in (400, 413)
