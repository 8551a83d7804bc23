"""Checks: what a parameter may ask for where it stands, and what it may not."""

from typing import Any

from microframe.exceptions import SetupError
from microframe.injection.plan import Source
from microframe.injection.signature import Asked, Signature
from microframe.injection.site import KIND_NAMES, Site
from microframe.injection.sources import FRAMEWORK_SOURCES, default_of, sent_name
from microframe.markers import MISSING, Parameter, SecurityScopes
from microframe.validation.constraints import check_options


def is_framework(annotation: Any) -> bool:
    """Whether this is a type of ours, whose value is there without being asked of anybody."""
    try:
        return annotation in FRAMEWORK_SOURCES or annotation is SecurityScopes
    except TypeError:
        return False


def is_provided(annotation: Any) -> bool:
    """Whether a class says that its values are provided, so that it is never read from a body."""
    return getattr(annotation, "__provided__", False) is True


def framework_source(asked: Asked, site: Site, owner: Signature) -> Source:
    """The source of a type of ours.

    Raises:
        SetupError: this kind of work has none.
    """
    source, kinds = FRAMEWORK_SOURCES[asked.annotation]
    if site.kind not in kinds:
        raise SetupError(
            f"{asked.name} of {owner.where}: {KIND_NAMES[site.kind]} has no {asked.annotation.__name__} ({site.where})"
        )
    return source


def check_parameter(asked: Asked, marker: Parameter, site: Site, owner: Signature) -> None:
    """Refuse a parameter that could never be read.

    Raises:
        SetupError: there is no such place here, or what the parameter says contradicts itself.
    """
    who = f"{asked.name} of {owner.where}"
    if site.kind in ("work", "app"):
        raise SetupError(f"{who}: {KIND_NAMES[site.kind]} has no {marker.place} to read from ({site.where})")
    try:
        check_options(marker.options)
    except SetupError as exc:
        raise SetupError(f"{who}: {exc}") from None
    default = asked.default if asked.default is not MISSING else marker.default
    if "default_factory" in marker.options and default is not MISSING:
        raise SetupError(f"{who} has a default and a default_factory")
    if marker.place in ("body", "form") and site.kind == "socket":
        raise SetupError(f"{who}: a WebSocket has no body to read it from")
    if marker.place == "path":
        name = sent_name(asked, marker)
        if name not in site.path_names:
            raise SetupError(f"{who}: the path has no {{{name}}} ({site.where})")
        if default_of(asked, marker) is not None:
            raise SetupError(f"{who}: a path parameter cannot have a default")
