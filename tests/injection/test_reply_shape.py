"""The shape of a reply: what a route says that it answers, for whoever describes it."""

from http import HTTPStatus
from typing import Any, AsyncIterable, AsyncIterator, Dict, Generator, Iterator, List, Optional, Union

import pytest
from pydantic import BaseModel

from microframe import (
    Application,
    EventSourceResponse,
    HTMLResponse,
    JSONResponse,
    PlainTextResponse,
    RedirectResponse,
    Response,
    Router,
    ServerSentEvent,
    SetupError,
    StreamingResponse,
)
from microframe.injection.reply import ReplyShape, describe_reply
from microframe.injection.signature import read_signature
from microframe.markers import MISSING
from microframe.routing.route import Route
from microframe.validation.codec import EncodeOptions


class Card(BaseModel):
    title: str


class Fragment:
    def __html__(self) -> str:
        return "<p>"


def shape_in(router: Router) -> ReplyShape:
    (route,) = router.walk()
    assert isinstance(route, Route)
    return describe_reply(route, read_signature(route.handler).returns)


def shape_of(annotation: Any, **options: Any) -> ReplyShape:
    async def show():  # type: ignore[no-untyped-def]
        raise AssertionError

    return shape_with(show, annotation, **options)


def stream_of(annotation: Any, **options: Any) -> ReplyShape:
    async def show():  # type: ignore[no-untyped-def]
        yield None

    return shape_with(show, annotation, **options)


def shape_with(handler: Any, annotation: Any, **options: Any) -> ReplyShape:
    if annotation is not MISSING:
        handler.__annotations__["return"] = annotation
    router = Router()
    router.get("/", **options)(handler)
    return shape_in(router)


def test_a_handler_that_says_nothing_answers_json_of_anything() -> None:
    assert shape_of(MISSING) == ReplyShape(
        MISSING, "application/json", 200, False, MISSING, EncodeOptions(), JSONResponse
    )


@pytest.mark.parametrize(
    ("annotation", "model"),
    [
        (Card, Card),
        (List[Card], List[Card]),
        (Optional[Card], Optional[Card]),
        (None, None),
        (Any, MISSING),
        (Response, MISSING),
        (Union[Card, RedirectResponse], Card),
        (Union[Card, RedirectResponse, None], Optional[Card]),
        (Union[PlainTextResponse, RedirectResponse], MISSING),
    ],
    ids=str,
)
def test_the_annotation_is_the_model_but_for_responses_in_it(annotation: Any, model: Any) -> None:
    assert shape_of(annotation).model == model
    assert shape_of(annotation).media_type == "application/json"


def test_the_option_wins_over_the_annotation() -> None:
    assert shape_of(Dict[str, str], response_model=Card).model is Card
    assert shape_of(Card, response_model=None).model is MISSING


@pytest.mark.parametrize(
    ("annotation", "options", "media_type", "status_code"),
    [
        (HTMLResponse, {}, "text/html", 200),
        (HTMLResponse, {"response_class": PlainTextResponse}, "text/plain", 200),
        (Fragment, {}, "text/html", 200),
        (RedirectResponse, {}, None, 307),
        (MISSING, {"response_class": RedirectResponse, "status_code": HTTPStatus.FOUND}, None, 302),
        (MISSING, {"status_code": 201}, "application/json", 201),
        (MISSING, {"status_code": 204}, None, 204),
    ],
    ids=str,
)
def test_class_and_status_say_what_is_sent(
    annotation: Any, options: Any, media_type: Optional[str], status_code: int
) -> None:
    shape = shape_of(annotation, **options)
    assert (shape.media_type, shape.status_code, shape.model) == (media_type, status_code, MISSING)


@pytest.mark.parametrize(
    ("annotation", "options", "media_type", "item"),
    [
        (MISSING, {}, "application/jsonl", MISSING),
        (AsyncIterable[Card], {}, "application/jsonl", Card),
        (AsyncIterator[Any], {}, "application/jsonl", MISSING),
        (Iterator[Card], {}, "application/jsonl", Card),
        (Generator[Card, None, None], {}, "application/jsonl", Card),
        (AsyncIterable, {}, "application/jsonl", MISSING),
        (AsyncIterable[Dict[str, str]], {"response_model": Card}, "application/jsonl", Card),
        (AsyncIterable[Card], {"response_model": None}, "application/jsonl", MISSING),
        (AsyncIterable[Card], {"response_class": EventSourceResponse}, "text/event-stream", Card),
        (
            AsyncIterable[ServerSentEvent],
            {"response_class": EventSourceResponse},
            "text/event-stream",
            MISSING,
        ),
        (
            AsyncIterable[Union[ServerSentEvent, Card]],
            {"response_class": EventSourceResponse},
            "text/event-stream",
            Card,
        ),
        (AsyncIterable[str], {"response_class": StreamingResponse}, None, MISSING),
        (AsyncIterable[str], {"response_class": HTMLResponse}, "text/html", MISSING),
    ],
    ids=str,
)
def test_a_handler_that_yields_answers_a_stream_of_items(
    annotation: Any, options: Any, media_type: Optional[str], item: Any
) -> None:
    shape = stream_of(annotation, **options)
    assert (shape.is_stream, shape.model, shape.media_type, shape.item) == (True, MISSING, media_type, item)


def test_an_async_iterable_or_events_make_a_stream_of_what_is_returned() -> None:
    assert shape_of(AsyncIterator[Card]).item is Card
    assert shape_of(Iterator[Card]).is_stream is False  # a list in the end, as in FastAPI
    assert shape_of(Iterator[Card], response_class=EventSourceResponse).item is Card


@pytest.mark.parametrize("annotation", [int, float, bool, None], ids=str)
def test_what_is_no_stream_cannot_be_sent_as_one(annotation: Any) -> None:
    with pytest.raises(SetupError, match=r"show .* and EventSourceResponse sends what a handler yields"):
        shape_of(annotation, response_class=EventSourceResponse)


def test_a_stream_has_no_status_without_a_body() -> None:
    with pytest.raises(SetupError, match=r"show .* 204 has no body"):
        stream_of(MISSING, status_code=204)


def test_options_of_application_and_routers_are_defaults() -> None:
    inner = Router(response_model_exclude={"c"}, response_model_by_alias=False)

    @inner.get("/", response_model_exclude={"title"})
    async def show() -> Card:
        raise AssertionError

    app = Application(response_model_exclude_none=True, response_model_by_alias=True)
    app.include_router(inner, response_model_exclude_unset=True)
    assert shape_in(app).options == EncodeOptions(
        exclude={"title"}, by_alias=False, exclude_none=True, exclude_unset=True
    )
