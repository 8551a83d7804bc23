"""Kept: an answer as bytes that can be stored, and back; and names made of parts that cannot be mistaken."""

import hashlib
import json
from typing import Iterable, NamedTuple, Optional

from microframe.http.headers import RawHeaders
from microframe.http.responses import Response, build_response

OF_ITS_TIME = (b"date", b"content-length", b"transfer-encoding", b"connection", b"keep-alive")
"""Headers that belong to one transfer of an answer, and not to the answer."""
SMALL = 16_384
"""Bytes that are copied, to be put beside each other."""


def digest(parts: Iterable[bytes]) -> str:
    """A name for a list of parts. Each says its length first, so that no other list has the same one."""
    parts = list(parts)
    if sum(map(len, parts)) <= SMALL:
        return hashlib.sha256(b"".join([b"%d:%b" % (len(part), part) for part in parts])).hexdigest()
    told = hashlib.sha256()
    for part in parts:
        told.update(b"%d:" % len(part))
        told.update(part)
    return told.hexdigest()


class Kept(NamedTuple):
    """What is stored of an answer: what it was an answer to, and itself, if it can be given again."""

    fingerprint: str
    response: Optional[Response]


def can_be_kept(response: Response, largest: int) -> bool:
    """Whether an answer can be given again, to others too: it is whole, not too large, and sets no cookie."""
    if type(response.body) is not bytes or len(response.body) > largest:
        return False
    return all(name != b"set-cookie" for name, _ in response.raw_headers)


def pack(kept: Kept) -> bytes:
    """One line of JSON, and the body behind it."""
    head = {"of": kept.fingerprint}
    response = kept.response
    if response is None:
        return json.dumps(head).encode()
    assert isinstance(response.body, bytes)
    headers = [
        [name.decode("latin-1"), value.decode("latin-1")]
        for name, value in response.raw_headers
        if name not in OF_ITS_TIME
    ]
    line = json.dumps({**head, "status": response.status_code, "headers": headers}).encode()
    return line + b"\n" + response.body


def unpack(data: bytes) -> Optional[Kept]:
    """What `pack` made; None of anything else."""
    line, _, body = data.partition(b"\n")
    try:
        head = json.loads(line)
        fingerprint = str(head["of"])
        if "status" not in head:
            return Kept(fingerprint, None)
        headers: RawHeaders = [
            (name.encode("latin-1"), value.encode("latin-1")) for name, value in head["headers"]
        ]
        return Kept(fingerprint, build_response(int(head["status"]), headers, body))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
