"""Route: method, path, handler and options as a frozen record, and the options themselves, declared once."""

import inspect
from dataclasses import dataclass
from typing import (
    Any,
    Callable,
    FrozenSet,
    Iterable,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Tuple,
    Type,
    Union,
)

from typing_extensions import Literal, TypedDict

from microframe.endpoint import Guard, Middleware
from microframe.http.cache_control import Cache
from microframe.http.form_limits import FormLimits
from microframe.http.responses import Response
from microframe.limits.limit import LimitOption, read_limits
from microframe.routing.idempotency import Idempotency
from microframe.routing.path import HostPattern, PathPattern
from microframe.routing.versions import Deprecation

HandlerFunction = Callable[..., Any]
MODEL_PREFIX = "response_model_"
ExceptionHandlers = Mapping[Union[int, Type[BaseException]], Callable[..., Any]]


class RouteOptions(TypedDict, total=False):
    """What may be said of a route. Names and meaning are FastAPI's, but for the last group, which is ours."""

    response_model: Any
    status_code: int
    tags: Sequence[str]
    dependencies: Sequence[Any]
    summary: str
    description: str
    response_description: str
    responses: Mapping[Union[int, str], Mapping[str, Any]]
    deprecated: Union[bool, Deprecation]
    operation_id: str
    response_model_include: Any
    response_model_exclude: Any
    response_model_by_alias: bool
    response_model_exclude_unset: bool
    response_model_exclude_defaults: bool
    response_model_exclude_none: bool
    include_in_schema: bool
    response_class: Type[Response]
    name: str
    openapi_extra: Mapping[str, Any]
    callbacks: Iterable["Route"]
    generate_unique_id_function: Callable[["Route"], str]

    middleware: Sequence[Middleware]
    guards: Sequence[Guard]
    raises: Sequence[Type[Exception]]
    metadata: Sequence[object]
    max_body_size: int
    form_limits: FormLimits
    cancel_on_disconnect: bool
    versions: Sequence[str]
    csrf: bool
    cache: Union[Cache, Literal[False]]
    timeout: float
    idempotency: Union[bool, Idempotency]
    limit: LimitOption
    etag: Union[bool, Callable[..., Any]]
    last_modified: Callable[..., Any]
    require_precondition: bool


POLICIES = ("csrf", "timeout", "idempotency", "limit", "cache")
"""Options that middleware reads for each route; a router gives them to all of its routes."""


def within(outer: Optional[FormLimits], inner: Optional[FormLimits]) -> Optional[FormLimits]:
    return inner.over(outer) if inner is not None and outer is not None else inner or outer


class Inherited(NamedTuple):
    """What a route takes from the routers around it, the outermost first."""

    prefix: str = ""
    host: Optional[str] = None
    host_pattern: Optional[HostPattern] = None
    dependencies: Tuple[Any, ...] = ()
    middleware: Tuple[Middleware, ...] = ()
    guards: Tuple[Guard, ...] = ()
    tags: Tuple[str, ...] = ()
    metadata: Tuple[object, ...] = ()
    raises: Tuple[Type[Exception], ...] = ()
    callbacks: Tuple["Route", ...] = ()
    generate_unique_id_function: Optional[Callable[["Route"], str]] = None
    responses: Mapping[Union[int, str], Mapping[str, Any]] = {}
    exception_handlers: Tuple[ExceptionHandlers, ...] = ()
    deprecated: Union[bool, Deprecation, None] = None
    include_in_schema: bool = True
    response_class: Optional[Type[Response]] = None
    response_options: Mapping[str, Any] = {}
    """The `response_model_*` options that were given, without that prefix."""
    max_body_size: Optional[int] = None
    form_limits: Optional[FormLimits] = None
    cancel_on_disconnect: Optional[bool] = None
    versions: Optional[Tuple[str, ...]] = None
    """None: whatever the version."""
    policies: Mapping[str, Any] = {}

    def within(self, inner: "Inherited") -> "Inherited":
        """This, with what a router inside it adds; the inner one has the last word."""
        return Inherited(
            prefix=self.prefix + inner.prefix,
            host=self.host if inner.host is None else inner.host,
            host_pattern=self.host_pattern if inner.host_pattern is None else inner.host_pattern,
            dependencies=self.dependencies + inner.dependencies,
            middleware=self.middleware + inner.middleware,
            guards=self.guards + inner.guards,
            tags=self.tags + tuple(tag for tag in inner.tags if tag not in self.tags),
            metadata=self.metadata + inner.metadata,
            raises=self.raises + inner.raises,
            callbacks=self.callbacks + inner.callbacks,
            generate_unique_id_function=(
                inner.generate_unique_id_function or self.generate_unique_id_function
            ),
            responses={**self.responses, **inner.responses},
            exception_handlers=self.exception_handlers + inner.exception_handlers,
            deprecated=inner.deprecated if inner.deprecated is not None else self.deprecated,
            include_in_schema=self.include_in_schema and inner.include_in_schema,
            response_class=inner.response_class or self.response_class,
            response_options={**self.response_options, **inner.response_options},
            max_body_size=inner.max_body_size if inner.max_body_size is not None else self.max_body_size,
            form_limits=within(self.form_limits, inner.form_limits),
            cancel_on_disconnect=(
                inner.cancel_on_disconnect
                if inner.cancel_on_disconnect is not None
                else self.cancel_on_disconnect
            ),
            versions=inner.versions if inner.versions is not None else self.versions,
            policies={**self.policies, **inner.policies},
        )


