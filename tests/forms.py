"""Forms: bodies as browsers write them, and answers to them, for tests."""

from typing import Any, Iterable, List, Optional, Sequence, Tuple, Union
from urllib.parse import urlencode

from microframe.application import Application
from tests.injection.asking import Answer, post

BOUNDARY = "----browser0123456789"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"
URLENCODED = "application/x-www-form-urlencoded"

File = Tuple[str, bytes]
"""A filename and what is in the file."""

Part = Tuple[str, Union[str, bytes, File]]


def part(name: str, value: Union[str, bytes, File], *lines: str) -> bytes:
    """One part; `lines` are more headers of it."""
    disposition = f'Content-Disposition: form-data; name="{name}"'
    if isinstance(value, tuple):
        disposition += f'; filename="{value[0]}"'
        lines = (*lines, "Content-Type: application/octet-stream")
        value = value[1]
    content = value.encode() if isinstance(value, str) else value
    return "\r\n".join([disposition, *lines, "", ""]).encode() + content


def multipart(*parts: Union[bytes, Part]) -> bytes:
    """A body of parts, each made already or given as name and value."""
    opening = f"--{BOUNDARY}\r\n".encode()
    made = [one if isinstance(one, bytes) else part(*one) for one in parts]
    return b"".join([opening + one + b"\r\n" for one in made]) + f"--{BOUNDARY}--\r\n".encode()


def pieces(body: bytes, size: int) -> List[bytes]:
    return [body[start : start + size] for start in range(0, len(body), size)]


async def send(
    app: Application,
    body: Union[bytes, Sequence[Optional[bytes]]],
    content_type: Optional[str] = MULTIPART,
    target: str = "/",
) -> Answer:
    """POST a body as it is."""
    headers = {} if content_type is None else {"content-type": content_type}
    return await post(app, target, headers=headers, body=body)


async def submit(app: Application, *parts: Union[bytes, Part], target: str = "/") -> Answer:
    """POST a multipart form."""
    return await send(app, multipart(*parts), target=target)


async def fill(app: Application, pairs: Iterable[Tuple[str, Any]], target: str = "/") -> Answer:
    """POST an urlencoded form."""
    return await send(app, urlencode(list(pairs)).encode(), URLENCODED, target)
