"""Handlers that yield: JSON Lines, events and pieces, begun before the head and closed with the stream."""

import asyncio
import logging
import threading
from typing import (
    Annotated,
    Any,
    AsyncIterable,
    AsyncIterator,
    Callable,
    Dict,
    Iterable,
    Iterator,
    List,
    Optional,
)

import attrs
import msgspec
import pytest
from pydantic import BaseModel

from microframe import (
    Application,
    BackgroundTasks,
    Controller,
    Depends,
    EventSourceResponse,
    HTMLResponse,
    JSONLinesResponse,
    LastEventID,
    NotFoundException,
    Provided,
    Request,
    Response,
    ServerSentEvent,
    StreamingResponse,
    route,
)
from microframe.testing import AsyncTestClient
from tests.injection.asking import Answer, ask, post
from tests.wire import LIMIT

pytestmark = pytest.mark.virtual_time

Notes = List[str]


class Card(BaseModel):
    title: str
    note: Optional[str] = None


class Struct(msgspec.Struct):
    title: str


@attrs.define
class Attrs:
    title: str


class Quick(EventSourceResponse):
    """Events whose head and whose pings do not take long."""

    ping = 0.02
    head_within = 0.01


KINDS: "Dict[str, Any]" = {"lines": None, "events": EventSourceResponse}


def fail(error: Exception) -> None:
    raise error


def streaming(handler: Callable[..., Any], kind: Any = None, **options: Any) -> Application:
    app = Application()
    if kind is not None:
        options["response_class"] = kind
    app.get("/", **options)(handler)
    return app


def items_in(answer: Answer) -> List[bytes]:
    """The items of a stream, whichever form they were sent in."""
    if answer.headers["content-type"] == "application/jsonl":
        return answer.body.splitlines()
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    return [event.removeprefix(b"data: ") for event in answer.body.split(b"\n\n")[:-1]]


def handler_of(items: List[Any], annotation: Any, style: str) -> Callable[..., Any]:
    async def asynchronous():  # type: ignore[no-untyped-def]
        for item in items:
            yield item

    def blocking():  # type: ignore[no-untyped-def]
        yield from items

    async def returned():  # type: ignore[no-untyped-def]
        return asynchronous()  # type: ignore[no-untyped-call]

    handler: Any = {"async": asynchronous, "blocking": blocking, "returned": returned}[style]
    handler.__annotations__["return"] = annotation
    return handler  # type: ignore[no-any-return]


@pytest.mark.parametrize("style", ["async", "blocking", "returned"])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("item", "sent", "expected"),
    [
        (Card, {"title": "a", "secret": 1}, b'{"title":"a","note":null}'),
        (Card, Card(title="a"), b'{"title":"a","note":null}'),
        (Struct, Struct("a"), b'{"title":"a"}'),
        (Attrs, Attrs("a"), b'{"title":"a"}'),
        (int, "5", b"5"),
        (str, "a\nb", b'"a\\nb"'),
        (Any, {"card": Card(title="a")}, b'{"card":{"title":"a","note":null}}'),
    ],
    ids=str,
)
async def test_each_item_is_checked_and_written_by_its_type(
    style: str, kind: str, item: Any, sent: Any, expected: bytes
) -> None:
    handler = handler_of([sent, sent], AsyncIterable[item], style)
    answer = await ask(streaming(handler, KINDS[kind]))
    assert (answer.status, items_in(answer)) == (200, [expected, expected])


@pytest.mark.parametrize("kind", KINDS)
async def test_options_of_the_response_model_are_those_of_an_item(kind: str) -> None:
    handler = handler_of([Card(title="a")], Iterator[Card], "blocking")
    answer = await ask(streaming(handler, KINDS[kind], response_model_exclude_none=True, status_code=203))
    assert (answer.status, items_in(answer)) == (203, [b'{"title":"a"}'])


async def test_nothing_yielded_is_an_empty_stream() -> None:
    for kind in KINDS.values():
        answer = await ask(streaming(handler_of([], AsyncIterable[Card], "async"), kind))
        assert (answer.status, answer.body) == (200, b"")


@pytest.mark.parametrize("style", ["async", "blocking"])
async def test_pieces_of_a_streaming_response_are_sent_as_they_are(style: str) -> None:
    pieces = ["", "grüße ", b"\xff", memoryview(b"!"), bytearray(b"?")]
    answer = await ask(streaming(handler_of(pieces, AsyncIterable[str], style), StreamingResponse))
    assert (answer.body, answer.headers.get("content-type")) == ("grüße ".encode() + b"\xff!?", None)