@dataclass(frozen=True)
class Route:
    """One handler and where it answers. `methods` is empty for a WebSocket. `inherited` includes what itself adds."""

    path: str
    methods: FrozenSet[str]
    handler: HandlerFunction
    name: str
    options: RouteOptions
    inherited: Inherited
    controller: Optional[type] = None
    pattern: Optional[PathPattern] = None
    """The path taken apart; there once the route is complete."""

    @property
    def names(self) -> FrozenSet[str]:
        """The parameters that the path and the host name."""
        host = self.inherited.host_pattern
        return frozenset((self.pattern.names if self.pattern else ()) + (host.names if host else ()))

    @property
    def tags(self) -> List[str]:
        """The tags of its routers and its own."""
        return list(self.inherited.tags)

    @property
    def is_socket(self) -> bool:
        return not self.methods

    @property
    def where(self) -> str:
        """`read_card (app/cards.py:12)`: how errors name the handler."""
        return where_is(self.handler)

    def metadata_of(self, kind: Type[Any]) -> List[Any]:
        """The metadata records of one type, the outermost router's first."""
        return [record for record in self.inherited.metadata if isinstance(record, kind)]

    def __str__(self) -> str:
        verbs = ",".join(sorted(self.methods)) or "WEBSOCKET"
        return f"{verbs} {self.path} -> {self.where}"


@dataclass(frozen=True)
class Mount:
    """Another application, answering for everything below a path."""

    path: str
    app: Any
    name: str
    inherited: Inherited

    def __str__(self) -> str:
        return f"mount {self.path or '/'} -> {type(self.app).__name__}"


def where_is(function: Any) -> str:
    """A callable's name and `file:line`, for messages."""
    target = inspect.unwrap(getattr(function, "func", function))
    name = getattr(target, "__qualname__", None) or type(target).__qualname__
    code = getattr(target, "__code__", None)
    if code is None and inspect.isclass(target):
        code = getattr(target.__init__, "__code__", None)
    if code is None:
        code = getattr(getattr(type(target), "__call__", None), "__code__", None)
    return f"{name} ({code.co_filename}:{code.co_firstlineno})" if code is not None else name


def inherit_options(options: RouteOptions) -> Inherited:
    """The part of a route's own options that is inherited from routers too."""
    return Inherited(
        dependencies=tuple(options.get("dependencies") or ()),
        middleware=tuple(options.get("middleware") or ()),
        guards=tuple(options.get("guards") or ()),
        tags=tuple(options.get("tags") or ()),
        metadata=tuple(options.get("metadata") or ()),
        raises=tuple(options.get("raises") or ()),
        callbacks=tuple(options.get("callbacks") or ()),
        generate_unique_id_function=options.get("generate_unique_id_function"),
        responses=dict(options.get("responses") or {}),
        deprecated=options.get("deprecated"),
        include_in_schema=options.get("include_in_schema", True),
        response_class=options.get("response_class"),
        response_options={
            name[len(MODEL_PREFIX) :]: value
            for name, value in options.items()
            if name.startswith(MODEL_PREFIX)
        },
        max_body_size=options.get("max_body_size"),
        form_limits=options.get("form_limits"),
        cancel_on_disconnect=options.get("cancel_on_disconnect"),
        versions=None if options.get("versions") is None else tuple(options["versions"]),
        policies=read_policies(options),
    )


def read_policies(options: RouteOptions) -> Mapping[str, Any]:
    """What is said to middleware of the application.

    Raises:
        SetupError: a limit that cannot be read.
    """
    policies = {name: value for name, value in options.items() if name in POLICIES}
    if "limit" in policies:
        policies["limit"] = read_limits(options["limit"])
    return policies
