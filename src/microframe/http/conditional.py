"""Conditional requests: the validators of an answer, and whether the client has it already (RFC 9110 §13)."""

import re
from datetime import datetime, timezone
from email.utils import formatdate, parsedate_tz
from os import stat_result
from typing import Optional

from microframe.http.headers import Headers

LAST_SECOND = 253_402_300_799  # of the year 9999: a date has four digits for it
MAX_DATE = 64  # characters

ENTITY_TAG = re.compile(r'"[\x21\x23-\x7e\x80-\xff]*"')


def file_etag(stat: stat_result) -> str:
    """A strong entity tag of a file as it is now: its size, and its time of change to the nanosecond."""
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def format_http_date(seconds: float) -> str:
    """A time (seconds since 1970) as HTTP writes it (RFC 9110 §5.6.7)."""
    return formatdate(min(max(seconds, 0), LAST_SECOND), usegmt=True)


def parse_http_date(text: str) -> Optional[int]:
    """A date of HTTP in any of its three forms as seconds since 1970; None for what is none."""
    try:
        parsed = parsedate_tz(text) if len(text) <= MAX_DATE else None
        if parsed is None:
            return None
        # Not by way of `mktime_tz`: it takes the 99th of November for a day of February.
        return int(datetime(*parsed[:6], tzinfo=timezone.utc).timestamp()) - (parsed[9] or 0)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def is_not_modified(headers: Headers, etag: str, modified: Optional[float] = None) -> bool:
    """Whether a GET or HEAD is answered with 304, as these are the validators of what it would get.

    If-None-Match compares weakly; a date counts only where no tag was sent (RFC 9110 §13.2.2).
    """
    tags = headers.getlist("if-none-match")
    if tags:
        text = ",".join(tags)
        return text.strip() == "*" or etag[etag.find('"') :] in ENTITY_TAG.findall(text)
    since = headers.get("if-modified-since")
    if since is None or modified is None:
        return False
    known = parse_http_date(since)
    return known is not None and int(modified) <= known
