"""Sources: where the value of a parameter comes from: path, query, header, cookie, and the framework's own types."""

import copy
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Type, cast

from microframe.context import Context
from microframe.exceptions import Invalid, SetupError
from microframe.http.background import BackgroundTasks
from microframe.http.connection import Connection
from microframe.http.forms import FormData, FormReading
from microframe.http.headers import find
from microframe.http.parts import FormParts
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.injection.plan import Source
from microframe.injection.signature import Asked
from microframe.markers import MISSING, Parameter
from microframe.validation.codec import Decode
from microframe.validation.constraints import with_constraints
from microframe.validation.registry import Codecs
from microframe.validation.shapes import is_scalar, is_sequence_of_scalars
from microframe.websocket import WebSocket

Pick = Callable[[Connection], Any]
"""Takes the raw value out of a message, or MISSING."""


# The framework's own types -------------------------------------------------------------------------------------------


def the_context(context: Any) -> Any:
    return context


def own_response(context: Context) -> Response:
    """A response whose status and headers are put into the real one; the same for everybody who asks."""
    response = context.values.get(Response)
    if response is None:
        response = context.values[Response] = Response()
        response.status_code = 0
    return cast(Response, response)


def own_tasks(context: Context) -> BackgroundTasks:
    tasks = context.values.get(BackgroundTasks)
    if tasks is None:
        tasks = context.values[BackgroundTasks] = BackgroundTasks()
    return cast(BackgroundTasks, tasks)


def the_form(request: Request) -> FormReading:
    """The whole form, to be awaited."""
    return request.form()


def own_form_parts(request: Request) -> FormParts:
    """The parts of the form; the same for everybody who asks: each part comes once."""
    parts = request.values.get(FormParts)
    if parts is None:
        parts = request.values[FormParts] = request.form_parts()
    return cast(FormParts, parts)


FRAMEWORK_SOURCES: Mapping[Type[Any], Tuple[Source, Tuple[str, ...]]] = {
    Request: (the_context, ("http",)),
    WebSocket: (the_context, ("socket",)),
    Connection: (the_context, ("http", "socket")),
    Context: (the_context, ("http", "socket", "work")),
    Response: (own_response, ("http",)),
    FormData: (the_form, ("http",)),
    FormParts: (own_form_parts, ("http",)),
    BackgroundTasks: (own_tasks, ("http",)),
}
"""Each type with its source and the kinds of context that have it."""


# Parameters of the message -------------------------------------------------------------------------------------------


def build_parameter_source(
    asked: Asked, marker: Parameter, codecs: Codecs, where: str, strict: bool = False
) -> Source:
    """The source of a path, query, header or cookie parameter: picked, decoded, or its default."""
    alias = sent_name(asked, marker)
    many = marker.place in ("query", "header") and is_sequence_of_scalars(asked.annotation)
    if not many and not is_scalar(asked.annotation):
        raise SetupError(
            f"{asked.name} of {where} is read from the {marker.place}, which holds no {asked.annotation!r}"
        )
    default = default_of(asked, marker)
    # Text that nothing is demanded of needs no one to look at it.
    is_any_text = constrained(asked, marker) is str
    decode = str if is_any_text else build_decoder(asked, marker, codecs, where)
    if marker.place == "path":
        return build_path_source(alias, decode)
    if marker.place == "query" and not many and not strict:
        return build_query_source(alias, decode, default)
    return build_source(PICKERS[marker.place](alias, many, strict), decode, (marker.place, alias), default)


def sent_name(asked: Asked, marker: Parameter) -> str:
    """What a parameter is called where it is sent: its alias, or its name as the place writes it."""
    alias: Optional[str] = marker.options.get("alias") or marker.options.get("validation_alias")
    if alias is not None:
        return alias
    is_written_with_hyphens = marker.place == "header" and marker.convert_underscores
    return asked.name.replace("_", "-") if is_written_with_hyphens else asked.name


def constrained(asked: Asked, marker: Parameter) -> Any:
    """The type with the marker's constraints in it, where the model library looks for them."""
    return with_constraints(asked.annotation, marker.options)


