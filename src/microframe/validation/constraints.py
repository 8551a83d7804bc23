"""Constraints: what a parameter's marker says of its value, put where the model library looks for it."""

from typing import Annotated, Any, Final

from microframe.markers import FieldOptions

CONSTRAINTS: Final = frozenset(
    {
        "gt",
        "ge",
        "lt",
        "le",
        "multiple_of",
        "min_length",
        "max_length",
        "pattern",
        "strict",
        "allow_inf_nan",
        "max_digits",
        "decimal_places",
        "discriminator",
    }
)


def with_constraints(annotation: Any, options: FieldOptions) -> Any:
    """`int` and `le=100` -> `Annotated[int, Field(le=100)]`; the type itself where nothing is demanded of it."""
    demanded = {name: value for name, value in options.items() if name in CONSTRAINTS and value is not None}
    if not demanded:
        return annotation
    # Imported here: without constraints nobody needs Pydantic before a codec is chosen.
    from pydantic import Field

    # The names are checked above; a dict of them fits no overload.
    return Annotated[annotation, Field(**demanded)]  # type: ignore[call-overload]
