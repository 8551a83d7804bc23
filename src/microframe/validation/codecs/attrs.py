"""Codec of attrs: for types that contain an attrs class, which Pydantic reads through a shadow of it."""

import warnings
from typing import (
    Any,
    Callable,
    Dict,
    Final,
    ForwardRef,
    Literal,
    Mapping,
    Sequence,
    Tuple,
    Type,
    TypeVar,
    Union,
)

from pydantic import AliasChoices, BaseModel, ConfigDict, WrapValidator, create_model
from pydantic import Field as PydanticField
from typing_extensions import Annotated, get_args, get_origin, get_type_hints

from microframe.extras import requires_extra
from microframe.validation import shapes
from microframe.validation.codec import Decode, DecodeJSON, Encode, EncodeOptions, Field, Schemas, Wanted
from microframe.validation.codecs.pydantic import UNREADABLE, PydanticCodec, unreadable

with requires_extra("attrs"):
    import attrs

# `populate_by_name` is the name of this setting that every supported Pydantic knows.
SHADOW: Final = ConfigDict(from_attributes=True, populate_by_name=True, protected_namespaces=())


class AttrsCodec:
    """Reads and writes attrs classes by Pydantic's rules, and makes them with their own `__init__`."""

    name = "attrs"

    def __init__(self) -> None:
        self._pydantic = PydanticCodec()
        self._read = Shadows(make=True)
        self._written = Shadows(make=False)

    def handles(self, annotation: Any) -> bool:
        return shapes.carries(annotation, shapes.ATTRS)

    def is_structured(self, annotation: Any) -> bool:
        return shapes.is_structured(annotation)

    def fields(self, annotation: Any) -> Sequence[Field]:
        kind = shapes.record_in(annotation)
        owner = get_origin(kind) or kind
        hints = get_type_hints(owner, localns={owner.__name__: owner}, include_extras=True)
        return [
            Field(
                field.name,
                field.alias or field.name,
                hints.get(field.name, Any),
                field.default is attrs.NOTHING,
            )
            for field in attrs.fields(owner)
            if field.init
        ]

    def decoder(self, annotation: Any) -> Decode:
        return self._pydantic.decoder(self._read.of(annotation))

    def json_decoder(self, annotation: Any) -> DecodeJSON:
        return self._pydantic.json_decoder(self._read.of(annotation))

    def encoder(self, annotation: Any, options: EncodeOptions) -> Encode:
        read = self.decoder(annotation)
        write = self._pydantic.encoder(self._written.of(annotation), options)

        def encode(value: Any) -> bytes:
            # What is no instance yet (a dict) gets its checks and defaults from the class first.
            return write(value if type(value) is annotation else read(value))

        return encode

    def schemas(self, wanted: Sequence[Wanted], template: str, separate: bool) -> Schemas:
        shadows = [
            Wanted((self._read if one.mode == "validation" else self._written).of(one.annotation), one.mode)
            for one in wanted
        ]
        return self._pydantic.schemas(shadows, template, separate)


