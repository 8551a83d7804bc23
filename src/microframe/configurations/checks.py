"""Checks: what each field of `AppConfig` accepts, as functions from what was given to what is kept."""

import ipaddress
import re
from typing import Callable, Dict, Iterable, Mapping, Optional, Tuple

from microframe.configurations.document import UNCHOSEN
from microframe.configurations.faults import Mismatch
from microframe.configurations.secret import Secret
from microframe.configurations.sections import sections_of

Check = Callable[[object], object]

LONGEST_TITLE = 200

_HOST = re.compile(r"(\*\.)?[a-z0-9_]([a-z0-9_.-]*[a-z0-9_])?|\[[0-9a-f:.]+\]")
_ORIGIN = re.compile(r"[a-z][a-z0-9+.-]*://([a-z0-9_.-]+|\[[0-9a-f:.]+\])(:\d{1,5})?")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_PATH = re.compile(r"(/[^\s/\\?#\x00-\x1f\x7f]+)*/?")
_STORES = r"(memory|sqlite|postgres|postgresql|redis|rediss|unix)://"
_BROKERS = r"(memory|redis|rediss|unix)://"
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def flag(value: object) -> bool:
    """True or False."""
    if not isinstance(value, bool):
        raise Mismatch("true or false", value)
    return value


def optional_flag(value: object) -> Optional[bool]:
    """True, False, or None for the default that depends on the environment."""
    return None if value is None else flag(value)


def text(value: object) -> str:
    """Text; it may have several lines."""
    if not isinstance(value, str):
        raise Mismatch("text", value)
    if _CONTROL.search(value):
        raise Mismatch("text without control characters", value)
    return value


def line(value: object) -> str:
    """Text that is there, in one line."""
    value = text(value)
    if not value.strip() or "\n" in value or "\r" in value:
        raise Mismatch("one line of text", value)
    return value


def title(value: object) -> str:
    """A name in one line. What is kept in a store begins with it, and keys there are not endless."""
    value = line(value)
    if len(value.encode("utf-8", "surrogatepass")) > LONGEST_TITLE:
        raise Mismatch(f"a title of at most {LONGEST_TITLE} bytes", value)
    return value


