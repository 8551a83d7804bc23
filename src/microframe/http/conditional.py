"""Conditional requests: the validators of a representation, and what preconditions say of them (RFC 9110 §13)."""

import re
from datetime import datetime, timezone
from os import stat_result
from typing import List, NamedTuple, Optional, Union
from urllib.parse import quote

from microframe.http.headers import Headers, RawHeaders, find

LAST_SECOND = 253_402_300_799  # of the year 9999: a date has four digits for it
MAX_DATE = 64  # characters

ENTITY_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')
TAG_CHARACTERS = "!#$&'()*+-./:;<=>?@[]^_`{|}~"
READING = ("GET", "HEAD")
UNCONDITIONAL = ("CONNECT", "OPTIONS", "TRACE", "QUERY")
"""Methods that change nothing, and whose answers are no representation of what stands at the path."""

Version = Union[str, int, datetime]
"""What tells one state of a resource from the next: a number that counts up, a hash, a time of change."""


class Validators(NamedTuple):
    """What is known of a representation as it is now; both None: there is none, or nobody knows.

    `etag` is as it goes on the wire, `modified` in seconds since 1970.
    """

    etag: Optional[str] = None
    modified: Optional[float] = None

    @property
    def exist(self) -> bool:
        return self.etag is not None or self.modified is not None


def read_validators(headers: RawHeaders) -> Validators:
    """The validators that an answer says."""
    etag, date = find(headers, b"etag"), find(headers, b"last-modified")
    return Validators(
        None if etag is None else etag.decode("latin-1"),
        None if date is None else parse_http_date(date.decode("latin-1")),
    )


# Validators -------------------------------------------------------------------------------------------------


def file_etag(stat: stat_result) -> str:
    """A strong entity tag of a file as it is now: its size, and its time of change to the nanosecond."""
    return f'"{stat.st_mtime_ns:x}-{stat.st_size:x}"'


def format_http_date(seconds: float) -> str:
    """A time (seconds since 1970) as HTTP writes it (RFC 9110 §5.6.7)."""
    from email.utils import formatdate  # it brings much along, and not everybody sends dates

    return formatdate(min(max(seconds, 0), LAST_SECOND), usegmt=True)


def parse_http_date(text: str) -> Optional[int]:
    """A date of HTTP in any of its three forms as seconds since 1970; None for what is none."""
    from email.utils import parsedate_tz

    try:
        parsed = parsedate_tz(text) if len(text) <= MAX_DATE else None
        if parsed is None:
            return None
        # Not by way of `mktime_tz`: it takes the 99th of November for a day of February.
        return int(datetime(*parsed[:6], tzinfo=timezone.utc).timestamp()) - (parsed[9] or 0)
    except (ValueError, OverflowError, TypeError, IndexError):
        return None


def format_etag(version: Version, weak: bool = False) -> str:
    """A version as an entity tag (RFC 9110 §8.8.3); text that is one already stays as it is.

    Weak: of two answers with the same one, the meaning is the same, but not every byte.
    """
    if isinstance(version, datetime):
        version = version.isoformat()
    text = str(version)
    whole = ENTITY_TAG.fullmatch(text)
    if whole is None:
        # What no tag can carry is escaped, so that two versions never have one tag.
        text = f'"{quote(text, safe=TAG_CHARACTERS)}"'
    return f"W/{text}" if weak and text[:1] == '"' else text


def format_last_modified(changed: Union[datetime, float]) -> str:
    """A time of change as Last-Modified says it; one without a timezone is UTC."""
    return format_http_date(seconds_of(changed))


def seconds_of(changed: Union[datetime, float]) -> float:
    """A time as seconds since 1970; one without a timezone is UTC."""
    if not isinstance(changed, datetime):
        return changed
    return (changed if changed.tzinfo is not None else changed.replace(tzinfo=timezone.utc)).timestamp()


# Preconditions ----------------------------------------------------------------------------------------------


def is_match(headers: Headers, now: Validators) -> bool:
    """Whether If-Match holds: it names the tag, strongly compared, or `*` and there is something (§13.1.1)."""
    text = ",".join(headers.getlist("if-match"))
    if text.strip() == "*":
        return now.exist
    return now.etag is not None and any(
        not weak and tag == now.etag for weak, tag in ENTITY_TAG.findall(text)
    )


def is_none_match(headers: Headers, now: Validators) -> bool:
    """Whether If-None-Match holds: it does not name the tag, weakly compared; `*` names all (§13.1.2)."""
    text = ",".join(headers.getlist("if-none-match"))
    if text.strip() == "*":
        return not now.exist
    etag = "" if now.etag is None else now.etag[now.etag.find('"') :]
    return all(tag != etag for _, tag in ENTITY_TAG.findall(text))


def read_date(headers: Headers, name: str) -> Optional[int]:
    """The date in a header; None without one, and for what is none or more than one."""
    sent: List[str] = headers.getlist(name)
    return parse_http_date(sent[0]) if len(sent) == 1 else None


def is_unmodified(headers: Headers, now: Validators) -> bool:
    """Whether If-Unmodified-Since holds, or says nothing here (§13.1.4)."""
    since = read_date(headers, "if-unmodified-since")
    return since is None or now.modified is None or int(now.modified) <= since


def is_not_modified(headers: Headers, etag: Optional[str], modified: Optional[float] = None) -> bool:
    """Whether a GET or HEAD is answered with 304, as these are the validators of what it would get.

    If-None-Match compares weakly; a date counts only where no tag was sent (RFC 9110 §13.2.2).
    """
    if "if-none-match" in headers:
        return not is_none_match(headers, Validators(etag, modified))
    since = read_date(headers, "if-modified-since")
    return since is not None and modified is not None and int(modified) <= since


def precondition_status(method: str, headers: Headers, now: Validators) -> Optional[int]:
    """304 or 412 where a request is answered with that instead of what it asks for, in the order of §13.2.2."""
    if method in UNCONDITIONAL:
        return None
    holds = is_match(headers, now) if "if-match" in headers else is_unmodified(headers, now)
    if not holds:
        return 412
    if method in READING:
        return 304 if is_not_modified(headers, now.etag, now.modified) else None
    return 412 if "if-none-match" in headers and not is_none_match(headers, now) else None


def is_conditional(headers: Headers, now: Validators) -> bool:
    """Whether a request that changes something says from which version: so that nobody's work is lost.

    If-Unmodified-Since counts only where the time of change is known, and If-None-Match only as `*`: there is
    to be nothing yet.
    """
    if "if-match" in headers:
        return True
    if now.modified is not None and read_date(headers, "if-unmodified-since") is not None:
        return True
    return any(sent.strip() == "*" for sent in headers.getlist("if-none-match"))


def is_range_current(headers: Headers, now: Validators) -> bool:
    """Whether a Range is of what is there now: no If-Range, or its strong tag or its very date (§13.1.5)."""
    sent = headers.getlist("if-range")
    if not sent:
        return True
    if len(sent) > 1:
        return False
    if '"' in sent[0]:
        return sent[0] == now.etag and now.etag[:1] == '"'
    return now.modified is not None and parse_http_date(sent[0]) == int(now.modified)
