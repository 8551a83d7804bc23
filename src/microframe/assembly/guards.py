"""Guards: which ones an application asks, and in which order."""

from typing import Iterable, List, Sequence, Tuple

from microframe.assembly.installation import Installation
from microframe.configurations.config import AppConfig
from microframe.endpoint import Guard
from microframe.middleware.hosts import allow_hosts
from microframe.middleware.https import require_https
from microframe.middleware.proxy import trust_proxies
from microframe.middleware.request_id import assign_request_id


def gather_guards(
    config: AppConfig, installations: Iterable[Installation], own: Sequence[Guard]
) -> Tuple[Guard, ...]:
    """Those the configuration asks for, those of plugins, the application's own."""
    guards: List[Guard] = []
    if config.request_id_header:
        guards.append(assign_request_id(config.request_id_header))
    if config.trusted_proxies:
        guards.append(trust_proxies(config.trusted_proxies))
    if config.allowed_hosts and "*" not in config.allowed_hosts:
        guards.append(allow_hosts(config.allowed_hosts))
    if config.https_only:
        guards.append(require_https())
    for installation in installations:
        guards.extend(installation.guards)
    return (*guards, *own)
