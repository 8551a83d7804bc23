"""Markers: how a parameter says where its value comes from."""

from dataclasses import dataclass, field
from typing import (
    Annotated,
    Any,
    Callable,
    Dict,
    List,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from typing_extensions import Literal, TypedDict, Unpack

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])

Place = Literal["path", "query", "header", "cookie", "body", "form"]
Scope = Literal["app", "request", "function", "transient"]


class _Missing:
    """No value was given, where None is a value."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


MISSING: Any = _Missing()


class FieldOptions(TypedDict, total=False):
    """What a parameter may say of its value: FastAPI's names and meaning."""

    default_factory: Callable[[], Any]
    alias: str
    alias_priority: int
    validation_alias: Any
    """A name, or Pydantic's `AliasChoices` of several."""
    serialization_alias: str
    title: str
    description: str
    gt: float
    ge: float
    lt: float
    le: float
    multiple_of: float
    min_length: int
    max_length: int
    pattern: str
    strict: bool
    allow_inf_nan: bool
    max_digits: int
    decimal_places: int
    discriminator: str
    union_mode: Literal["smart", "left_to_right"]
    fail_fast: bool
    validate_default: bool
    examples: List[Any]
    openapi_examples: Dict[str, Any]
    json_schema_extra: Mapping[str, Any]
    deprecated: Union[bool, str]
    include_in_schema: bool


@dataclass(frozen=True)
class Parameter:
    """A marker that names a place in the message, with what is said of the value there."""

    # Unions hash what stands in them, markers too, and these two may be unhashable.
    place: Place
    default: Any = field(default=MISSING, hash=False)
    options: FieldOptions = field(default_factory=lambda: FieldOptions(), hash=False)
    convert_underscores: bool = True
    embed: bool = False
    media_type: str = "application/json"
    """What the body is sent as; of several the first one."""
    other_media_types: Tuple[str, ...] = ()

    @property
    def media_types(self) -> Tuple[str, ...]:
        """Everything that the body may be sent as."""
        return (self.media_type, *self.other_media_types)


def Path(default: Any = MISSING, **options: Unpack[FieldOptions]) -> Any:
    """A named part of the path."""
    return Parameter("path", _given(default), options)


def Query(default: Any = MISSING, **options: Unpack[FieldOptions]) -> Any:
    """A value of the query string; a list takes every value of its name."""
    return Parameter("query", _given(default), options)


def Header(
    default: Any = MISSING, *, convert_underscores: bool = True, **options: Unpack[FieldOptions]
) -> Any:
    """A request header; `user_agent` reads `User-Agent`."""
    return Parameter("header", _given(default), options, convert_underscores=convert_underscores)


def Cookie(default: Any = MISSING, **options: Unpack[FieldOptions]) -> Any:
    """A cookie."""
    return Parameter("cookie", _given(default), options)


def Body(
    default: Any = MISSING,
    *,
    embed: bool = False,
    media_type: Union[str, Sequence[str]] = "application/json",
    **options: Unpack[FieldOptions],
) -> Any:
    """The body, or with several of them (or `embed`) one field of it.

    `media_type` is what it is sent as, or a list of what it may be: JSON, a form, `application/msgpack`.
    """
    first, *others = (media_type,) if isinstance(media_type, str) else media_type
    return Parameter(
        "body", _given(default), options, embed=embed, media_type=first, other_media_types=tuple(others)
    )


def Form(
    default: Any = MISSING,
    *,
    media_type: str = "application/x-www-form-urlencoded",
    **options: Unpack[FieldOptions],
) -> Any:
    """A field of a form, or with a structured type the whole form."""
    return Parameter("form", _given(default), options, media_type=media_type)


def File(
    default: Any = MISSING, *, media_type: str = "multipart/form-data", **options: Unpack[FieldOptions]
) -> Any:
    """A file of a form: an `UploadFile`, or its `bytes`."""
    return Parameter("form", _given(default), options, media_type=media_type)


def _given(default: Any) -> Any:
    return MISSING if default is ... else default


@dataclass(frozen=True)
class Dependency:
    """A value made by calling something whose own parameters are injected; None: the annotated class itself."""

    call: Optional[Callable[..., Any]] = None
    use_cache: bool = True
    scope: Optional[Literal["function", "request"]] = None
    scopes: Tuple[str, ...] = ()


def Depends(
    dependency: Optional[Callable[..., Any]] = None,
    *,
    use_cache: bool = True,
    scope: Optional[Literal["function", "request"]] = None,
) -> Any:
    """The value of a dependency: one call a request, however many ask, unless `use_cache` is off."""
    return Dependency(dependency, use_cache, scope)


def Security(
    dependency: Optional[Callable[..., Any]] = None,
    *,
    scopes: Optional[Sequence[str]] = None,
    use_cache: bool = True,
) -> Any:
    """`Depends`, with the OAuth2 scopes that this use of it needs."""
    return Dependency(dependency, use_cache, None, tuple(scopes or ()))


def raises(*kinds: Type[Exception]) -> Callable[[F], F]:
    """Say what a dependency, guard or handler may raise to answer the client; every route that uses it documents it."""

    def note(function: F) -> F:
        setattr(function, "__raises__", (*getattr(function, "__raises__", ()), *kinds))  # noqa: B010
        return function

    return note


class Inject:
    """Marks a parameter whose type somebody provides."""

    def __repr__(self) -> str:
        return "Provided"


Provided = Annotated[T, Inject()]
"""`cards: Provided[Cards]`: the value that `app.provide(Cards, …)` makes."""


class SecurityScopes:
    """The scopes that the `Security(...)` around a dependency ask for."""

    def __init__(self, scopes: Optional[Sequence[str]] = None) -> None:
        self.scopes = list(scopes or ())
        self.scope_str = " ".join(self.scopes)
