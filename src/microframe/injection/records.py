"""Records: parameters with fields of their own, filled from the query, the headers or the cookies."""

from typing import Any, Callable, Dict, Iterable, List, Mapping, Tuple, TypeVar

from microframe.exceptions import Invalid
from microframe.http.connection import Connection
from microframe.injection.pickers import PICKERS, Pick
from microframe.injection.plan import Source
from microframe.injection.signature import Asked
from microframe.injection.sources import build_decoder, default_of
from microframe.markers import MISSING, Parameter
from microframe.validation.codec import Field
from microframe.validation.registry import Codecs
from microframe.validation.shapes import is_sequence_of_scalars

T = TypeVar("T")


def build_record_source(asked: Asked, marker: Parameter, codecs: Codecs, where: str, strict: bool) -> Source:
    """The source of a structured parameter: each field is picked by its own name, and the type decides on the rest."""
    place = marker.place
    decode, default = build_decoder(asked, marker, codecs, where), default_of(asked, marker)
    fields = codecs.for_annotation(asked.annotation).fields(asked.annotation)
    sent = {field.alias: name_in_message(field, marker) for field in fields}
    picks: List[Tuple[str, Pick]] = []
    for field in fields:
        many = is_sequence_of_scalars(field.annotation) and place != "cookie"
        picks.append((field.alias, PICKERS[place](sent[field.alias], many, strict)))
    known = {name.lower() if place == "header" else name for name in (*sent, *sent.values())}
    every = EVERY[place]

    def source(connection: Connection) -> Any:
        values = gather(connection, picks)
        values.update(extras(every(connection), known))
        if default is not None and not values.keys() & sent.keys():
            return default()
        try:
            return decode(values)
        except Invalid as exc:
            raise Invalid([located(error, place, sent) for error in exc.errors]) from None

    return source


def name_in_message(field: Field, marker: Parameter) -> str:
    """What a field is called where it is sent: its alias, or its name as a header is written."""
    is_written_with_hyphens = marker.place == "header" and marker.convert_underscores
    if field.alias != field.name or not is_written_with_hyphens:
        return field.alias
    return field.name.replace("_", "-")


def gather(message: T, picks: Iterable[Tuple[str, Callable[[T], Any]]]) -> Dict[str, Any]:
    """What each field picks out of a message, a connection or a form, and the faults of all together."""
    values: Dict[str, Any] = {}
    errors: List[Mapping[str, Any]] = []
    for alias, pick in picks:
        try:
            raw = pick(message)
            if raw is not MISSING:
                values[alias] = raw
        except Invalid as exc:
            errors += exc.errors
    if errors:
        raise Invalid(errors)
    return values


def extras(pairs: Iterable[Tuple[str, Any]], known: "set[str]") -> Dict[str, Any]:
    """What no field is called, for types that keep it, or refuse it."""
    found: Dict[str, List[Any]] = {}
    for name, value in pairs:
        if name not in known:
            found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}


def located(error: Mapping[str, Any], place: str, sent: Mapping[str, str]) -> Mapping[str, Any]:
    """A fault with the place put in front, and its field called as it is sent."""
    first, rest = error["loc"][:1], error["loc"][1:]
    return {**error, "loc": (place, *(sent.get(step, step) for step in first), *rest)}


EVERY: Mapping[str, Callable[[Connection], Iterable[Tuple[str, str]]]] = {
    "query": lambda connection: connection.query_params.multi_items(),
    "header": lambda connection: connection.headers.multi_items(),
    "cookie": lambda connection: connection.cookies.items(),
}
"""Every name and value of a place."""
