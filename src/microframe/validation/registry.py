"""Registry of codecs: which model library reads and writes an annotation."""

import functools
import sys
from typing import Any, Dict, List

from microframe.validation import shapes
from microframe.validation.codec import Codec


class Codecs:
    """The codecs of one application: those that plugins add, newest first, then ours.

    A library is imported when the first annotation that needs it is compiled; msgspec and attrs do not count
    unless the program has imported them itself.
    """

    def __init__(self) -> None:
        self._added: List[Codec] = []
        self._chosen: Dict[type, Codec] = {}

    def add(self, codec: Codec) -> None:
        """Ask this codec before all that are there."""
        self._added.insert(0, codec)
        self._chosen.clear()

    def for_annotation(self, annotation: Any) -> Codec:
        """The codec of this type.

        Raises:
            SetupError: its library is missing; the text says what to install.
        """
        if not isinstance(annotation, type):
            return self._choose(annotation)
        found = self._chosen.get(annotation)
        if found is None:
            found = self._chosen[annotation] = self._choose(annotation)
        return found

    def _choose(self, annotation: Any) -> Codec:
        for codec in self._added:
            if codec.handles(annotation):
                return codec
        if "msgspec" in sys.modules and shapes.carries(annotation, shapes.MSGSPEC):
            return msgspec_codec()
        if "attr" in sys.modules and shapes.carries(annotation, shapes.ATTRS):
            return attrs_codec()
        return pydantic_codec()


# One of each for the whole process: what they keep belongs to classes, and classes to no application.


@functools.cache
def pydantic_codec() -> Codec:
    from microframe.validation.codecs.pydantic import PydanticCodec

    return PydanticCodec()


@functools.cache
def msgspec_codec() -> Codec:
    from microframe.validation.codecs.msgspec import MsgspecCodec

    return MsgspecCodec()


@functools.cache
def attrs_codec() -> Codec:
    from microframe.validation.codecs.attrs import AttrsCodec

    return AttrsCodec()
