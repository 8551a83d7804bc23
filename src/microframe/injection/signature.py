"""Signature: what a callable asks for: its parameters, their types and markers."""

import contextlib
import functools
import inspect
import sys
from types import SimpleNamespace
from typing import (
    Annotated,
    Any,
    Callable,
    Dict,
    List,
    NamedTuple,
    Optional,
    Tuple,
    get_args,
    get_origin,
    get_type_hints,
)

from microframe.exceptions import SetupError
from microframe.http.background import is_async_callable
from microframe.markers import MISSING, Dependency, Inject, Parameter
from microframe.routing.route import where_is
from microframe.validation.shapes import ALIASES

MARKERS = (Parameter, Dependency, Inject)
FOREIGN = ("fastapi", "starlette")
RESERVED = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Asked(NamedTuple):
    """One parameter: its type without our markers, the marker if there is one, and the default (or MISSING)."""

    name: str
    annotation: Any
    marker: Any
    default: Any
    positional_only: bool = False


class Signature(NamedTuple):
    """A callable as injection sees it. `style` says how it is run."""

    call: Callable[..., Any]
    parameters: Tuple[Asked, ...]
    returns: Any
    style: str
    """async, blocking, direct (a class: its constructor runs on the loop), async generator, generator."""

    @property
    def where(self) -> str:
        return where_is(self.call)


def read_signature(call: Callable[..., Any], controller: Optional[type] = None) -> Signature:
    """Read what a callable asks for; a controller's method asks for its controller first.

    Raises:
        SetupError: a type that cannot be read, two markers on one parameter, a default that Python would ignore.
    """
    try:
        signature = inspect.signature(call)
    except (TypeError, ValueError) as exc:
        raise SetupError(f"the signature of {where_is(call)} cannot be read: {exc}") from exc
    hints = read_hints(call)
    asked: List[Asked] = []
    for position, parameter in enumerate(signature.parameters.values()):
        if controller is not None and position == 0:
            asked.append(Asked(parameter.name, controller, Dependency(controller), MISSING))
        elif parameter.kind not in RESERVED:
            asked.append(read_parameter(call, parameter, hints.get(parameter.name, parameter.annotation)))
    return Signature(call, tuple(asked), hints.get("return", signature.return_annotation), style_of(call))


def read_parameter(call: Callable[..., Any], parameter: inspect.Parameter, hint: Any) -> Asked:
    if hint is inspect.Parameter.empty:
        hint = Any
    while isinstance(hint, ALIASES):
        hint = hint.__value__  # `type Db = Annotated[Session, Depends(open_session)]` on Python 3.12
    annotation, found = split_markers(hint)
    refuse_strangers(call, parameter, hint)
    default = MISSING if parameter.default is inspect.Parameter.empty else parameter.default
    if isinstance(default, MARKERS):
        found = [*found, default]
        default = default.default if isinstance(default, Parameter) else MISSING
    elif found and isinstance(found[-1], Parameter) and found[-1].default is not MISSING:
        raise SetupError(
            f"{parameter.name} of {where_is(call)}: inside Annotated a marker has no default, write `= default` instead"
        )
    if len(found) > 1:
        raise SetupError(
            f"{parameter.name} of {where_is(call)} has two markers: {found[0]!r} and {found[1]!r}"
        )
    if found and isinstance(found[0], Dependency) and default is not MISSING:
        raise SetupError(f"{parameter.name} of {where_is(call)}: a dependency cannot have a default")
    positional = parameter.kind is inspect.Parameter.POSITIONAL_ONLY
    return Asked(parameter.name, annotation, found[0] if found else None, default, positional)


def refuse_strangers(call: Callable[..., Any], parameter: inspect.Parameter, hint: Any) -> None:
    """Refuse markers that would be overlooked, and with them perhaps who may ask: another's, or ours as types."""
    beside = get_args(hint)[1:] if get_origin(hint) is Annotated else ()
    for record in (*beside, parameter.default, hint):
        kind = record if isinstance(record, type) else type(record)
        who = f"{parameter.name} of {where_is(call)}"
        if kind.__module__.partition(".")[0] in FOREIGN:
            name = f"{kind.__module__}.{kind.__qualname__}"
            raise SetupError(f"{who} is given {name}, which means nothing here: import it from microframe")
    if isinstance(hint, MARKERS):
        said = type(hint).__name__
        raise SetupError(
            f"{parameter.name} of {where_is(call)}: a marker ({said}) is no type: write Annotated[T, …]"
        )