async def test_a_page_may_be_streamed_and_so_may_a_class_of_our_own() -> None:
    class Csv(StreamingResponse):
        media_type = "text/csv"

    handler = handler_of(["<p>", "</p>"], AsyncIterable[str], "async")
    page = await ask(streaming(handler, HTMLResponse, status_code=202))
    assert (page.status, page.headers["content-type"], page.body) == (
        202,
        "text/html; charset=utf-8",
        b"<p></p>",
    )
    table = await ask(streaming(handler, Csv, status_code=202))
    assert (table.status, table.headers["content-type"]) == (202, "text/csv; charset=utf-8")
    plain = await ask(streaming(handler, Response))
    assert (plain.headers.get("content-type"), plain.body) == (None, b"<p></p>")


async def test_what_is_returned_with_a_class_of_items_is_streamed_too() -> None:
    def show() -> Iterable[Card]:
        return [Card(title="a")]

    assert items_in(await ask(streaming(show, JSONLinesResponse))) == [b'{"title":"a","note":null}']
    assert items_in(await ask(streaming(show, EventSourceResponse))) == [b'{"title":"a","note":null}']


async def test_a_response_that_is_returned_instead_is_sent_as_it_is() -> None:
    notes: Notes = []

    async def short() -> AsyncIterator[str]:
        yield "short"
        notes.append("closed")

    async def show(
        response: Response, opened: Annotated[str, Depends(short, scope="function")]
    ) -> AsyncIterator[Card]:
        response.headers["x-own"] = "1"
        return HTMLResponse(opened)  # type: ignore[return-value]

    answer = await ask(streaming(show))
    assert (answer.body, answer.headers["x-own"], notes) == (b"short", "1", ["closed"])


async def test_json_lines_and_events_of_plain_values_need_no_handler_that_yields() -> None:
    async def lines() -> Response:
        return JSONLinesResponse([{"a": 1}, [None]], 201)

    async def events() -> Response:
        return EventSourceResponse(
            iter([{"a": 1}, ServerSentEvent(["x"], id="1")]), headers={"Cache-Control": "no-cache"}
        )

    answer = await ask(streaming(lines))
    assert (answer.status, answer.body) == (201, b'{"a":1}\n[null]\n')
    answer = await ask(streaming(events))
    assert answer.body == b'data: {"a":1}\n\ndata: ["x"]\nid: 1\n\n'
    assert answer.headers.getlist("cache-control") == ["no-cache"]


async def test_parameters_and_dependencies_are_those_of_any_handler() -> None:
    async def two() -> int:
        return 2

    async def show(count: int, factor: Annotated[int, Depends(two)], card: Card) -> AsyncIterable[Card]:
        for number in range(count):
            yield Card(title=card.title * (factor + number))

    app = Application()
    app.post("/{count}")(show)
    assert items_in(await post(app, "/2", data={"title": "a"}))[1] == b'{"title":"aaa","note":null}'
    assert (await post(app, "/x", data={})).faults == [
        ("path.count", "int_parsing"),
        ("body.title", "missing"),
    ]


async def test_a_method_of_a_controller_may_yield() -> None:
    app = Application()

    @app.controller("/")
    class Cards(Controller):
        @route.get("")
        async def show(self) -> AsyncIterable[Card]:
            yield Card(title=type(self).__name__)

    assert items_in(await ask(app)) == [b'{"title":"Cards","note":null}']


async def test_the_last_event_that_a_client_saw_is_text_in_utf_8() -> None:
    async def show(last: LastEventID) -> AsyncIterable[Optional[str]]:
        yield last

    app = streaming(show)
    sent = "grüße 1".encode().decode("latin-1")
    assert items_in(await ask(app, headers={"Last-Event-ID": sent})) == ['"grüße 1"'.encode()]
    assert items_in(await ask(app, headers={"Last-Event-ID": ""})) == [b"null"]
    assert items_in(await ask(app)) == [b"null"]


# Until the first item ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
@pytest.mark.parametrize("style", ["async", "blocking"])
async def test_what_fails_before_the_first_item_is_an_answer(kind: Any, style: str) -> None:
    notes: Notes = []

    async def opened() -> AsyncIterator[str]:
        try:
            yield "opened"
        except NotFoundException as exc:
            notes.append(f"told {exc.status}")
            raise

    async def asynchronous(value: Annotated[str, Depends(opened)]) -> AsyncIterator[str]:
        fail(NotFoundException())
        yield value

    def blocking(value: Annotated[str, Depends(opened)]) -> Iterator[str]:
        fail(NotFoundException())
        yield value

    answer = await ask(streaming(asynchronous if style == "async" else blocking, kind))
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")
    assert notes == ["told 404"]


