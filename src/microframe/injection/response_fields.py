"""Response fields: which of a model a route sends, as `response_model_include` and `_exclude` name them."""

from dataclasses import fields, is_dataclass
from typing import Any, FrozenSet, Optional

from microframe.exceptions import SetupError
from microframe.routing.route import Route

OPTIONS = ("response_model_include", "response_model_exclude")


def refuse_unknown_names(route: Route, model: Any) -> None:
    """Nothing, where every field that the route itself names is one of its model.

    A router may name what only some of its models have.

    Raises:
        SetupError: one is not; nothing would be left out, or sent, for it.
    """
    known = field_names(model)
    if known is None:
        return
    for option in OPTIONS:
        named: Any = route.options.get(option) or ()
        unknown = [name for name in named if isinstance(name, str) and name not in known]
        if unknown:
            raise SetupError(
                f"{option} of {route.where} names {', '.join(sorted(map(repr, unknown)))}, "
                f"and {model.__name__} has no such field"
            )


def field_names(model: Any) -> Optional[FrozenSet[str]]:
    """The names of the fields of a model or dataclass; None where they cannot be told."""
    if not isinstance(model, type):
        return None
    described = getattr(model, "model_fields", None)
    if described is not None:
        config, decorators = (
            getattr(model, "model_config", {}),
            getattr(model, "__pydantic_decorators__", None),
        )
        writes_itself = bool(getattr(decorators, "model_serializers", None))
        if (
            config.get("extra") == "allow"
            or writes_itself
            or getattr(model, "__pydantic_root_model__", False)
        ):
            return None
        return frozenset([*described, *getattr(model, "model_computed_fields", ())])
    if is_dataclass(model) and not hasattr(model, "__pydantic_fields__"):
        return frozenset(field.name for field in fields(model))
    return None
