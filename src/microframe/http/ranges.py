"""Ranges: which bytes a client asks for, and several of them as one body (RFC 9110 §14)."""

import re
import secrets
from typing import List, NamedTuple, Optional, Tuple

from microframe.http.files import FileParts, FileSlice, Part

MAX_RANGES = 16
"""A header with more is ignored, so that the whole file is sent (RFC 9110 §14.2)."""

SPEC = re.compile(r"([0-9]*)-([0-9]*)")
DIGITS = 19
BEYOND = 10**DIGITS
"""What every longer number stands for: no file is as long."""


class Range(NamedTuple):
    """Bytes of a representation: from `start`, up to and without `end`."""

    start: int
    end: int


def parse_ranges(text: str, size: int) -> Optional[List[Range]]:
    """What a Range header asks of `size` bytes, in its order; those that overlap or touch are one.

    None: the header means nothing here, and the answer is as without it. That is an unknown unit, anything
    malformed, and more than `MAX_RANGES` ranges. An empty list: no range begins inside, the answer is 416.
    """
    unit, equals, specs = text.partition("=")
    if not equals or unit.lower() != "bytes" or specs.count(",") >= MAX_RANGES:
        return None
    found: List[Range] = []
    asked = False
    for spec in specs.split(","):
        spec = spec.strip(" \t")
        if not spec:
            continue
        limits = parse_spec(spec, size)
        if limits is None:
            return None
        asked = True
        if limits.start < limits.end:
            found.append(limits)
        elif limits.start == 0 and spec[0] == "-" and size == 0 and number(spec[1:]):
            return None  # the last bytes of nothing: all there is, which no Content-Range can say
    return coalesce(found) if asked else None


def parse_spec(spec: str, size: int) -> Optional[Range]:
    """`0-99`, `100-` or `-50` as a range, an empty one where none of it is inside; None if it is malformed."""
    limits = SPEC.fullmatch(spec)
    if limits is None or spec == "-":
        return None
    first, last = limits[1], limits[2]
    if not first:
        return Range(max(size - number(last), 0), size)
    start = number(first)
    if not last:
        return Range(start, size)
    end = number(last) + 1
    return Range(start, min(end, size)) if start < end else None


def number(digits: str) -> int:
    # Never a long one: making a number of digits takes the square of their count.
    digits = digits.lstrip("0")
    return int(digits or "0") if len(digits) <= DIGITS else BEYOND


def coalesce(found: List[Range]) -> List[Range]:
    """Ranges with nothing twice, each where the first of those it is made of stood."""
    merged: List[Tuple[int, Range]] = []
    for place, one in sorted(enumerate(found), key=lambda item: item[1]):
        if merged and one.start <= merged[-1][1].end:
            before, last = merged[-1]
            merged[-1] = min(before, place), Range(last.start, max(last.end, one.end))
        else:
            merged.append((place, one))
    return [one for _, one in sorted(merged)]


def format_content_range(one: Range, size: int) -> str:
    return f"bytes {one.start}-{one.end - 1}/{size}"


def join_ranges(file: FileSlice, wanted: List[Range], media_type: Optional[str]) -> Tuple[FileParts, str]:
    """Several ranges as the body of a `multipart/byteranges` answer, and its media type (RFC 9110 §14.6)."""
    boundary = secrets.token_hex(16)
    kind = f"Content-Type: {media_type}\r\n" if media_type is not None else ""
    parts: List[Part] = []
    for one in wanted:
        head = f"\r\n--{boundary}\r\n{kind}Content-Range: {format_content_range(one, file.length)}\r\n\r\n"
        parts.append(head.encode("latin-1"))
        parts.append((file.offset + one.start, one.end - one.start))
    parts.append(f"\r\n--{boundary}--\r\n".encode("latin-1"))
    length = sum(len(part) if isinstance(part, bytes) else part[1] for part in parts)
    body = FileParts(file.path, tuple(parts), length, file.stat)
    return body, f"multipart/byteranges; boundary={boundary}"