class Shadows:
    """Pydantic models with the fields of attrs classes, one of each.

    With `make`, what they read becomes an instance of the class: for input. Without, they take from an
    instance the fields that the declared class has, and no others: for output.
    """

    def __init__(self, *, make: bool) -> None:
        self._make = make
        self._finished: Dict[Any, Any] = {}

    def of(self, annotation: Any) -> Any:
        """The same annotation with every attrs class in it replaced.

        Raises:
            SetupError: a class has a field that Pydantic cannot read, or a name in it is not defined.
        """
        new: Dict[Any, str] = {}
        try:
            rewrite(annotation, lambda kind: self._stand_in(kind, new))
            models = self._create_all(new)
            names = {new[kind]: self._annotated(kind, model) for kind, model in models.items()}
            for model in models.values():
                model.model_rebuild(force=True, _types_namespace=names)
        except UNREADABLE as exc:
            raise unreadable(annotation, exc) from exc
        self._finished.update((kind, names[name]) for kind, name in new.items())
        return rewrite(annotation, self._finished.__getitem__)

    def _stand_in(self, kind: Any, new: Dict[Any, str]) -> Any:
        """What stands for a class: its shadow, or for now the name that this shadow will have."""
        if kind in self._finished:
            return self._finished[kind]
        return ForwardRef(new.setdefault(kind, f"Shadow{len(new)}"))

    def _create_all(self, new: Dict[Any, str]) -> Dict[Any, Type[BaseModel]]:
        """Models for all these classes and for those that they lead to, which are added to `new`."""
        models: Dict[Any, Type[BaseModel]] = {}
        while len(models) < len(new):
            for kind in [kind for kind in new if kind not in models]:
                models[kind] = self._create(kind, new)
        return models

    def _create(self, kind: Any, new: Dict[Any, str]) -> Type[BaseModel]:
        owner = get_origin(kind) or kind
        hints = get_type_hints(owner, localns={owner.__name__: owner}, include_extras=True)
        values = dict(zip(getattr(owner, "__parameters__", ()), get_args(kind)))
        fields: Dict[str, Any] = {}
        for field in attrs.fields(owner):
            if field.init or not self._make:
                hint = rewrite(hints.get(field.name, Any), lambda part: self._stand_in(part, new), values)
                fields[shadow_name(field)] = (hint, shadow_field(field))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", UserWarning)  # a field may be named like a method of BaseModel
            return create_model(
                owner.__name__,
                __config__=SHADOW,
                __module__=owner.__module__,
                __doc__=owner.__doc__,
                **fields,
            )

    def _annotated(self, kind: Any, model: Type[BaseModel]) -> Any:
        if not self._make:
            return model
        return Annotated[model, WrapValidator(maker(get_origin(kind) or kind))]


def maker(owner: Any) -> Callable[[Any, Callable[[Any], Any]], Any]:
    """What makes an instance of the class of the fields that were given."""
    aliases = {shadow_name(field): field.alias for field in attrs.fields(owner)}

    def make(value: Any, read: Callable[[Any], Any]) -> Any:
        if isinstance(value, owner):
            return value
        shadow = read(value)
        given = {aliases[name]: getattr(shadow, name) for name in shadow.model_fields_set}
        try:
            return owner(**given)
        except TypeError as exc:  # what attrs' own `instance_of` raises
            raise ValueError(exc.args[0] if exc.args else str(exc)) from exc

    make.__name__ = make.__qualname__ = owner.__name__  # in the loc of a union's errors
    return make


def shadow_name(field: "attrs.Attribute[Any]") -> str:
    return field.name.lstrip("_")


def shadow_field(field: "attrs.Attribute[Any]") -> Any:
    """Pydantic's description of a field; on the wire it has the name that `__init__` gives it."""
    options: Dict[str, Any] = {}
    factory = getattr(field.default, "factory", None)
    if factory is None:
        options["default"] = ... if field.default is attrs.NOTHING else field.default
    elif getattr(field.default, "takes_self", False):
        options["default"] = None  # never seen: attrs calls it with the instance
    else:
        options["default_factory"] = factory
    if field.alias != field.name:
        options["validation_alias"] = AliasChoices(str(field.alias), field.name)
        options["serialization_alias"] = field.alias
    return PydanticField(**options)


def rewrite(annotation: Any, replace: Callable[[Any], Any], values: Mapping[Any, Any] = {}) -> Any:
    """An annotation with every attrs class in it replaced, and every type variable by its value."""
    inner = shapes.unwrapped(annotation)
    origin, args = get_origin(annotation), get_args(annotation)
    if isinstance(annotation, TypeVar):
        return rewrite(values[annotation], replace) if annotation in values else annotation
    if origin is Annotated:
        return Annotated[(rewrite(inner, replace, values), *annotation.__metadata__)]
    if inner is not annotation and shapes.carries(inner, shapes.ATTRS):
        return rewrite(inner, replace, values)
    if hasattr(origin or annotation, shapes.ATTRS):
        return replace(origin[tuple(values.get(arg, arg) for arg in args)] if args else annotation)
    if origin is Literal:
        return annotation
    return rebuilt(annotation, origin, tuple(rewrite(arg, replace, values) for arg in args))


def rebuilt(annotation: Any, origin: Any, args: Tuple[Any, ...]) -> Any:
    """A generic type with other arguments."""
    if not args or all(new is old for new, old in zip(args, get_args(annotation))):
        return annotation
    if origin in shapes.UNIONS:
        return Union[args]
    return annotation.copy_with(args) if hasattr(annotation, "copy_with") else origin[args]
