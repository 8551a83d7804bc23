"""Responses: what an operation answers: what its handler gives, what is declared beside it, and its errors."""

import copy
from typing import Any, Dict, Iterable, List, Mapping, Optional, Tuple, Union

from microframe.exceptions import phrase_of
from microframe.http.events import EventSourceResponse
from microframe.http.responses import JSONResponse
from microframe.injection.reply import ReplyShape, describe_reply
from microframe.markers import MISSING
from microframe.openapi.dialect import Dialect
from microframe.openapi.errors import ErrorShapes, Fault
from microframe.openapi.schemas import Components, Schema, Slot
from microframe.openapi.values import titled
from microframe.routing.route import Route

RANGES: Mapping[str, str] = {
    "1XX": "Information",
    "2XX": "Success",
    "3XX": "Redirection",
    "4XX": "Client Error",
    "5XX": "Server Error",
    "default": "Default Response",
}
PHRASES: Mapping[str, str] = {
    "200": "OK",
    "201": "Created",
    "202": "Accepted",
    "203": "Non-Authoritative Information",
    "204": "No Content",
    "205": "Reset Content",
    "206": "Partial Content",
    "300": "Multiple Choices",
    "301": "Moved Permanently",
    "302": "Found",
    "303": "See Other",
    "304": "Not Modified",
    "307": "Temporary Redirect",
    "308": "Permanent Redirect",
}
EVENT: Schema = {
    "type": "object",
    "properties": {
        "data": {"type": "string"},
        "event": {"type": "string"},
        "id": {"type": "string"},
        "retry": {"type": "integer", "minimum": 0},
    },
}
"""One event of a stream (WHATWG HTML §9.2.6)."""


class Responses:
    """The responses of one route: read now, built once every schema is known."""

    def __init__(self, route: Route, returns: Any, components: Components, dialect: Dialect) -> None:
        self._route = route
        self._dialect = dialect
        self._shape = describe_reply(route, returns)
        model = self._shape.item if self._shape.is_stream else self._shape.model
        self._model: Optional[Slot] = None
        if is_written(self._shape, model):
            self._model = components.want(model, "serialization", f"the answer of {route.where}")
        self._declared: List[Tuple[str, Mapping[str, Any], Optional[Slot]]] = []
        for status, response in route.inherited.responses.items():
            inner = response.get("model")
            where = f"the answer {status} of {route.where}"
            slot = None if inner is None else components.want(inner, "serialization", where)
            self._declared.append((status_key(status), response, slot))

    def build(self, name: str, faults: Iterable[Fault], errors: ErrorShapes) -> Dict[str, Any]:
        """The Responses Object (OpenAPI 3.1 §4.8.16); `name` is the operation's, for titles."""
        success = str(self._shape.status_code)
        answered = self._route.options.get("response_description", "Successful Response")
        responses: Dict[str, Any] = {success: {"description": answered, **self._content(name)}}
        own = {status for status, response, slot in self._declared if slot or "content" in response}
        for status, error in errors.build(faults).items():
            if not own & {status, f"{status[0]}XX", "default"}:
                responses.setdefault(status, error)
        for status, response, slot in self._declared:
            self._merge(responses.setdefault(status, {}), status, response, slot)
        first = responses.pop(success)
        return {success: first, **{status: responses[status] for status in sorted(responses, key=order)}}

    def _content(self, name: str) -> Dict[str, Any]:
        shape = self._shape
        if shape.media_type is None:
            return {}
        if shape.is_stream:
            return {"content": {shape.media_type: self._stream()}}
        schema: Schema = {"type": "string"}
        if issubclass(shape.kind, JSONResponse):
            schema = self._model.schema if self._model is not None else {}
            if schema and "$ref" not in schema:
                schema.setdefault("title", titled(f"Response_{name}"))
        return {"content": {shape.media_type: {"schema": schema}}}

    def _stream(self) -> Dict[str, Any]:
        """What one item is, for which only OpenAPI 3.2 has a word (§4.14.2)."""
        if not issubclass(self._shape.kind, (JSONResponse, EventSourceResponse)):
            return {"schema": {"type": "string"}}
        item: Schema = {} if self._model is None else self._model.schema
        if issubclass(self._shape.kind, EventSourceResponse):
            item = event_of(item)
        if self._dialect.has_item_schema:
            return {"itemSchema": item}
        return {"schema": {"type": "string"}, "x-itemSchema": item}

    def _merge(
        self, response: Dict[str, Any], status: str, given: Mapping[str, Any], slot: Optional[Slot]
    ) -> None:
        told = {key: copy.deepcopy(value) for key, value in given.items() if key != "model"}
        if slot is not None:
            media = self._shape.media_type or "application/json"
            content = told.setdefault("content", {}).setdefault(media, {})
            merge(content.setdefault("schema", {}), slot.schema)
        merge(response, told)
        response.setdefault("description", phrase_of_key(status))


def event_of(item: Schema) -> Schema:
    """One event, with the data that it carries."""
    event: Schema = copy.deepcopy(EVENT)
    if item:
        data = {"type": "string", "contentMediaType": "application/json", "contentSchema": item}
        event["properties"]["data"] = data
        event["required"] = ["data"]
    return event


def is_written(shape: ReplyShape, model: Any) -> bool:
    return (
        model is not MISSING
        and model is not None
        and model is not type(None)
        and shape.media_type is not None
    )


def status_key(status: Union[int, str]) -> str:
    """`404`, `4XX` or `default`; `http.HTTPStatus` is a number too."""
    text = str(int(status)) if isinstance(status, int) else str(status).upper()
    return "default" if text == "DEFAULT" else text


def phrase_of_key(status: str) -> str:
    named = RANGES.get(status) or PHRASES.get(status)
    if named is not None:
        return named
    return phrase_of(int(status)) if status.isdigit() else "Additional Response"


def order(status: str) -> Tuple[bool, str]:
    return status == "default", status


def merge(target: Dict[str, Any], given: Mapping[str, Any]) -> None:
    """Put one object into another: objects within are merged, lists added to each other, all else replaced."""
    for key, value in given.items():
        known = target.get(key)
        if isinstance(known, dict) and isinstance(value, Mapping):
            merge(known, value)
        elif isinstance(known, list) and isinstance(value, (list, tuple)):
            target[key] = [*known, *value]
        else:
            target[key] = value