@pytest.mark.parametrize("kind", KINDS)
async def test_an_item_that_is_not_what_it_should_be_is_a_500(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = await ask(streaming(handler_of([{"titel": "a"}], AsyncIterable[Card], "async"), KINDS[kind]))
    assert (answer.status, answer.headers["content-type"]) == (500, "application/problem+json")
    assert "ResponseValidationException" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
async def test_headers_and_tasks_named_before_the_first_item_are_in_the_answer(kind: str) -> None:
    notes: Notes = []

    async def show(response: Response, tasks: BackgroundTasks) -> AsyncIterator[int]:
        response.headers["x-own"] = "1"
        response.status_code = 203
        tasks.add_task(notes.append, "task")
        yield 1

    answer = await ask(streaming(show, KINDS[kind]))
    assert (answer.status, answer.headers["x-own"], items_in(answer), notes) == (203, "1", [b"1"], ["task"])


async def test_the_head_of_events_does_not_wait_for_long() -> None:
    release = asyncio.Event()

    async def show() -> AsyncIterator[str]:
        await release.wait()
        yield "late"

    async with AsyncTestClient(streaming(show, Quick)).stream("GET", "/") as response:
        assert response.status_code == 200
        release.set()
        pieces = [piece async for piece in response.aiter_bytes()]
        assert pieces[-1] == b'data: "late"\n\n'


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
@pytest.mark.parametrize("style", ["async", "blocking"])
async def test_a_head_request_starts_nothing(kind: Any, style: str) -> None:
    started: Notes = []

    async def asynchronous() -> AsyncIterator[str]:
        started.append("async")
        yield "a"

    def blocking() -> Iterator[str]:
        started.append("blocking")
        yield "a"

    app = streaming(asynchronous if style == "async" else blocking, kind)
    response = await AsyncTestClient(app).head("/")
    assert (response.status_code, response.content, started) == (200, b"", [])


# What it needs -----------------------------------------------------------------------------------------------


def noting(notes: Notes, name: str) -> Callable[[], AsyncIterator[Notes]]:
    async def resource() -> AsyncIterator[Notes]:
        try:
            yield notes
        except Exception as exc:
            notes.append(f"{name} told {type(exc).__name__}")
            raise
        finally:
            notes.append(f"{name} closed")

    return resource


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
async def test_resources_are_open_until_the_last_item(kind: Any) -> None:
    notes: Notes = []
    request_scope, function_scope = noting(notes, "request"), noting(notes, "function")

    async def show(
        tasks: BackgroundTasks,
        one: Annotated[Notes, Depends(request_scope)],
        two: Annotated[Notes, Depends(function_scope, scope="function")],
    ) -> AsyncIterator[str]:
        tasks.add_task(notes.append, "task")
        for number in range(2):
            notes.append(f"item {number}")
            yield str(number)

    app = streaming(show, kind)
    await AsyncTestClient(app).get("/")
    assert notes == ["item 0", "item 1", "function closed", "task", "request closed"]


class Session:
    __provided__ = True


async def test_a_session_that_cannot_commit_breaks_the_stream(caplog: pytest.LogCaptureFixture) -> None:
    async def session() -> AsyncIterator[Session]:
        yield Session()
        raise LookupError("commit failed")

    async def show(one: Provided[Session]) -> AsyncIterator[int]:
        yield 1

    app = streaming(show)
    app.provide(Session, session, scope="function")
    client = AsyncTestClient(app, raise_server_exceptions=False)
    async with client.stream("GET", "/") as response:
        with pytest.raises(Exception, match="ended before its answer did"):
            await response.aread()
    assert "commit failed" in caplog.text


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
@pytest.mark.parametrize("style", ["async", "blocking"])
async def test_what_fails_after_the_first_item_cuts_the_stream_and_is_told_to_resources(
    kind: Any, style: str, caplog: pytest.LogCaptureFixture
) -> None:
    notes: Notes = []
    resource = noting(notes, "resource")

    async def asynchronous(one: Annotated[Notes, Depends(resource)]) -> AsyncIterator[str]:
        yield "1"
        await asyncio.sleep(0)
        raise LookupError("broken")

    def blocking(one: Annotated[Notes, Depends(resource)]) -> Iterator[str]:
        yield "1"
        raise LookupError("broken")

    app = streaming(asynchronous if style == "async" else blocking, kind)
    client = AsyncTestClient(app, raise_server_exceptions=False)
    async with client.stream("GET", "/") as response:
        assert response.status_code == 200
        with pytest.raises(Exception, match="ended before its answer did"):
            await response.aread()
    assert notes == ["resource told LookupError", "resource closed"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "broken" in caplog.text


async def test_a_resource_may_have_the_last_word() -> None:
    async def resource() -> AsyncIterator[int]:
        try:
            yield 1
        except LookupError:
            raise OverflowError("the last word") from None

    async def show(one: Annotated[int, Depends(resource)]) -> AsyncIterator[int]:
        yield one
        raise LookupError

    async with AsyncTestClient(streaming(show)).stream("GET", "/") as response:
        with pytest.raises(Exception, match="the last word"):
            await response.aread()


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
@pytest.mark.parametrize("waits", ["for itself", "for the client"])
async def test_a_client_that_leaves_closes_the_handler_then_its_resources(kind: Any, waits: str) -> None:
    notes: Notes = []
    resource = noting(notes, "resource")

    async def show(one: Annotated[Notes, Depends(resource)]) -> AsyncIterator[str]:
        try:
            yield "1"
            while waits == "for the client":
                yield "more"
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            notes.append("handler closed")

    async with AsyncTestClient(streaming(show, kind)).stream("GET", "/") as response:
        await response.aiter_bytes().__anext__()
        assert notes == []
    assert notes == ["handler closed", "resource told ClientDisconnect", "resource closed"]


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
async def test_a_blocking_handler_runs_and_closes_in_the_applications_threads(kind: Any) -> None:
    names: Notes = []

    def show() -> Iterator[str]:
        try:
            while True:
                names.append(threading.current_thread().name)
                yield "x"
        finally:
            names.append("closed in " + threading.current_thread().name)

    app = streaming(show, kind)
    async with AsyncTestClient(app).stream("GET", "/") as response:
        await response.aiter_bytes().__anext__()
    assert names[-1].startswith("closed in microframe")
    assert all(name.startswith("microframe") for name in names[:-1])
    app.injector.threads.close()


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
async def test_a_middleware_that_drops_the_answer_leaves_nothing_open(kind: Any) -> None:
    notes: Notes = []
    one, two = noting(notes, "request"), noting(notes, "function")

    async def show(
        one: Annotated[Notes, Depends(one)], two: Annotated[Notes, Depends(two, scope="function")]
    ) -> AsyncIterator[str]:
        try:
            yield "1"
        finally:
            notes.append("handler closed")

    app = streaming(show, kind)

    @app.middleware("http")
    async def other(request: Request, call_next: Any) -> Response:
        await call_next(request)
        return Response("other")

    assert (await AsyncTestClient(app).get("/")).text == "other"
    assert notes == ["handler closed", "function closed", "request closed"]


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
async def test_in_a_mounted_application_too_everything_closes_in_its_order(kind: Any, method: str) -> None:
    notes: Notes = []
    one, two = noting(notes, "request"), noting(notes, "function")

    async def show(
        one: Annotated[Notes, Depends(one)], two: Annotated[Notes, Depends(two, scope="function")]
    ) -> AsyncIterator[str]:
        try:
            yield "1"
            await asyncio.sleep(60)
        finally:
            notes.append("handler closed")

    app = Application()
    app.mount("/inner", streaming(show, kind))
    async with AsyncTestClient(app).stream(method, "/inner/") as response:
        if method == "GET":
            await response.aiter_bytes().__anext__()
    told = [note for note in notes if "told" not in note]
    assert told == ["handler closed", "function closed", "request closed"][method == "HEAD" :]


@pytest.mark.parametrize("kind", [None, EventSourceResponse, StreamingResponse])
async def test_an_item_is_made_when_the_one_before_is_taken(kind: Any) -> None:
    made: List[int] = []

    async def show() -> AsyncIterator[str]:
        for number in range(100):
            made.append(number)
            yield str(number)

    app = streaming(show, kind)
    app.build()
    async with AsyncTestClient(app).stream("GET", "/") as response:
        pieces = response.aiter_raw()
        for taken in range(1, 20):
            await pieces.__anext__()
            assert len(made) <= taken + 2
        assert len(made) < 25


async def test_a_timeout_within_a_handler_of_events_is_its_own() -> None:
    async def show() -> AsyncIterator[str]:
        yield "first"
        try:
            await asyncio.wait_for(asyncio.sleep(60), 0.05)
        except asyncio.TimeoutError:
            yield "timed out"

    response = await AsyncTestClient(streaming(show, Quick)).get("/")
    assert response.text.startswith('data: "first"\n\n: ping\n\n')
    assert response.text.endswith('data: "timed out"\n\n')


@pytest.mark.virtual_time(False)  # it is a thread that takes its time
async def test_a_blocking_handler_of_events_is_kept_alive_while_it_blocks() -> None:
    seen = threading.Event()

    def show() -> Iterator[str]:
        seen.wait(LIMIT)
        yield "late"

    async with AsyncTestClient(streaming(show, Quick)).stream("GET", "/") as response:
        pieces = response.aiter_bytes()
        assert await pieces.__anext__() == b": ping\n\n"
        seen.set()
        rest = b"".join([piece async for piece in pieces])
    assert rest.replace(b": ping\n\n", b"") == b'data: "late"\n\n'


@pytest.mark.parametrize("kind", KINDS)
async def test_what_is_returned_and_cannot_be_iterated_is_a_500(
    kind: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def show() -> AsyncIterable[str]:
        return 5  # type: ignore[return-value]

    assert (await ask(streaming(show, KINDS[kind]))).status == 500
    assert "not iterable" in caplog.text