def whole(low: int, high: Optional[int] = None) -> Check:
    """A whole number from `low` to `high`."""
    expected = (
        f"a whole number from {low} to {high}" if high is not None else f"a whole number of at least {low}"
    )

    def check(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < low:
            raise Mismatch(expected, value)
        if high is not None and value > high:
            raise Mismatch(expected, value)
        return value

    return check


def optional_whole(low: int) -> Check:
    """A whole number of at least `low`, or None for no limit of its own."""
    check = whole(low)
    return lambda value: None if value is None else check(value)


def seconds(value: object) -> float:
    """So many seconds, or 0."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < float("inf"):
        raise Mismatch("a number of seconds, or 0", value)
    return float(value)


def choice(*words: str) -> Check:
    """One of a few words."""
    expected = ", ".join(words[:-1]) + f" or {words[-1]}"

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in words:
            raise Mismatch(expected, value)
        return value

    return check


def listed(value: object, expected: str) -> Tuple[object, ...]:
    """A list as a tuple. One text is refused: taken as a list it would be its letters."""
    if isinstance(value, (str, bytes)) or not isinstance(value, (list, tuple, set, frozenset)):
        raise Mismatch(f"a list of {expected}", value)
    return tuple(sorted(value, key=str) if isinstance(value, (set, frozenset)) else value)


def each(check: Callable[[object], str], expected: str) -> Check:
    """A list in which every item passes `check`; a repeated item is kept once."""

    def check_all(value: object) -> Tuple[str, ...]:
        return tuple(dict.fromkeys(check(item) for item in listed(value, expected)))

    return check_all


def host_pattern(value: object) -> str:
    """A host name, `*.` with a domain, or `*`."""
    expected = "a host name such as example.com or *.example.com, without scheme or port"
    if not isinstance(value, str):
        raise Mismatch(expected, value)
    name = value.lower()
    if name != "*" and not _HOST.fullmatch(name):
        hint = "; write an international name in its xn-- form" if not name.isascii() else ""
        raise Mismatch(expected, value, hint=hint)
    return name


def network(value: object) -> str:
    """An address or a network: `10.0.0.7`, `10.0.0.0/8`, `fd00::/8`."""
    expected = "an address or a network such as 10.0.0.0/8"
    if not isinstance(value, str):
        raise Mismatch(expected, value)
    try:
        return str(ipaddress.ip_network(value))
    except ValueError:
        raise Mismatch(expected, value, hint=_network_hint(value)) from None


def _network_hint(value: str) -> str:
    try:
        return f"; did you mean {ipaddress.ip_network(value, strict=False)}?"
    except ValueError:
        return ""


def origin(value: object) -> str:
    """An origin as browsers send it (RFC 6454 §6.2), or `*`."""
    if not isinstance(value, str) or (value != "*" and not _ORIGIN.fullmatch(value.lower())):
        raise Mismatch("an origin such as https://example.com, without a path", value)
    return value.lower()


def path_prefix(value: object) -> str:
    """Where the application is mounted: nothing, or a path; a slash at the end is left out."""
    if not isinstance(value, str) or not _PATH.fullmatch(value):
        raise Mismatch("a path such as /api, or nothing", value)
    return value.rstrip("/")


def reference_prefix(value: object) -> str:
    """What a slug is put behind to make a reference: a path or an address ending in `/`, `#` or `:`."""
    if not isinstance(value, str) or not re.fullmatch(
        r"(/|[a-zA-Z][a-zA-Z0-9+.-]*:)([^\s<>\"]*[/#:])?", value
    ):
        raise Mismatch("a path or an address ending in / such as /problems/", value)
    return value


def redis_address(value: object) -> str:
    """An address of Redis, or nothing."""
    if not isinstance(value, str) or not re.fullmatch(r"((rediss?|unix)://[^\s\x00-\x1f\x7f]+)?", value):
        raise Mismatch("an address such as redis://127.0.0.1:6379/0, or nothing", value)
    return value


def store_address(value: object) -> str:
    """An address of a store, or nothing."""
    if not isinstance(value, str) or not re.fullmatch(rf"({_STORES}[^\s\x00-\x1f\x7f]*)?", value):
        expected = "an address such as sqlite:///board.db, postgresql://db.internal/board or redis://127.0.0.1:6379/0"
        raise Mismatch(f"{expected}, or nothing", value)
    return value


def broker_address(value: object) -> str:
    """An address of a broker, or nothing."""
    if not isinstance(value, str) or not re.fullmatch(rf"({_BROKERS}[^\s\x00-\x1f\x7f]*)?", value):
        raise Mismatch("an address such as redis://127.0.0.1:6379/0 or memory://, or nothing", value)
    return value


def header_name(value: object) -> str:
    """A header's name (RFC 9110 §5.1) in small letters, or nothing."""
    if not isinstance(value, str) or (value and not _TOKEN.fullmatch(value.lower())):
        raise Mismatch("the name of a header, or nothing", value)
    return value.lower()


def optional_path(value: object) -> Optional[str]:
    """Where something is served below the application: a path, or None for nowhere."""
    if value is None:
        return None
    if value == UNCHOSEN:
        return UNCHOSEN
    if not isinstance(value, str) or not value or not _PATH.fullmatch(value):
        raise Mismatch("a path such as /docs, or nothing", value)
    return value


def table(*needed: str) -> Callable[[object], Mapping[str, object]]:
    """A table with texts as keys, in which `needed` are there."""
    expected = f"a table with {' and '.join(needed)}" if needed else "a table"

    def check(value: object) -> Mapping[str, object]:
        if not isinstance(value, Mapping) or not all(isinstance(key, str) for key in value):
            raise Mismatch(expected, value)
        if any(not isinstance(value.get(key), str) or not value[key] for key in needed):
            raise Mismatch(expected, dict(value))
        return dict(value)

    return check


def optional_table(*needed: str) -> Check:
    """A table, or None."""
    check = table(*needed)
    return lambda value: None if value is None else check(value)


def tables(*needed: str) -> Check:
    """A list of tables."""
    check = table(*needed)
    return lambda value: tuple(check(item) for item in listed(value, "tables"))


def key_ring(value: object) -> Tuple[Secret, ...]:
    """One secret or several, the signing one first; empty texts are left out."""
    if value is None:
        return ()
    given: Iterable[object] = (value,) if isinstance(value, (str, Secret)) else listed(value, "texts")
    return tuple(secret for secret in map(_secret, given) if secret)


def _secret(value: object) -> Secret:
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise Mismatch("text", value)
    return Secret(value)


CHECKS: Dict[str, Check] = {
    "title": title,
    "summary": text,
    "description": text,
    "version": line,
    "terms_of_service": text,
    "contact": optional_table(),
    "license_info": optional_table("name"),
    "openapi_tags": tables("name"),
    "openapi_external_docs": optional_table("url"),
    "servers": tables("url"),
    "root_path_in_servers": flag,
    "separate_input_output_schemas": flag,
    "openapi_version": choice("3.1.0", "3.1.1", "3.1.2", "3.2.0"),
    "openapi_url": optional_path,
    "docs_url": optional_path,
    "redoc_url": optional_path,
    "scalar_url": optional_path,
    "swagger_ui_oauth2_redirect_url": optional_path,
    "swagger_ui_init_oauth": optional_table(),
    "swagger_ui_parameters": optional_table(),
    "redoc_parameters": optional_table(),
    "scalar_parameters": optional_table(),
    "docs_color_scheme": choice("auto", "light", "dark"),
    "docs_css_url": text,
    "docs_favicon_url": text,
    "environment": choice("development", "test", "production"),
    "debug": optional_flag,
    "strict": flag,
    "secret_key": key_ring,
    "allowed_hosts": each(host_pattern, "host names"),
    "trusted_proxies": each(network, "addresses and networks"),
    "root_path": path_prefix,
    "https_only": flag,
    "redirect_slashes": flag,
    "request_id_header": header_name,
    "error_format": choice("problem", "detail"),
    "problem_base": reference_prefix,
    "max_body_size": whole(0),
    "max_form_parts": whole(0),
    "max_form_files": whole(0),
    "max_form_field_size": whole(0),
    "max_form_file_size": optional_whole(0),
    "max_form_memory": whole(0),
    "max_part_headers": whole(1),
    "max_part_header_size": whole(1),
    "max_header_count": whole(1),
    "max_header_size": whole(1),
    "max_query_params": whole(0),
    "max_path_size": whole(1),
    "threads": whole(1, 10_000),
    "cancel_on_disconnect": flag,
    "request_timeout": seconds,
    "websocket_max_message_size": whole(1),
    "websocket_allowed_origins": each(origin, "origins"),
    "host": line,
    "port": whole(0, 65_535),
    "workers": whole(1, 1_000),
    "log_level": choice("critical", "error", "warning", "info", "debug"),
    "redis_url": redis_address,
    "store_url": store_address,
    "broker_url": broker_address,
    "sections": sections_of,
}
