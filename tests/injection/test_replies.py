"""Replies: what a handler returns, as a response: plain values, responses, status codes, headers, tasks."""

import dataclasses
import datetime as dt
import decimal
import enum
import json
import logging
import uuid
from html import escape
from http import HTTPStatus
from pathlib import Path as FilePath
from typing import Annotated, Any, Dict, List

import attrs
import msgspec
import pytest
from pydantic import BaseModel

from microframe import (
    Application,
    BackgroundTask,
    BackgroundTasks,
    Depends,
    FileResponse,
    HTMLResponse,
    HTTPException,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Request,
    Response,
    Router,
    StreamingResponse,
    jsonable_encoder,
)
from tests.injection.asking import Answer, ask


class Color(enum.Enum):
    RED = "red"


class Model(BaseModel):
    a: int
    when: dt.date = dt.date(2024, 2, 29)


@dataclasses.dataclass
class Data:
    a: int


class Struct(msgspec.Struct):
    a: int


@attrs.define
class Attrs:
    a: int


class Plain:
    """An object that is no model of any kind."""

    def __init__(self) -> None:
        self.a = 1


def returning(value: Any, **options: Any) -> Application:
    app = Application()

    @app.get("/", **options)
    async def show() -> Any:
        return value

    return app


VALUES: Dict[str, "tuple[Any, Any]"] = {
    "nothing": (None, None),
    "text": ("text <&>", "text <&>"),
    "number": (1.5, 1.5),
    "truth": (True, True),
    "dict": ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}),
    "list": ([1, "a"], [1, "a"]),
    "tuple": ((1, 2), [1, 2]),
    "set": ({1}, [1]),
    "model": (Model(a=1), {"a": 1, "when": "2024-02-29"}),
    "models in a dict": ({"m": [Model(a=1)]}, {"m": [{"a": 1, "when": "2024-02-29"}]}),
    "dataclass": (Data(1), {"a": 1}),
    "struct": (Struct(1), {"a": 1}),
    "attrs": ([Attrs(1)], [{"a": 1}]),
    "enum": (Color.RED, "red"),
    "uuid": (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    "moment": (dt.datetime(2024, 1, 2, 3, tzinfo=dt.timezone.utc), "2024-01-02T03:00:00+00:00"),
    "duration": (dt.timedelta(seconds=90), 90.0),
    "attributes": (Plain(), {"a": 1}),
    "decimal": (decimal.Decimal("1.10"), 1.1),
    "keys that are no texts": ({1: "a", Color.RED: "b"}, {"1": "a", "red": "b"}),
    "generator": ((number for number in (1, 2)), [1, 2]),
}


@pytest.mark.parametrize("name", VALUES)
async def test_plain_values_are_json(name: str) -> None:
    value, expected = VALUES[name]
    answer = await ask(returning(value))
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert answer.json == expected