def split_markers(hint: Any) -> Tuple[Any, List[Any]]:
    """`Annotated[int, Query(), Ge(3)]` -> `Annotated[int, Ge(3)]` and the markers taken out of it."""
    if get_origin(hint) is not Annotated:
        return hint, []
    kind, *metadata = get_args(hint)
    markers = [record for record in metadata if isinstance(record, MARKERS)]
    rest = tuple(record for record in metadata if not isinstance(record, MARKERS))
    # What is injected is known by its type alone; only what is read has constraints beside it.
    injected = any(isinstance(marker, (Dependency, Inject)) for marker in markers)
    return (Annotated[(kind, *rest)] if rest and not injected else kind), markers


def read_hints(call: Callable[..., Any]) -> Dict[str, Any]:
    """The types of a callable's parameters, names in quotes resolved where they were written."""
    target: Any = call
    while isinstance(target, functools.partial):
        target = target.func
    if inspect.isclass(target):
        target = target.__init__ if target.__init__ is not object.__init__ else target
    elif not (inspect.isfunction(target) or inspect.ismethod(target)):
        target = getattr(type(target), "__call__", target)
    target = inspect.unwrap(target)
    if sys.version_info < (3, 11) and hasattr(target, "__code__"):
        # Without its defaults: `= None` would put Optional around what stands there, markers included.
        target = SimpleNamespace(__annotations__=target.__annotations__, __globals__=target.__globals__)
    try:
        return get_type_hints(target, include_extras=True)
    except Exception as exc:  # names in quotes are code, which may raise anything
        if sys.version_info < (3, 10) and isinstance(exc, TypeError):
            return read_modern_hints(target, where_is(call))
        raise SetupError(f"a type of {where_is(call)} cannot be read: {exc}") from exc


def read_modern_hints(target: Any, where: str) -> Dict[str, Any]:
    """`"int | None"` on Python 3.9, through eval-type-backport."""
    names = vars(sys.modules[target.__module__]) if inspect.isclass(target) else target.__globals__
    hints: Dict[str, Any] = {}
    for name, hint in target.__annotations__.items():
        try:
            hints[name] = evaluate(hint, names)
        except Exception as exc:
            raise SetupError(f"the type of {name} of {where} cannot be read: {exc}") from exc
    return hints


def evaluate(hint: Any, names: Dict[str, Any]) -> Any:
    """An annotation with every text in it, at any depth, replaced by the type it names."""
    from typing import ForwardRef, Literal

    from eval_type_backport import eval_type_backport

    if isinstance(hint, str):
        hint = ForwardRef(hint)
    if isinstance(hint, ForwardRef):
        return eval_type_backport(hint, names, names)
    if not hasattr(hint, "copy_with") or get_origin(hint) is Literal:
        return hint
    return hint.copy_with(tuple(evaluate(part, names) for part in hint.__args__))


def style_of(call: Callable[..., Any]) -> str:
    target: Any = call
    while isinstance(target, functools.partial):
        target = target.func
    if inspect.isclass(target):
        return "direct"
    if not (inspect.isfunction(target) or inspect.ismethod(target)):
        target = getattr(type(target), "__call__", target)
    # A plain wrapper gives what it wraps; one of contextlib's gives a context manager, which is a value like others.
    wrapped = target if getattr(target, "__globals__", None) is vars(contextlib) else inspect.unwrap(target)
    for function in (target, wrapped):
        if inspect.isasyncgenfunction(function):
            return "async generator"
        if inspect.isgeneratorfunction(function):
            return "generator"
        if is_async_callable(function):
            return "async"
    return "blocking"


def count_arguments(function: Callable[..., Any]) -> int:
    """How many positional arguments a callable must be given."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError) as exc:
        raise SetupError(f"the signature of {where_is(function)} cannot be read: {exc}") from exc
    wanted = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    if any(p.kind is p.VAR_POSITIONAL for p in parameters):
        return 3
    return len([p for p in wanted if p.default is p.empty])
