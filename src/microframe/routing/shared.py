"""Shared: what a router or an application says for all of its routes: the options, and how they are read."""

from typing import Any, Callable, Iterable, Mapping, Sequence, Type, Union

from typing_extensions import Literal, TypedDict

from microframe.endpoint import Guard, Middleware
from microframe.exceptions import SetupError
from microframe.http.cache_control import Cache
from microframe.http.form_limits import FormLimits
from microframe.http.responses import Response
from microframe.limits.limit import LimitOption
from microframe.routing.idempotency import Idempotency
from microframe.routing.route import Inherited, Route, RouteOptions, inherit_options
from microframe.routing.versions import Deprecation


class SharedOptions(TypedDict, total=False):
    """What the routes of a router share, an application's included; FastAPI's names where it has them."""

    tags: Sequence[str]
    dependencies: Sequence[Any]
    responses: Mapping[Union[int, str], Mapping[str, Any]]
    deprecated: Union[bool, Deprecation]
    include_in_schema: bool
    default_response_class: Type[Response]
    response_model_include: Any
    response_model_exclude: Any
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    middleware: Sequence[Middleware]
    guards: Sequence[Guard]
    raises: Sequence[Type[Exception]]
    metadata: Sequence[object]
    csrf: bool
    idempotency: Union[bool, Idempotency]
    limit: LimitOption
    cache: Union[Cache, Literal[False]]
    callbacks: Iterable[Route]
    generate_unique_id_function: Callable[[Route], str]
    exception_handlers: Mapping[Union[int, Type[BaseException]], Callable[..., Any]]


class RouterOptions(SharedOptions, total=False):
    """What a router, or one inclusion of it, may say besides; of an application its configuration says it."""

    max_body_size: int
    form_limits: FormLimits
    cancel_on_disconnect: bool
    timeout: float
    versions: Sequence[str]
    host: str


def shared_options(prefix: str, options: RouterOptions, owner: str = "") -> Inherited:
    unknown = set(options) - set(RouterOptions.__annotations__)
    if unknown:
        names = ", ".join(sorted(unknown))
        if owner:
            raise SetupError(f"{owner} has no option {names}")
        raise SetupError(f"unknown router option {names} (prefix {prefix!r})")
    # A TypedDict loses its types in a comprehension.
    route_like: RouteOptions = {k: v for k, v in options.items() if k in RouteOptions.__annotations__}  # type: ignore[assignment]
    try:
        inherited = inherit_options(route_like)
    except SetupError as exc:
        raise SetupError(f"{exc} (prefix {prefix!r})") from exc
    return Inherited(
        **{
            **inherited._asdict(),
            "prefix": prefix,
            "host": options.get("host"),
            "response_class": options.get("default_response_class"),
        }
    )


def check_prefix(prefix: str) -> str:
    """A prefix begins with a slash and ends without one."""
    if prefix and not prefix.startswith("/"):
        raise SetupError(f"the prefix {prefix!r} must begin with a slash")
    return prefix.rstrip("/")
