"""AppConfig: everything about an application that is data, checked when it is made."""

from dataclasses import dataclass, field, fields
from typing import FrozenSet, Literal, Mapping, Optional, Sequence, Tuple, Union, cast

from typing_extensions import Unpack

from microframe.configurations.checks import CHECKS
from microframe.configurations.document import DEFAULT_URL, UNCHOSEN, DocumentOptions, DocumentSettings
from microframe.configurations.faults import FieldError, Mismatch, did_you_mean, field_error
from microframe.configurations.secret import Secret, weakness_of
from microframe.configurations.sections import Sections
from microframe.exceptions import SetupError

Environment = Literal["development", "test", "production"]
ErrorFormat = Literal["problem", "detail"]
LogLevel = Literal["critical", "error", "warning", "info", "debug"]
KeyRing = Union[None, str, Secret, Sequence[Union[str, Secret]]]
SectionTables = Union[Sections, Mapping[str, Mapping[str, object]]]


class ConfigOptions(DocumentOptions, total=False):
    """The fields of `AppConfig`, as keywords; each is documented there."""

    environment: Environment
    debug: Optional[bool]
    strict: bool
    secret_key: KeyRing
    allowed_hosts: Sequence[str]
    trusted_proxies: Sequence[str]
    root_path: str
    https_only: bool
    redirect_slashes: bool
    request_id_header: str
    error_format: ErrorFormat
    problem_base: str
    max_body_size: int
    max_form_parts: int
    max_form_files: int
    max_form_field_size: int
    max_form_file_size: Optional[int]
    max_form_memory: int
    max_part_headers: int
    max_part_header_size: int
    max_header_count: int
    max_header_size: int
    max_query_params: int
    max_path_size: int
    threads: int
    cancel_on_disconnect: bool
    request_timeout: float
    websocket_max_message_size: int
    websocket_allowed_origins: Sequence[str]
    host: str
    port: int
    workers: int
    log_level: LogLevel
    redis_url: str
    store_url: str
    broker_url: str
    sections: SectionTables