@pytest.mark.parametrize(
    "value",
    [object(), {"a": object()}, {"a": float}, "\ud800"],
    ids=["object", "inner", "class", "surrogate"],
)
async def test_what_json_cannot_say_is_a_500_that_tells_nothing(
    value: Any, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await ask(returning(value))
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "object" not in answer.body.decode()
    assert "GET / failed" in caplog.text


class TestResponses:
    @pytest.mark.parametrize(
        ("response", "content_type", "body"),
        [
            (lambda: Response(b"raw"), None, b"raw"),
            (lambda: Response("x", media_type="application/xml"), "application/xml", b"x"),
            (lambda: PlainTextResponse("plain"), "text/plain; charset=utf-8", b"plain"),
            (lambda: HTMLResponse("<p>"), "text/html; charset=utf-8", b"<p>"),
            (lambda: JSONResponse({"a": 1}), "application/json", b'{"a":1}'),
            (
                lambda: StreamingResponse(iter(["a", "b"]), media_type="text/csv"),
                "text/csv; charset=utf-8",
                b"ab",
            ),
        ],
        ids=["raw", "typed", "plain", "html", "json", "stream"],
    )
    async def test_a_response_is_sent_as_it_is(self, response: Any, content_type: Any, body: bytes) -> None:
        answer = await ask(returning(response(), status_code=201, response_model=Model))
        assert (answer.status, answer.headers.get("content-type"), answer.body) == (200, content_type, body)

    async def test_a_subclass_of_our_own_too(self) -> None:
        class Csv(Response):
            media_type = "text/csv"

            def render(self, content: Any) -> bytes:
                return "\n".join(",".join(map(str, row)) for row in content).encode()

        assert (await ask(returning(Csv([[1, 2], [3]])))).body == b"1,2\n3"
        answer = await ask(returning([[1, 2], [3]], response_class=Csv, status_code=202))
        assert (answer.status, answer.body) == (202, b"1,2\n3")
        assert answer.headers["content-type"] == "text/csv; charset=utf-8"

    async def test_response_class_makes_it_of_a_plain_value(self, tmp_path: FilePath) -> None:
        file = tmp_path / "a.txt"
        file.write_text("content")
        html = await ask(returning("<p>", response_class=HTMLResponse, status_code=202))
        assert (html.status, html.headers["content-type"], html.body) == (
            202,
            "text/html; charset=utf-8",
            b"<p>",
        )
        moved = await ask(returning("/there", response_class=RedirectResponse))
        assert (moved.status, moved.headers["location"]) == (307, "/there")
        moved = await ask(returning("/there", response_class=RedirectResponse, status_code=HTTPStatus.FOUND))
        assert moved.status == 302
        assert (await ask(returning(file, response_class=FileResponse))).body == b"content"
        stream = await ask(returning(iter(["a", "b"]), response_class=StreamingResponse))
        assert stream.body == b"ab"

    @pytest.mark.parametrize(
        ("value", "body"),
        [({"a": 1}, b'{"a":1}'), (5, b"5"), (True, b"true"), (None, b""), (b"raw", b"raw")],
        ids=str,
    )
    async def test_data_as_text_is_json_text(self, value: Any, body: bytes) -> None:
        for status_code in (200, 203):
            answer = await ask(returning(value, response_class=PlainTextResponse, status_code=status_code))
            assert (answer.status, answer.body) == (status_code, body)

    async def test_a_json_class_of_our_own_gets_what_json_has(self) -> None:
        class Pretty(JSONResponse):
            def render(self, content: Any) -> bytes:
                return json.dumps(content, indent=1).encode()

        answer = await ask(returning(Model(a=1), response_class=Pretty, response_model=Model))
        assert answer.body == b'{\n "a": 1,\n "when": "2024-02-29"\n}'

    async def test_the_default_class_is_inherited(self) -> None:
        router = Router(default_response_class=PlainTextResponse)

        @router.get("/inherited")
        async def inherited() -> str:
            return "x"

        @router.get("/own", response_class=HTMLResponse)
        async def own() -> str:
            return "x"

        app = Application(default_response_class=HTMLResponse)
        app.include_router(router)

        @app.get("/")
        async def outer() -> str:
            return "x"

        types = [(await ask(app, path)).headers["content-type"] for path in ("/inherited", "/own", "/")]
        assert types == ["text/plain; charset=utf-8", "text/html; charset=utf-8", "text/html; charset=utf-8"]

    async def test_the_class_may_be_named_by_the_annotation(self) -> None:
        app = Application()

        @app.get("/")
        async def show() -> HTMLResponse:
            return "<p>"  # type: ignore[return-value]

        answer = await ask(app)
        assert (answer.headers["content-type"], answer.body) == ("text/html; charset=utf-8", b"<p>")

    async def test_an_annotation_that_is_a_response_checks_nothing(self) -> None:
        app = Application()

        @app.get("/")
        async def show() -> Response:
            return {"a": 1}  # type: ignore[return-value]

        assert (await ask(app)).value == {"a": 1}


class Markup(str):
    """As markupsafe has it: a text that is HTML already."""

    __slots__ = ()

    def __html__(self) -> str:
        return str(self)


class Fragment(BaseModel):
    """A component: data that can be shown."""

    name: str

    def __html__(self) -> Markup:
        return Markup(f"<b>{escape(self.name)}</b>")


class TestHTML:
    """What has `__html__` is a page, unless the route says what it answers."""

    @pytest.mark.parametrize(
        "value", [Markup("<b>&lt;</b>"), Fragment(name="<")], ids=["markup", "component"]
    )
    @pytest.mark.parametrize(
        "options", [{}, {"response_model": None}, {"response_class": HTMLResponse}], ids=str
    )
    async def test_it_is_sent_as_html(self, value: Any, options: Dict[str, Any]) -> None:
        answer = await ask(returning(value, status_code=201, **options))
        assert (answer.status, answer.body) == (201, b"<b>&lt;</b>")
        assert answer.headers["content-type"] == "text/html; charset=utf-8"

    async def test_the_annotation_may_name_it(self) -> None:
        app = Application()

        @app.get("/markup")
        async def markup() -> Markup:
            return Markup("<p>")

        @app.get("/component")
        async def component() -> Fragment:
            return Fragment(name="x")

        for path, body in (("/markup", b"<p>"), ("/component", b"<b>x</b>")):
            answer = await ask(app, path)
            assert (answer.headers["content-type"], answer.body) == ("text/html; charset=utf-8", body)

    async def test_a_route_that_says_something_else_is_believed(self) -> None:
        text = await ask(returning(Markup("<p>"), response_class=PlainTextResponse))
        assert (text.headers["content-type"], text.body) == ("text/plain; charset=utf-8", b"<p>")
        assert (await ask(returning(Fragment(name="x"), response_model=Fragment))).value == {"name": "x"}
        assert (await ask(returning(Markup("<p>"), response_class=JSONResponse))).value == "<p>"
        assert (await ask(returning([Markup("<p>")]))).value == ["<p>"]


class TestStatus:
    async def test_the_declared_one_is_the_answers(self) -> None:
        assert (await ask(returning({}, status_code=201))).status == 201
        assert (await ask(returning({}, status_code=HTTPStatus.ACCEPTED))).status == 202

    @pytest.mark.parametrize("status_code", [204, 205, 304])
    async def test_some_have_no_body_whatever_is_returned(self, status_code: int) -> None:
        answer = await ask(returning({"a": 1}, status_code=status_code))
        assert (answer.status, answer.body) == (status_code, b"")
        assert "content-type" not in answer.headers

    async def test_the_response_parameter_may_change_it(self) -> None:
        app = Application()

        @app.get("/{status}", status_code=201)
        async def show(status: int, response: Response) -> Dict[str, int]:
            response.status_code = status
            return {"a": 1}

        assert (await ask(app, "/202")).status == 202
        empty = await ask(app, "/204")
        assert (empty.status, empty.body, "content-type" in empty.headers) == (204, b"", False)


class TestTheResponseParameter:
    async def test_headers_and_cookies_of_everybody_are_in_the_answer(self) -> None:
        app = Application()

        async def dependency(response: Response) -> None:
            response.headers["x-dependency"] = "1"
            response.set_cookie("a", "1")

        @app.get("/", dependencies=[Depends(dependency)])
        async def show(response: Response, nothing: Annotated[None, Depends(dependency)]) -> str:
            response.headers["x-handler"] = "2"
            response.set_cookie("b", "2")
            return "x"

        answer = await ask(app)
        assert (answer.headers["x-dependency"], answer.headers["x-handler"]) == ("1", "2")
        cookies = [cookie.partition(";")[0] for cookie in answer.headers.getlist("set-cookie")]
        assert cookies == ["a=1", "b=2"]
        assert answer.value == "x"

    async def test_they_join_a_response_that_is_returned(self) -> None:
        app = Application()

        @app.get("/")
        async def show(response: Response) -> Response:
            response.headers["x-own"] = "1"
            response.status_code = 500
            return PlainTextResponse("x", 202)

        answer = await ask(app)
        assert (answer.status, answer.headers["x-own"], answer.body) == (202, "1", b"x")

    async def test_a_content_type_set_there_is_the_only_one(self) -> None:
        app = Application()

        @app.get("/")
        async def show(response: Response) -> List[int]:
            response.headers["content-type"] = "application/vnd.numbers+json"
            return [1]

        answer = await ask(app)
        assert answer.headers.getlist("content-type") == ["application/vnd.numbers+json"]

    async def test_an_error_has_nothing_of_it(self) -> None:
        app = Application()

        @app.get("/")
        async def show(response: Response) -> None:
            response.headers["x-own"] = "1"
            raise HTTPException(404)

        assert "x-own" not in (await ask(app)).headers

    async def test_returned_itself_it_is_the_answer_once(self) -> None:
        app = Application()

        @app.get("/")
        async def show(response: Response) -> Response:
            response.headers["x-own"] = "1"
            response.status_code = 202
            return response

        answer = await ask(app)
        assert (answer.status, answer.headers.getlist("x-own")) == (202, ["1"])

    async def test_two_requests_have_two(self) -> None:
        app = Application()

        @app.get("/")
        async def show(response: Response) -> None:
            response.headers.append("x-own", "1")

        for _ in range(2):
            assert (await ask(app)).headers.getlist("x-own") == ["1"]


class TestBackgroundTasks:
    async def run(self, handler: Any) -> "tuple[Answer, List[str]]":
        app, events = Application(), []

        def blocking(name: str) -> None:
            events.append(f"blocking {name}")

        async def asynchronous(name: str, end: str = "") -> None:
            events.append(f"async {name}{end}")

        app.state.tasks = (blocking, asynchronous)
        app.get("/")(handler)
        return await ask(app), events

    async def test_tasks_of_handler_and_dependencies_run_in_order(self) -> None:
        async def dependency(request: Request, tasks: BackgroundTasks) -> None:
            tasks.add_task(request.app.state.tasks[0], "first")

        async def show(
            request: Request, tasks: BackgroundTasks, nothing: Annotated[None, Depends(dependency)]
        ) -> str:
            tasks.add_task(request.app.state.tasks[1], "second", end="!")
            return "x"

        answer, events = await self.run(show)
        assert (answer.value, events) == ("x", ["blocking first", "async second!"])

    async def test_those_of_a_response_run_too(self) -> None:
        async def show(request: Request, tasks: BackgroundTasks) -> Response:
            blocking, asynchronous = request.app.state.tasks
            tasks.add_task(blocking, "parameter")
            return PlainTextResponse("x", background=BackgroundTask(asynchronous, "response"))

        assert (await self.run(show))[1] == ["async response", "blocking parameter"]

    async def test_a_response_may_have_several(self) -> None:
        async def show(request: Request) -> Response:
            blocking, asynchronous = request.app.state.tasks
            tasks = BackgroundTasks([BackgroundTask(blocking, "a"), BackgroundTask(asynchronous, "b")])
            return JSONResponse({}, background=tasks)

        assert (await self.run(show))[1] == ["blocking a", "async b"]

    async def test_when_the_handler_fails_nothing_runs(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.CRITICAL)

        async def show(request: Request, tasks: BackgroundTasks) -> None:
            tasks.add_task(request.app.state.tasks[0], "never")
            raise LookupError

        answer, events = await self.run(show)
        assert (answer.status, events) == (500, [])


async def test_jsonable_encoder_makes_data_of_anything() -> None:
    app = Application()

    @app.get("/")
    async def show() -> JSONResponse:
        model = Model(a=1, when=dt.date(2024, 1, 1))
        return JSONResponse(
            jsonable_encoder({"m": model, "color": Color.RED, "none": None}, exclude_none=True)
        )

    assert (await ask(app)).value == {"m": {"a": 1, "when": "2024-01-01"}, "color": "red"}


async def test_a_handler_may_be_blocking() -> None:
    app = Application()

    @app.get("/")
    def show() -> Any:
        return iter([1, 2])

    assert (await ask(app)).value == [1, 2]
    app.injector.threads.close()
