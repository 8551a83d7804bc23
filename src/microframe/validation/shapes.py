"""Shapes of annotations: which types are scalars, sequences of scalars, or structures read from the body."""

import collections
import collections.abc
import dataclasses
import types
import typing
from typing import Any, Final, Iterator, List, Tuple, Union

import typing_extensions
from typing_extensions import Annotated, get_args, get_origin, is_typeddict

ALIASES: Final[Tuple[Any, ...]] = (
    typing_extensions.TypeAliasType,
    getattr(typing, "TypeAliasType", typing_extensions.TypeAliasType),
)
UNIONS: Final[Tuple[Any, ...]] = (Union, getattr(types, "UnionType", Union))
TEXTS: Final = (str, bytes, bytearray, memoryview)
SEQUENCES: Final = (collections.abc.Sequence, collections.abc.Set, collections.deque)
ITERABLES: Final = (collections.abc.Iterable, collections.abc.Iterator, collections.abc.Collection)

# What the classes of each model library carry. Asking for it needs none of these libraries imported.
PYDANTIC: Final = "__pydantic_decorators__"
MSGSPEC: Final = "__struct_fields__"
ATTRS: Final = "__attrs_attrs__"


def bare(annotation: Any) -> Any:
    """The type behind `Annotated`, `NewType` and type aliases."""
    while True:
        inner = unwrapped(annotation)
        if inner is annotation:
            return annotation
        annotation = inner


def unwrapped(annotation: Any) -> Any:
    """An annotation without its outermost `Annotated`, `NewType` or alias, or as it is when it has none."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return annotation.__origin__
    if isinstance(annotation, ALIASES):
        return annotation.__value__
    if isinstance(origin, ALIASES):
        return origin.__value__[get_args(annotation)]
    return getattr(annotation, "__supertype__", annotation)


def members(annotation: Any) -> Tuple[Any, ...]:
    """The alternatives of a union, each bare; of any other type itself alone."""
    annotation = bare(annotation)
    if get_origin(annotation) not in UNIONS:
        return (annotation,)
    return tuple(inner for member in get_args(annotation) for inner in members(member))


def is_scalar(annotation: Any) -> bool:
    """Whether values of this type stand in one text: FastAPI reads them from the query, others from the body.

    So are `Any` and what it does not know, a union of scalars, and `Json[...]`, whose value is one text too.
    """
    return is_json_text(annotation) or not any(map(is_complex, members(annotation)))


def is_sequence_of_scalars(annotation: Any) -> bool:
    """Whether values of this type are read from a parameter given many times; unions may have scalars too."""
    if is_json_text(annotation):
        return False
    found = False
    for member in members(annotation):
        if is_sequence(member) and all(item is ... or is_scalar(item) for item in get_args(member)):
            found = True
        elif is_complex(member):
            return False
    return found


def is_structured(annotation: Any) -> bool:
    """Whether values of this type are objects with named fields; in a union, of any member."""
    return any(is_record(get_origin(member) or member) for member in members(annotation))


def record_in(annotation: Any) -> Any:
    """The structured type that an annotation is, or the first member of a union that is one."""
    return next(member for member in members(annotation) if is_record(get_origin(member) or member))


def is_complex(annotation: Any) -> bool:
    """Whether a bare type that is no union is more than a scalar."""
    origin = get_origin(annotation)
    if hasattr(origin, "__get_pydantic_core_schema__"):
        return True  # a generic type of somebody else's
    kind = origin or annotation
    return is_record(kind) or is_sequence(kind) or is_a(kind, collections.abc.Mapping) or kind in ITERABLES


def is_sequence(annotation: Any) -> bool:
    """Whether a bare type is a list, a tuple, a set or their like; texts and named tuples are not."""
    kind = get_origin(annotation) or annotation
    return is_a(kind, SEQUENCES) and not is_a(kind, TEXTS) and not hasattr(kind, "_fields")


def is_record(kind: Any) -> bool:
    """Whether a class has named fields: a model of any library, a dataclass, a TypedDict, a NamedTuple."""
    if not isinstance(kind, type):
        return False
    if dataclasses.is_dataclass(kind) or is_typeddict(kind):
        return True
    if issubclass(kind, tuple):
        return hasattr(kind, "_fields")
    return any(hasattr(kind, mark) for mark in (PYDANTIC, MSGSPEC, ATTRS))


def is_json_text(annotation: Any) -> bool:
    """Whether Pydantic's `Json` marks this type: a text that holds JSON."""
    if get_origin(annotation) is not Annotated:
        return False
    kinds = (type(item) for item in annotation.__metadata__)
    return any(kind.__name__ == "Json" and kind.__module__ == "pydantic.types" for kind in kinds)


def is_a(kind: Any, kinds: Any) -> bool:
    """`issubclass` that is False for what is no class."""
    return isinstance(kind, type) and issubclass(kind, kinds)


def carries(annotation: Any, mark: str) -> bool:
    """Whether this type, or one inside it, is a class with the attribute `mark`."""
    return any(hasattr(part, mark) for part in parts(annotation) if isinstance(part, type))


def parts(annotation: Any) -> Iterator[Any]:
    """An annotation and everything inside of its brackets, each once; a recursive alias ends."""
    waiting: List[Any] = [annotation]
    seen: List[Any] = []
    while waiting:
        part = waiting.pop()
        if any(part is one for one in seen):
            continue
        seen.append(part)
        inner = unwrapped(part)
        if inner is not part:
            waiting.append(inner)
            continue
        yield part
        origin = get_origin(part)
        if origin is not None and origin is not typing_extensions.Literal and origin is not typing.Literal:
            waiting.extend((origin, *get_args(part)))
