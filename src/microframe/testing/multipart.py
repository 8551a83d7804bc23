"""Multipart: fields and files as one multipart/form-data body (RFC 7578)."""

import mimetypes
import os
import secrets
from typing import IO, Iterable, List, Mapping, Optional, Sequence, Tuple, Union

from microframe.http.headers import check_header
from microframe.testing.address import Value, flatten

FileContent = Union[bytes, str, IO[bytes]]
FileValue = Union[
    FileContent,
    Tuple[Optional[str], FileContent],
    Tuple[Optional[str], FileContent, Optional[str]],
    Tuple[Optional[str], FileContent, Optional[str], Mapping[str, str]],
]
Files = Union[Mapping[str, FileValue], Iterable[Tuple[str, FileValue]]]
Fields = Union[Mapping[str, Union[Value, Sequence[Value]]], Iterable[Tuple[str, Value]]]

ESCAPES = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
"""How browsers write what would end a name (HTML, multipart/form-data encoding algorithm)."""

UNNAMED = "upload"
OCTETS = "application/octet-stream"


def new_boundary() -> str:
    return secrets.token_hex(16)


def format_multipart(fields: Optional[Fields], files: Files, boundary: str) -> bytes:
    """The body: fields first, then files, each in the order given."""
    lines: List[bytes] = []
    opening = b"--" + boundary.encode("ascii")
    for name, text in flatten(fields or {}):
        lines += [opening, disposition(name, None), b"", text]
    for name, value in files.items() if isinstance(files, Mapping) else files:
        headers, content = read_file(name, value)
        lines += [opening, *headers, b"", content]
    return b"\r\n".join([*lines, opening + b"--", b""])


def read_file(name: str, value: FileValue) -> Tuple[List[bytes], bytes]:
    """The header lines and the content of one file.

    Raises:
        ValueError: a header has what no header can carry.
        TypeError: the file is open as text.
    """
    parts = value if isinstance(value, tuple) else (named(value), value)
    filename, content = parts[0], parts[1]
    media_type = parts[2] if len(parts) > 2 else None
    extra = dict(parts[3]) if len(parts) > 3 else {}
    if media_type is None and filename is not None and "content-type" not in {key.lower() for key in extra}:
        media_type = mimetypes.guess_type(filename)[0] or OCTETS
    if media_type is not None:
        extra["Content-Type"] = media_type
    lines = [disposition(name, filename)]
    for key, text in extra.items():
        header, encoded = check_header(key, text)
        lines.append(header.title() + b": " + encoded)
    return lines, content_of(content)


def named(content: FileContent) -> str:
    """The name of an open file, without its folder."""
    name = getattr(content, "name", None)
    return os.path.basename(name) if isinstance(name, str) and name else UNNAMED


def content_of(content: FileContent) -> bytes:
    data = content.read() if hasattr(content, "read") else content
    if isinstance(data, str) and isinstance(content, str):
        return data.encode()
    if isinstance(data, bytes):
        return data
    raise TypeError(f"a file must be bytes, text or a file open in binary mode, not {content!r}")


def disposition(name: str, filename: Optional[str]) -> bytes:
    line = f'Content-Disposition: form-data; name="{name.translate(ESCAPES)}"'
    return (line if filename is None else f'{line}; filename="{filename.translate(ESCAPES)}"').encode()