@dataclass(frozen=True)
class AppConfig(DocumentSettings):
    """The data an application starts from. Lists may be given as lists and are kept as tuples.

    Raises:
        SetupError: a field has a value it cannot have; the text names the field.
    """

    environment: Environment = "development"
    """`development`, `test` or `production`. Production refuses what is only convenient."""

    debug: Optional[bool] = None
    """Whether errors may show source lines (to loopback clients only). Default: in development. Refused in
    production."""

    strict: bool = False
    """Refuse what is weak although allowed: short secrets in every environment, `*` as a host or origin,
    trust in the whole internet, a scalar given twice."""

    secret_key: KeyRing = field(default=None, repr=False)
    """What signs cookies and links: one text, or several of which the first signs and all verify. Kept as a
    tuple of `Secret`. Ask `require_secret(config)` for it where something signs."""

    allowed_hosts: Sequence[str] = ()
    """Host names that requests may come for: `example.com`, `*.example.com`, `*` for any. Default: any in
    development and test; production must name them."""

    trusted_proxies: Sequence[str] = ()
    """Addresses and networks whose `Forwarded` and `X-Forwarded-*` headers are believed. Default: none."""

    root_path: str = ""
    """The path a proxy cut off in front of the application: `/api/v1`."""

    https_only: bool = False
    """Refuse plain http: pages are sent to https, anything else is refused. Needs `trusted_proxies` where a
    proxy ends TLS."""

    redirect_slashes: bool = True
    """Send `/cards/` to `/cards`, or the other way, when only that one exists."""

    request_id_header: str = ""
    """The header that carries the id of a request, in and out; nothing for none."""

    error_format: ErrorFormat = "problem"
    """How errors are answered: `problem` (RFC 9457) or `detail` (`{"detail": …}`, as FastAPI does)."""

    problem_base: str = "/problems/"
    """What stands in front of a problem's code in its `type`."""

    max_body_size: int = 10_000_000
    """Largest request body in bytes; a larger one is a 413."""

    max_form_parts: int = 1_000
    """Most fields and files of a form; more are a 413."""

    max_form_files: int = 100
    """Most files of a form; more are a 413."""

    max_form_field_size: int = 1_048_576
    """Largest field of a form in bytes, if it is no file; a larger one is a 413."""

    max_form_file_size: Optional[int] = None
    """Largest file of a form in bytes; a larger one is a 413. Default: as large as the body may be."""

    max_form_memory: int = 10_000_000
    """Most bytes of one form in memory: fields beyond them are a 413, files go to the disk."""

    max_part_headers: int = 8
    """Most headers of one field or file of a form; more are a 400."""

    max_part_header_size: int = 4_096
    """Largest of these headers in bytes; a larger one is a 400."""

    max_header_count: int = 100
    """Most header fields of a request; more are a 431."""

    max_header_size: int = 32_768
    """Largest size of all header fields of a request in bytes; more are a 431."""

    max_query_params: int = 1_000
    """Most parameters in a query string; more are refused."""

    max_path_size: int = 8_192
    """Longest path in bytes; a longer one is refused."""

    threads: int = 40
    """Worker threads for blocking handlers and dependencies."""

    cancel_on_disconnect: bool = False
    """Whether a handler is cancelled when its client leaves."""

    request_timeout: float = 0.0
    """Seconds that an answer may take to be made; a later one is a 504. 0 for no limit."""

    websocket_max_message_size: int = 1_048_576
    """Largest WebSocket message in bytes; a larger one closes the socket with 1009."""

    websocket_allowed_origins: Sequence[str] = ()
    """Foreign origins that may open a socket with cookies: `https://example.com`, `*` for any. The
    application's own always may."""

    host: str = "127.0.0.1"
    """Address that `microframe run` listens on."""

    port: int = 8000
    """Port that `microframe run` listens on; 0 takes a free one."""

    workers: int = 1
    """Processes that `microframe run` starts."""

    log_level: LogLevel = "info"
    """Least level that is logged."""

    redis_url: str = field(default="", repr=False)
    """Where everything is that processes share: `redis://cache.internal:6379/0`. Nothing: in this process."""

    store_url: str = field(default="", repr=False)
    """Where the store is, if not in the Redis of `redis_url`: `sqlite:///board.db`, `postgresql://db.internal/board`,
    `redis://…`, or `memory://` for each process by itself."""

    broker_url: str = field(default="", repr=False)
    """Where processes tell each other what has happened, if not in the Redis of `redis_url`: `redis://…`, or
    `memory://` for each process by itself."""

    sections: SectionTables = field(default=Sections(), repr=False, hash=False)
    """Settings of plugins and of the program itself, by section: `read_section(config, name, Type)`."""

    def __post_init__(self) -> None:
        derived = [name for name, unchosen in _DERIVED.items() if getattr(self, name) == unchosen]
        # `replace` has to know what nobody chose, or development's debug would follow a configuration into
        # production.
        object.__setattr__(self, "_derived", frozenset(derived))
        for name, check in CHECKS.items():
            try:
                object.__setattr__(self, name, check(getattr(self, name)))
            except Mismatch as mismatch:
                raise field_error(name, mismatch) from None
        if self.debug is None:
            object.__setattr__(self, "debug", self.is_development)
        if "openapi_url" in derived:
            object.__setattr__(self, "openapi_url", None if self.is_production else DEFAULT_URL)
        _check_together(self)

    @property
    def is_production(self) -> bool:
        """Whether the environment is `production`."""
        return self.environment == "production"

    @property
    def is_development(self) -> bool:
        """Whether the environment is `development`."""
        return self.environment == "development"

    @property
    def secret_keys(self) -> Tuple[Secret, ...]:
        """The configured secrets, the signing one first; none where none is configured."""
        return cast(Tuple[Secret, ...], self.secret_key)

    @property
    def shared_store(self) -> str:
        """The address of the store that processes share; nothing where each has its own, in memory."""
        url = self.store_url or self.redis_url
        return "" if url.startswith("memory:") else url

    @property
    def shared_broker(self) -> str:
        """The address of the broker that processes share; nothing where each has its own, in memory."""
        url = self.broker_url or self.redis_url
        return "" if url.startswith("memory:") else url

    def replace(self, **changes: Unpack[ConfigOptions]) -> "AppConfig":
        """The same configuration with other values in some fields, checked anew."""
        refuse_unknown_fields(changes)
        derived: FrozenSet[str] = getattr(self, "_derived", frozenset())
        kept = {name: getattr(self, name) for name in FIELDS if name not in derived}
        made = AppConfig(**cast(ConfigOptions, {**kept, **changes}))
        if hasattr(self, "_sources"):
            sources = {name: where for name, where in self._sources.items() if name not in changes}
            object.__setattr__(made, "_sources", sources)
        return made

    __replace__ = replace  # `copy.replace`, Python 3.13


_DERIVED: Mapping[str, object] = {"debug": None, "openapi_url": UNCHOSEN}
"""The fields that depend on the environment, and what stands in them where nobody chose."""

FIELDS: Tuple[str, ...] = tuple(entry.name for entry in fields(AppConfig))


def refuse_unknown_fields(given: Mapping[str, object]) -> None:
    """Nothing, when every name is a field.

    Raises:
        SetupError: one is not; the text proposes the field it resembles.
    """
    for name in given:
        if name not in CHECKS:
            raise SetupError(f"{name}: AppConfig has no such field{did_you_mean(name, FIELDS)}")


def _check_together(config: AppConfig) -> None:
    if config.is_production and config.debug:
        raise FieldError("debug", "production refuses it: error pages would show the program's source")
    if config.is_production and not config.allowed_hosts:
        raise FieldError(
            "allowed_hosts",
            "production must name the hosts it answers for, such as example.com (MICROFRAME_ALLOWED_HOSTS)",
        )
    if config.strict:
        _check_strictly(config)


def _check_strictly(config: AppConfig) -> None:
    for name in ("allowed_hosts", "websocket_allowed_origins"):
        if "*" in getattr(config, name):
            raise FieldError(name, "strict refuses '*'")
    for network in config.trusted_proxies:
        if network.endswith("/0"):
            raise FieldError("trusted_proxies", f"strict refuses {network}: it trusts everybody")
    for number, key in enumerate(config.secret_keys):
        weakness = weakness_of(key.reveal())
        if weakness:
            raise FieldError("secret_key", f"strict refuses it: key {number + 1} {weakness}")
