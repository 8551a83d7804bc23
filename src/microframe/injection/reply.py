"""Reply: what a route answers: the shape of it, for everybody, and how a returned value becomes it."""

import collections.abc
import inspect
from typing import Any, Final, List, NamedTuple, Optional, Tuple, Type, Union, get_args, get_origin

from microframe.exceptions import SetupError
from microframe.http.events import EventSourceResponse, ServerSentEvent
from microframe.http.responses import HTMLResponse, JSONResponse, Response
from microframe.http.streams import JSONLinesResponse
from microframe.injection.response_fields import refuse_unknown_names
from microframe.injection.signature import style_of
from microframe.injection.writers import (
    Reply,
    checked,
    has_no_body,
    reply_anything,
    reply_as,
    reply_empty,
    reply_json,
    reply_text,
)
from microframe.markers import MISSING
from microframe.routing.route import Route
from microframe.validation.anything import any_encoder
from microframe.validation.codec import Encode, EncodeOptions
from microframe.validation.registry import Codecs
from microframe.validation.shapes import UNIONS, bare

ASYNC_STREAMS: Final[Tuple[Any, ...]] = (
    collections.abc.AsyncIterable,
    collections.abc.AsyncIterator,
    collections.abc.AsyncGenerator,
)
STREAMS: Final = (
    *ASYNC_STREAMS,
    collections.abc.Iterable,
    collections.abc.Iterator,
    collections.abc.Generator,
)
ITEMIZED: Final = (EventSourceResponse, JSONLinesResponse)


class ReplyShape(NamedTuple):
    """What a route answers when all goes well."""

    model: Any
    """The type of the body. MISSING: nothing was said, nothing is checked; None: `-> None`; a stream has an `item`."""

    media_type: Optional[str]
    """None where the class of response decides for each answer, or there is no body."""

    status_code: int
    is_stream: bool
    """Whether the handler gives the body piece by piece: as JSON Lines, events, or pieces as they are."""

    item: Any
    """The type of one item of a stream, or MISSING: unchecked."""

    options: EncodeOptions
    kind: Type[Response]
    """The class of response that a value is made into."""


def describe_reply(route: Route, returns: Any) -> ReplyShape:
    """Read from a route and its handler's return annotation what it answers.

    Raises:
        SetupError: a body where the status allows none (RFC 9110 §6.4.1), or the name of a field that is none.
    """
    yields = style_of(route.handler).endswith("generator")
    kind = kind_of(route, returns)
    streams = yields or get_origin(returns) in ASYNC_STREAMS or issubclass(kind, ITEMIZED)
    if streams and not yields:
        refuse_no_stream(route, returns, kind)
    declared = route.options.get("status_code")
    status_code = (
        default_status(kind) if declared is None else int(declared)
    )  # it may be an `http.HTTPStatus`
    model = MISSING if streams else model_of(route, returns)
    if has_no_body(status_code):
        if streams or ("response_model" in route.options and model not in (MISSING, None, type(None))):
            raise SetupError(f"{route.where} declares a model, but {status_code} has no body")
        model = MISSING
    refuse_unknown_names(route, item_of(route, returns, kind) if streams else model)
    return ReplyShape(
        model=model,
        media_type=None if has_no_body(status_code) else media_type_of(kind, streams),
        status_code=status_code,
        is_stream=streams,
        item=item_of(route, returns, kind) if streams else MISSING,
        options=EncodeOptions(**route.inherited.response_options),
        kind=kind,
    )


def refuse_no_stream(route: Route, returns: Any, kind: Type[Response]) -> None:
    """Nothing, unless a class of response that streams stands over a handler that says it gives no stream.

    Raises:
        SetupError: as this one does.
    """
    plain = bare(returns)
    if plain in (None, type(None), int, float, bool):
        name = getattr(plain, "__name__", plain)
        raise SetupError(
            f"{route.where} returns {name}, and {kind.__name__} sends what a handler yields: yield it, or "
            "return something to iterate over"
        )


def kind_of(route: Route, returns: Any) -> Type[Response]:
    """The class of response: the route's option, else the one that the annotation names, else the routers'."""
    if "response_class" not in route.options and isinstance(returns, type):
        if issubclass(returns, Response) and returns is not Response:
            return returns
        if hasattr(returns, "__html__"):
            return HTMLResponse
    return route.inherited.response_class or JSONResponse


def media_type_of(kind: Type[Response], streams: bool) -> Optional[str]:
    return JSONLinesResponse.media_type if streams and issubclass(kind, JSONResponse) else kind.media_type


def default_status(kind: Type[Response]) -> int:
    """The status that a class of response has when none is said: 307 of a redirect."""
    parameter = inspect.signature(kind.__init__).parameters.get("status_code")
    return parameter.default if parameter is not None and isinstance(parameter.default, int) else 200


def model_of(route: Route, returns: Any) -> Any:
    """The type of the body: the option where it is given (None: unchecked), else the annotation, else MISSING.

    Of a union with responses in it, which are sent as they are, the other members.
    """
    if "response_model" in route.options:
        model = route.options["response_model"]
        return MISSING if model is None else model
    if returns is None or returns is type(None):
        return None
    if returns is Any or returns is inspect.Signature.empty or hasattr(returns, "__html__"):
        return MISSING
    return without(Response, returns)


def item_of(route: Route, returns: Any, kind: Type[Response]) -> Any:
    """The type of one item: `response_model`, else what the annotation has in its brackets."""
    if not issubclass(kind, (JSONResponse, *ITEMIZED)):
        return MISSING
    if "response_model" in route.options:
        model = route.options["response_model"]
        return MISSING if model is None else model
    arguments = get_args(returns) if get_origin(returns) in STREAMS else ()
    if not arguments or arguments[0] is Any:
        return MISSING
    return without(ServerSentEvent, arguments[0])


def without(sent: type, annotation: Any) -> Any:
    """An annotation without the members that are `sent` as they are; MISSING if nothing is left."""
    members = get_args(bare(annotation)) if get_origin(bare(annotation)) in UNIONS else (annotation,)
    left: List[Any] = [one for one in members if not (isinstance(one, type) and issubclass(one, sent))]
    if len(left) == len(members):
        return annotation
    if not left:
        return MISSING
    return Union[tuple(left)]


def build_reply(route: Route, shape: ReplyShape, codecs: Codecs) -> Reply:
    """How a route answers that does not stream: its `response_class` made of the value, with its `status_code`.

    Raises:
        SetupError: a model that cannot be written.
    """
    status_code, kind = shape.status_code, shape.kind
    if has_no_body(status_code):
        return reply_empty(status_code)
    encode = build_encode(route, shape.model, shape.options, codecs)
    if kind is JSONResponse:
        if route.inherited.response_class is None and (shape.model is MISSING or shape.model is None):
            return reply_anything(status_code, encode)
        return reply_json(status_code, encode, route.where)
    encode = checked(encode, route.where)
    is_text = kind.__init__ is Response.__init__ and kind.render is Response.render
    if is_text:
        return reply_text(kind, status_code, encode)
    return reply_as(kind, status_code if "status_code" in route.options else None, encode)


def build_encode(route: Route, model: Any, options: EncodeOptions, codecs: Codecs) -> Encode:
    if model is MISSING or model is None:
        return any_encoder()
    try:
        return codecs.for_annotation(model).encoder(model, options)
    except SetupError as exc:
        raise SetupError(f"{route.where}: {exc}") from exc
