"""Sources: where the value of a parameter comes from: path, query, header, cookie, and the framework's own types."""

import copy
from typing import Any, Callable, Dict, Mapping, Optional, Sequence, Tuple, Type, cast

from microframe.context import Context, Deadline
from microframe.exceptions import Invalid, SetupError
from microframe.http.background import BackgroundTasks
from microframe.http.connection import Connection
from microframe.http.forms import FormData, FormReading
from microframe.http.parts import FormParts
from microframe.http.request import Request
from microframe.http.responses import Response
from microframe.injection.pickers import PICKERS, Pick
from microframe.injection.plan import Source
from microframe.injection.signature import Asked
from microframe.markers import MISSING, Parameter
from microframe.validation.codec import Decode
from microframe.validation.constraints import CONSTRAINTS, choices_of, with_constraints
from microframe.validation.registry import Codecs
from microframe.validation.shapes import is_scalar, is_sequence_of_scalars
from microframe.websocket import WebSocket

# The framework's own types -------------------------------------------------------------------------------------------


def the_context(context: Any) -> Any:
    return context


def the_deadline(context: Context) -> Deadline:
    return context.deadline


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
    Deadline: (the_deadline, ("http", "socket", "work")),
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
    names = sent_names(asked, marker)
    alias = names[0]
    many = marker.place in ("query", "header") and is_sequence_of_scalars(asked.annotation)
    if not many and not is_scalar(asked.annotation):
        raise SetupError(
            f"{asked.name} of {where} is read from the {marker.place}, which holds no {asked.annotation!r}"
        )
    decode = build_decoder(asked, marker, codecs, where)
    if asked.annotation is str and not CONSTRAINTS & marker.options.keys():
        decode = str  # text that nothing is demanded of needs no one to look at it
    default = default_of(asked, marker)
    if default is not None and marker.options.get("validate_default"):
        default = build_checked_default(default, decode)
    if marker.place == "path":
        return build_path_source(alias, decode)
    if marker.place == "query" and len(names) == 1 and not many and not strict:
        return build_query_source(alias, decode, default)
    picks = [PICKERS[marker.place](name, many, strict) for name in names]
    sources = [build_source(pick, decode, (marker.place, name), default) for pick, name in zip(picks, names)]
    return sources[0] if len(sources) == 1 else build_choice(picks, sources)


def sent_name(asked: Asked, marker: Parameter) -> str:
    """What a parameter is called where it is sent: its alias, or its name as the place writes it."""
    return sent_names(asked, marker)[0]


def sent_names(asked: Asked, marker: Parameter) -> Sequence[str]:
    """Every name by which a parameter may be sent, the first one first."""
    alias = marker.options.get("validation_alias") or marker.options.get("alias")
    if alias is not None:
        return choices_of(alias)
    is_written_with_hyphens = marker.place == "header" and marker.convert_underscores
    return [asked.name.replace("_", "-") if is_written_with_hyphens else asked.name]


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
    try:
        annotation = constrained(asked, marker)
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


def build_checked_default(default: Callable[[], Any], decode: Decode) -> Callable[[], Any]:
    return lambda: decode(default())


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


def build_choice(picks: Sequence[Pick], sources: Sequence[Source]) -> Source:
    """The source of a parameter of several names: that of the first name which was sent."""
    choices = tuple(zip(picks, sources))

    def source(connection: Connection) -> Any:
        sent = (one for pick, one in choices if pick(connection) is not MISSING)
        return next(sent, sources[0])(connection)

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
