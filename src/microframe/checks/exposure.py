"""Exposure: settings by which an application is open to more than it should be."""

import ipaddress
import os
from typing import Iterator, Optional

from microframe.checks.stance import Subject
from microframe.configurations.faults import UnknownSetting
from microframe.configurations.keys import is_signing
from microframe.configurations.provenance import place_in, source_of, was_loaded
from microframe.configurations.secret import weakness_of
from microframe.configurations.sources import LOCATIONS, PREFIX
from microframe.exceptions import SetupError
from microframe.plugin import Finding, Severity

LARGEST_BODY = 2**30
"""Bytes; who lets everybody send more to every route has no limit to speak of."""


def of_setting(
    subject: Subject, code: str, field: str, problem: str, remedy: str, severity: Severity = "error"
) -> Finding:
    """A finding about one field of the configuration, where that was set."""
    where = source_of(subject.config, field)
    file, line = place_in(where)
    if not file:
        file, line = subject.application.made_at
    return Finding(code, f"{where}: {problem}", file, line, severity, remedy)


def find_weak_secrets(subject: Subject) -> Iterator[Finding]:
    """Keys that are easily guessed, where something signs with them; production refuses to start with one."""
    if not is_signing(subject.config):
        return
    for number, key in enumerate(subject.config.secret_keys, 1):
        weakness = weakness_of(key.reveal())
        if weakness:
            remedy = "Make one with: python -c 'import secrets; print(secrets.token_urlsafe(32))'"
            yield of_setting(subject, "secret-key-weak", "secret_key", f"key {number} {weakness}", remedy)


def find_public_debug(subject: Subject) -> Iterator[Finding]:
    """Debug where other machines can reach it."""
    config = subject.config
    if subject.is_outermost and config.debug and not is_loopback(config.host):
        problem = f"other machines can reach {config.host}, and debug is on"
        yield of_setting(
            subject, "debug-public", "host", problem, "Set environment='production', or debug=False."
        )


def find_any_host(subject: Subject) -> Iterator[Finding]:
    """Any host name in production: links, redirects and caches then follow what a client says that we are called."""
    config = subject.config
    if subject.is_outermost and config.is_production and "*" in config.allowed_hosts:
        problem = "production answers for any host name"
        yield of_setting(subject, "hosts-any", "allowed_hosts", problem, "Name the hosts.", "warning")


def find_any_proxy(subject: Subject) -> Iterator[Finding]:
    """Trust in everybody's `Forwarded` headers: whoever sends one is who it says."""
    for network in subject.config.trusted_proxies:
        if network.endswith("/0"):
            problem = f"{network} is everybody, so any client can say that it is another one"
            yield of_setting(
                subject, "proxies-any", "trusted_proxies", problem, "Name the networks of the proxies."
            )


def find_any_socket_origin(subject: Subject) -> Iterator[Finding]:
    """Sockets that any page may open with its visitor's cookies."""
    if "*" in subject.config.websocket_allowed_origins and any(one.is_socket for one in subject.stances):
        problem = "pages of any origin may open sockets in the name of their visitors"
        yield of_setting(
            subject, "socket-origins-any", "websocket_allowed_origins", problem, "Name the origins."
        )


def find_unlimited_bodies(subject: Subject) -> Iterator[Finding]:
    """A limit of bodies that limits nothing."""
    size = subject.config.max_body_size
    if size > LARGEST_BODY:
        problem = f"every route takes bodies of up to {size} bytes"
        remedy = "Keep it small, and give routes that take more a max_body_size of their own."
        yield of_setting(subject, "body-limit-off", "max_body_size", problem, remedy, "warning")


def find_ignored_settings(subject: Subject) -> Iterator[Finding]:
    """Variables that nobody reads, because the application was given a configuration whole."""
    if not subject.is_outermost or was_loaded(subject.config):
        return
    ignored = sorted(name for name in os.environ if name.startswith(PREFIX) and name not in LOCATIONS)
    if ignored:
        problem = (
            f"{', '.join(ignored)} in environment: nobody reads it, the application was given an AppConfig"
        )
        remedy = "Write Application(…) with keywords, or Application(load_config(…))."
        yield Finding("setting-ignored", problem, *subject.application.made_at, "warning", remedy)


def unknown_setting(exc: SetupError) -> Optional[Finding]:
    """What is said of a setting that means nothing, which no application is built with; None for any other mistake."""
    if not isinstance(exc, UnknownSetting):
        return None
    return Finding("unknown-setting", str(exc), *place_in(exc.where))


def is_loopback(host: str) -> bool:
    """Whether an address is of this machine alone; a name is, if it is `localhost`."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