def build_decoder(
    asked: Asked, marker: Parameter, codecs: Codecs, where: str, *, json: bool = False
) -> Callable[[Any], Any]:
    """What reads a parameter from a plain value, or from JSON text.

    Raises:
        SetupError: nobody can read its type; the text names the parameter.
    """
    annotation = constrained(asked, marker)
    try:
        codec = codecs.for_annotation(annotation)
        return codec.json_decoder(annotation) if json else codec.decoder(annotation)
    except SetupError as exc:
        raise SetupError(f"{asked.name} of {where}: {exc}") from exc


def default_of(asked: Asked, marker: Parameter) -> Optional[Callable[[], Any]]:
    """What makes the default, or None for a parameter that must be sent."""
    factory = marker.options.get("default_factory")
    if factory is not None:
        return factory
    default = asked.default if asked.default is not MISSING else marker.default
    if default is MISSING or default is ...:
        return None
    # What cannot change is its own copy; everything else would be shared between requests.
    return (lambda: copy.deepcopy(default)) if is_copied(default) else (lambda: default)


def is_copied(value: Any) -> bool:
    try:
        return copy.deepcopy(value) is not value
    except Exception:  # a lock, a connection: there is one, for everybody
        return False


def build_source(
    pick: Pick, decode: Decode, loc: Tuple[str, ...], default: Optional[Callable[[], Any]]
) -> Source:
    def source(connection: Connection) -> Any:
        raw = pick(connection)
        if raw is MISSING:
            if default is None:
                raise Invalid([missing(*loc)])
            return default()
        try:
            return decode(raw)
        except Invalid as exc:
            raise Invalid(exc.under(*loc)) from None

    return source


def build_path_source(name: str, decode: Decode) -> Source:
    """`build_source` for a part of the path, which is always there: one call less on a path that many take."""

    def source(connection: Connection) -> Any:
        try:
            return decode(connection.path_params[name])
        except Invalid as exc:
            raise Invalid(exc.under("path", name)) from None

    return source


def build_query_source(name: str, decode: Decode, default: Optional[Callable[[], Any]]) -> Source:
    """`build_source` for one value of the query, likewise."""

    def source(connection: Connection) -> Any:
        values = connection._query_values
        raw = (connection.query_values() if values is None else values).get(name)
        if raw is None:
            if default is None:
                raise Invalid([missing("query", name)])
            return default()
        try:
            return decode(raw)
        except Invalid as exc:
            raise Invalid(exc.under("query", name)) from None

    return source


def missing(*loc: str) -> Dict[str, Any]:
    return {"type": "missing", "loc": loc, "msg": "Field required", "input": None}


def pick_query(name: str, many: bool, strict: bool) -> Pick:
    if many:
        return lambda connection: connection.query_params.getlist(name) or MISSING
    if strict:
        return lambda connection: only_one(connection.query_params.getlist(name), "query", name)
    return lambda connection: connection.query_params.get(name, MISSING)


def pick_header(name: str, many: bool, strict: bool) -> Pick:
    key = name.lower().encode("latin-1")
    if many:
        return lambda connection: connection.headers.getlist(name) or MISSING
    if strict:
        return lambda connection: only_one(connection.headers.getlist(name), "header", name)

    def pick(connection: Connection) -> Any:
        found = find(connection.raw_headers, key)
        return MISSING if found is None else found.decode("latin-1")

    return pick


def pick_cookie(name: str, many: bool, strict: bool) -> Pick:
    return lambda connection: connection.cookies.get(name, MISSING)


PICKERS: Mapping[str, Callable[[str, bool, bool], Pick]] = {
    "query": pick_query,
    "header": pick_header,
    "cookie": pick_cookie,
}


def only_one(values: Sequence[Any], place: str, name: str) -> Any:
    """The one value of a parameter; two are a fault where the application is strict (ASVS 15.3.7)."""
    if len(values) > 1:
        raise Invalid(
            [{"type": "duplicate_parameter", "loc": (place, name), "msg": "Given twice", "input": values}]
        )
    return values[0] if values else MISSING
