"""MessagePack: a body in the binary sister of JSON, read with msgspec (the extra `json`)."""

from microframe.exceptions import Invalid
from microframe.extras import requires_extra

with requires_extra("json"):
    import msgspec

DECODER = msgspec.msgpack.Decoder()

REFUSED = (msgspec.MsgspecError, RecursionError, TypeError, ValueError)
"""What the decoder raises about bytes that it cannot read."""


def read_msgpack(body: bytes) -> object:
    """What a MessagePack body says, in plain values.

    Raises:
        Invalid: it is none, or nests deeper than the parser allows; the type is `msgpack_invalid`.
    """
    try:
        value: object = DECODER.decode(body)
    except REFUSED as exc:
        reason = "Nested too deeply" if isinstance(exc, RecursionError) else str(exc)
        error = {"type": "msgpack_invalid", "loc": (), "msg": "MessagePack decode error", "input": {}}
        raise Invalid([{**error, "ctx": {"error": reason}}]) from None
    return value
