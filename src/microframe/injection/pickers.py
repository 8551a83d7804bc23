"""Pickers: the raw values of parameters, taken out of a message by their names."""

from typing import Any, Callable, Mapping, Sequence

from microframe.exceptions import Invalid
from microframe.http.connection import Connection
from microframe.http.headers import find
from microframe.markers import MISSING

Pick = Callable[[Connection], Any]
"""Takes the raw value out of a message, or MISSING."""


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
