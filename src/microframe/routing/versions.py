"""Versions: several versions of one API side by side, told apart by path, header or media type."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timezone
from typing import List, Mapping, Optional, Sequence, Tuple, Union

from microframe.exceptions import NotAcceptableException, SetupError, UnknownVersionException
from microframe.http.conditional import format_http_date
from microframe.http.connection import Connection
from microframe.http.headers import RawHeaders, check_header
from microframe.http.media import MAX_ACCEPTED, MediaType, is_token, parse_media_type, parse_weight
from microframe.http.url import quote_url

Day = Union[date, datetime]


@dataclass(frozen=True)
class Deprecation:
    """What clients are told, on every answer, of something that will go.

    `since` becomes `Deprecation` (RFC 9745), `sunset` becomes `Sunset` (RFC 8594): a day (its first moment in
    UTC) or an aware datetime. `link` leads to where it is explained.

    Raises:
        SetupError: a datetime has no time zone, or it goes before it is deprecated (RFC 9745 §4).
    """

    since: Day
    sunset: Optional[Day] = None
    link: str = ""

    def __post_init__(self) -> None:
        if self.sunset is not None and seconds_of(self.sunset) < seconds_of(self.since):
            raise SetupError(f"Deprecation: the sunset {self.sunset} is before {self.since}, when it begins")

    def headers(self) -> RawHeaders:
        headers = [(b"deprecation", b"@%d" % seconds_of(self.since))]
        if self.sunset is not None:
            headers.append((b"sunset", format_http_date(seconds_of(self.sunset)).encode()))
        if self.link:
            headers.append(check_header("link", f'<{quote_url(self.link)}>; rel="deprecation"'))
        return headers


def seconds_of(day: Day) -> int:
    """A day or moment as seconds since 1970."""
    if not isinstance(day, datetime):
        day = datetime.combine(day, time(), timezone.utc)
    if day.tzinfo is None:
        raise SetupError(f"Deprecation: {day!r} has no time zone")
    return int(day.timestamp())


@dataclass(frozen=True)
class Versions:
    """The versions of an API, the oldest first, and those of them that will go.

    Raises:
        SetupError: there is none, or one twice, or one that could not be sent.
    """

    versions: Sequence[str]
    deprecated: Mapping[str, Deprecation] = field(default_factory=dict)

    def __post_init__(self) -> None:
        kind = type(self).__name__
        if isinstance(self.versions, str) or not self.versions:
            raise SetupError(f'{kind} takes a list of versions, such as ["1", "2"]')
        for version in self.versions:
            if version != str(version) or not is_token(version):
                raise SetupError(f"{kind}: {version!r} cannot be a version")
        if len(set(self.versions)) < len(self.versions):
            raise SetupError(f"{kind}: a version is given twice in {list(self.versions)}")
        for version in self.deprecated:
            self.check(version, f"{kind}: deprecated")

    def check(self, version: str, who: str) -> None:
        """Refuse a version that there is not.

        Raises:
            SetupError: the text names `who` wants it.
        """
        if version not in self.versions:
            raise SetupError(f"{who}: there is no version {version!r}, only {', '.join(self.versions)}")

    def paths(self, path: str, versions: Sequence[str]) -> List[Tuple[str, Sequence[str]]]:
        """Where something stands that is in these versions: each path, and the versions it has there."""
        return [(path, versions)]

    def read(self, connection: Connection) -> str:
        """The version that a message asks for.

        Raises:
            HTTPException: it asks for one that there is not, or for none where it must.
        """
        raise NotImplementedError  # where the path says it, nobody asks

    def headers(self, version: str) -> RawHeaders:
        """What every answer of a version says about it."""
        return self.deprecated[version].headers() if version in self.deprecated else []

    @property
    def vary(self) -> RawHeaders:
        """What every answer says that could have been another in another version (RFC 9110 §12.5.5)."""
        return []

    def media_type(self, version: str) -> str:
        """What JSON is called in this version."""
        return "application/json"


@dataclass(frozen=True)
class PathVersions(Versions):
    """Versions told apart by the first part of the path: `/v1/cards`, `/v2/cards`."""

    prefix: str = "/v{version}"

    def __post_init__(self) -> None:
        super().__post_init__()
        if "{version}" not in self.prefix or not self.prefix.startswith("/"):
            raise SetupError(f"PathVersions: the prefix {self.prefix!r} is not like '/v{{version}}'")

    def paths(self, path: str, versions: Sequence[str]) -> List[Tuple[str, Sequence[str]]]:
        # The newest first: that is where a name leads which all of them have.
        return [(self.path_of(version) + path, (version,)) for version in reversed(versions)]

    def path_of(self, version: str) -> str:
        """`/v2`: what all paths of a version begin with."""
        return self.prefix.replace("{version}", version).rstrip("/")


@dataclass(frozen=True)
class HeaderVersions(Versions):
    """Versions told apart by a header. Who sends none gets `default`; without one that is refused with 400."""

    header: str = "API-Version"
    default: str = ""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not is_token(self.header):
            raise SetupError(f"HeaderVersions: {self.header!r} cannot be the name of a header")
        if self.default:
            self.check(self.default, "HeaderVersions: default")

    def read(self, connection: Connection) -> str:
        version = connection.headers.get(self.header) or self.default
        if version not in self.versions:
            known = ", ".join(self.versions)
            asked = f"{self.header} must be one of: {known}." if not version else None
            raise UnknownVersionException(asked, version=version[:50], known=known)
        return version

    def headers(self, version: str) -> RawHeaders:
        return [check_header(self.header, version), *super().headers(version)]

    @property
    def vary(self) -> RawHeaders:
        return [check_header("vary", self.header)]


OPEN = ("*/*", "application/*", "application/json")
"""What a client accepts that leaves the version open."""


@dataclass(frozen=True)
class MediaTypeVersions(Versions):
    """Versions told apart by what the client accepts: `application/vnd.board.v2+json`.

    `template` may have the version in a parameter too: `application/json; version={version}`. JSON answers get
    the media type of their version. Who accepts `application/json` or anything gets `default`; without one that
    is refused with 406.
    """

    template: str = "application/vnd.api.v{version}+json"
    default: str = ""
    known: Mapping[str, MediaType] = field(init=False, repr=False, compare=False)
    """The media type of each version, taken apart."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if "{version}" not in self.template:
            raise SetupError(f"MediaTypeVersions: {self.template!r} has no {{version}}")
        try:
            known = {version: parse_media_type(self.media_type(version)) for version in self.versions}
        except ValueError as exc:
            raise SetupError(f"MediaTypeVersions: {self.template!r}: {exc}") from exc
        object.__setattr__(self, "known", known)
        if self.default:
            self.check(self.default, "MediaTypeVersions: default")

    def media_type(self, version: str) -> str:
        return self.template.replace("{version}", version)

    def read(self, connection: Connection) -> str:
        accept = connection.headers.get("accept") or "*/*"
        best, weight, is_open = "", 0.0, False
        for item in accept.split(",", MAX_ACCEPTED)[:MAX_ACCEPTED]:
            try:
                wanted = parse_media_type(item.strip(" \t"))
            except ValueError:
                continue
            liked = parse_weight(item.lower().partition(";")[2]) or 0.0
            version = self.version_of(wanted)
            if version and liked > weight:
                best, weight = version, liked
            is_open = is_open or (not version and liked > 0 and wanted.essence in OPEN)
        if not best and is_open:
            best = self.default
        if not best:
            known = ", ".join(map(self.media_type, self.versions))
            raise NotAcceptableException(f"This is available as {known}.")
        return best

    def version_of(self, wanted: MediaType) -> str:
        """The version that a media type names, or nothing."""
        for version, kind in self.known.items():
            same = wanted.essence == kind.essence
            if same and all(wanted.params.get(name) == value for name, value in kind.params.items()):
                return version
        return ""

    @property
    def vary(self) -> RawHeaders:
        return [(b"vary", b"Accept")]
