"""Formats: what a body may be sent as, JSON, a form or MessagePack, and how each is read."""

from typing import Any, Callable, Final, FrozenSet, Mapping

from microframe.exceptions import UnsupportedMediaTypeException
from microframe.http.forms import URLENCODED
from microframe.http.headers import find
from microframe.http.json import read_json
from microframe.http.media import is_json, parse_media_type
from microframe.http.parts import MULTIPART
from microframe.http.request import Request
from microframe.markers import Parameter

JSON: Final = "application/json"
FORM: Final = frozenset({URLENCODED, MULTIPART})
MSGPACK: Final = frozenset({"application/msgpack", "application/x-msgpack", "application/vnd.msgpack"})

ReadPlain = Callable[[bytes], Any]
"""The bytes of a body to plain values; raises `Invalid`."""


class Formats:
    """Everything that one body may be sent as."""

    def __init__(self, marker: Parameter) -> None:
        self.accepted = ", ".join(marker.media_types)
        names: FrozenSet[str] = frozenset(name.lower() for name in marker.media_types)
        self.has_form = bool(names & FORM)
        self.has_json = JSON in names
        self.is_json_alone = len(names) == 1 and not names & (FORM | MSGPACK)
        self._readers: Mapping[str, ReadPlain] = {name: reader_of(name) for name in names - FORM}
        self._forms = names & FORM

    def essence_of(self, request: Request) -> str:
        """What a body says it is, if that is something that is read here; JSON whatever JSON it is.

        Raises:
            UnsupportedMediaTypeException: it says something else, nothing, or something malformed.
        """
        essence = essence_of(request)
        if essence in self._readers or essence in self._forms:
            return essence
        if self.has_json and is_json(essence):
            return JSON
        raise UnsupportedMediaTypeException(
            f"This endpoint reads {self.accepted}.", {"Accept": self.accepted}
        )

    def is_form(self, essence: str) -> bool:
        return essence in self._forms

    def read(self, essence: str, body: bytes) -> Any:
        """The plain values in a body.

        Raises:
            Invalid: it is not what it says it is.
        """
        return self._readers[essence](body)


def essence_of(request: Request) -> str:
    """`type/subtype` of what a body says it is; nothing where it says nothing or something malformed."""
    sent = find(request.raw_headers, b"content-type")
    try:
        return parse_media_type(sent.decode("latin-1")).essence if sent is not None else ""
    except ValueError:
        return ""


def reader_of(media_type: str) -> ReadPlain:
    """How one format is read. What nobody knows is JSON by another name.

    Raises:
        SetupError: it needs a package that is missing.
    """
    if media_type not in MSGPACK:
        return read_json
    from microframe.http.msgpack import read_msgpack

    return read_msgpack
