"""Constraints: what a parameter's marker says of its value, put where the model library looks for it."""

import collections.abc
import datetime as dt
import decimal
from typing import (
    Annotated,
    Any,
    Dict,
    Final,
    FrozenSet,
    Iterator,
    Mapping,
    Optional,
    Sequence,
    Tuple,
    get_args,
    get_origin,
)

from microframe.exceptions import SetupError
from microframe.markers import FieldOptions
from microframe.validation.shapes import is_a, members

BOUNDS: Final = frozenset({"gt", "ge", "lt", "le"})
NUMERIC: Final = BOUNDS | {"multiple_of", "allow_inf_nan"}
LENGTHS: Final = frozenset({"min_length", "max_length"})
DIGITS: Final = frozenset({"max_digits", "decimal_places"})
MEASURING: Final = NUMERIC | LENGTHS | DIGITS | {"pattern"}

CONSTRAINTS: Final = MEASURING | {"strict", "discriminator", "union_mode", "fail_fast"}

POSSIBLE: Final[Tuple[Tuple[Any, FrozenSet[str]], ...]] = (
    (bool, frozenset()),
    (int, NUMERIC),
    (float, NUMERIC),
    (decimal.Decimal, NUMERIC | DIGITS),
    (str, LENGTHS | {"pattern"}),
    (bytes, LENGTHS),
    ((dt.date, dt.time, dt.timedelta), BOUNDS),
    ((collections.abc.Sequence, collections.abc.Set, collections.abc.Mapping), LENGTHS),
)
"""What can be demanded of the types that everybody knows; of others their authors decide."""

REPLACED: Final[Mapping[str, str]] = {
    "regex": "write pattern=",
    "example": "write examples=[...]",
    "const": "write a Literal[...] as its type",
    "min_items": "write min_length=",
    "max_items": "write max_length=",
    "unique_items": "write a Set[...] as its type",
}
"""Options of former versions, and what is written today."""


def with_constraints(annotation: Any, options: FieldOptions) -> Any:
    """`int` and `le=100` -> `Annotated[int, Field(le=100)]`; the type itself where nothing is demanded of it.

    Raises:
        SetupError: something is demanded that values of this type cannot have.
    """
    refuse_impossible(annotation, options)
    demanded = {name: value for name, value in options.items() if name in CONSTRAINTS and value is not None}
    if not demanded:
        return annotation
    # Imported here: without constraints nobody needs Pydantic before a codec is chosen.
    from pydantic import Field

    # The names are checked above; a dict of them fits no overload.
    return Annotated[annotation, Field(**demanded)]  # type: ignore[call-overload]


def choices_of(alias: Any) -> Sequence[str]:
    """The names in an alias: itself, or those of Pydantic's `AliasChoices`.

    Raises:
        SetupError: one leads into a value; a text has no inside.
    """
    names = getattr(alias, "choices", [alias])
    if not names or not all(isinstance(name, str) for name in names):
        raise SetupError(f"{alias!r} is no name that a parameter can be sent by")
    return list(names)


def check_options(options: FieldOptions) -> None:
    """Refuse options that nobody reads.

    Raises:
        SetupError: there is one; of those that there were in former versions it says what to write now.
    """
    for alias in (options.get("alias"), options.get("validation_alias")):
        if alias is not None:
            choices_of(alias)
    for name in options.keys() - FieldOptions.__annotations__.keys():
        instead = f": {REPLACED[name]}" if name in REPLACED else ""
        raise SetupError(f"there is no option {name}={instead}")


def refuse_impossible(annotation: Any, options: FieldOptions) -> None:
    """Refuse what Pydantic would find out with the first request: `gt=` of a text, `min_length=` of a number."""
    demanded = {name for name, value in options.items() if name in MEASURING and value is not None}
    if get_origin(annotation) is Annotated:
        kind, *metadata = get_args(annotation)
        if any(map(is_validator, metadata)):
            return  # who knows what it makes of the value
        demanded |= {name for record in metadata for name in demanded_by(record)}
        annotation = kind
    for member in members(annotation) if demanded else ():
        possible = possible_for(get_origin(member) or member)
        if possible is not None and demanded - possible:
            name = min(demanded - possible)
            raise SetupError(f"{name}= says nothing of a value of type {written(member)}")


def is_validator(record: Any) -> bool:
    """Whether this is a validator of Pydantic's, or something else that makes a type's schema anew."""
    return hasattr(record, "__get_pydantic_core_schema__")


def demanded_by(record: Any) -> Iterator[str]:
    """What a `Field(...)` or one of annotated_types' records demands."""
    for part in getattr(record, "metadata", [record]):
        said: Dict[str, Any] = getattr(part, "__dict__", {})
        for name in MEASURING:
            if said.get(name, getattr(part, name, None)) is not None:
                yield name


def possible_for(kind: Any) -> Optional[FrozenSet[str]]:
    """What can be demanded of a type; None where nobody can say. Of enumerations it is their members' matter."""
    import enum

    if not isinstance(kind, type) or is_a(kind, enum.Enum) or hasattr(kind, "__get_pydantic_core_schema__"):
        return None
    return next((possible for kinds, possible in POSSIBLE if issubclass(kind, kinds)), None)


def written(kind: Any) -> str:
    return kind.__qualname__ if isinstance(kind, type) and get_origin(kind) is None else str(kind)
