"""`jsonable_encoder`: any object as values that JSON has, with the options and the meaning of FastAPI's."""

import dataclasses
import datetime as dt
from collections import abc, deque
from decimal import Decimal
from enum import Enum
from typing import Any, Callable, Collection, Final, List, Mapping, Optional, Tuple

from microframe.validation.jsonable import to_plain

LISTS: Final = (list, tuple, set, frozenset, deque, abc.Generator)


def jsonable_encoder(
    obj: Any,
    include: Optional[Collection[Any]] = None,
    exclude: Optional[Collection[Any]] = None,
    by_alias: bool = True,
    exclude_unset: bool = False,
    exclude_defaults: bool = False,
    exclude_none: bool = False,
    custom_encoder: Optional[Mapping[Any, Callable[[Any], Any]]] = None,
    sqlalchemy_safe: bool = True,
) -> Any:
    """Turn any object into dicts, lists, texts, numbers, booleans and None.

    Models keep the fields that the options allow; `exclude_none` goes for every dict, `include` and `exclude`
    for the outermost object or the objects of the outermost list; `custom_encoder` decides first, by type.
    Objects of unknown types are what `dict(obj)` or else their attributes say, without SQLAlchemy's own
    (`_sa…`) unless `sqlalchemy_safe` is False.

    Raises:
        ValueError: an object has neither.
    """
    converter = Converter(
        dump={
            "by_alias": by_alias,
            "exclude_unset": exclude_unset,
            "exclude_defaults": exclude_defaults,
            "exclude_none": exclude_none,
        },
        exclude_none=exclude_none,
        custom=tuple((custom_encoder or {}).items()),
        hidden="_sa" if sqlalchemy_safe else None,
    )
    return converter.convert(obj, fields(include), fields(exclude))


def fields(given: Optional[Collection[Any]]) -> Any:
    return given if given is None or isinstance(given, (set, dict)) else set(given)


@dataclasses.dataclass(frozen=True)
class Converter:
    """The options of one call, and what is done by them."""

    dump: Mapping[str, Any]
    exclude_none: bool
    custom: Tuple[Tuple[Any, Callable[[Any], Any]], ...]
    hidden: Optional[str]

    def convert(self, value: Any, include: Any = None, exclude: Any = None) -> Any:
        encode = self.custom and self.encoder_of(value)
        if encode:
            return encode(value)
        if isinstance(value, Enum):
            return value.value
        if value is None or isinstance(value, (str, int, float)):
            return value
        if hasattr(value, "model_dump") and not isinstance(value, type):
            dumped = value.model_dump(mode="json", include=include, exclude=exclude, **self.dump)
            return dataclasses.replace(self, custom=()).convert(dumped)
        if isinstance(value, abc.Mapping):
            return self.convert_mapping(value, include, exclude)
        if isinstance(value, LISTS):
            return [self.convert(item, include, exclude) for item in value]
        if dataclasses.is_dataclass(value) and not isinstance(value, type):
            named = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
            return self.convert_mapping(named, include, exclude)
        return self.convert_other(value, include, exclude)

    def encoder_of(self, value: Any) -> Optional[Callable[[Any], Any]]:
        """The custom encoder of a value's type, else the first of a type that it belongs to."""
        of_type = [encode for kind, encode in self.custom if kind is type(value)]
        of_kind = [encode for kind, encode in self.custom if isinstance(value, kind)]
        return next(iter(of_type + of_kind), None)

    def convert_mapping(self, value: Mapping[Any, Any], include: Any, exclude: Any) -> Any:
        return {
            self.convert(key): self.convert(item)
            for key, item in value.items()
            if (include is None or key in include)
            and (exclude is None or key not in exclude)
            and not (item is None and self.exclude_none)
            and not (self.hidden and isinstance(key, str) and key.startswith(self.hidden))
        }

    def convert_other(self, value: Any, include: Any, exclude: Any) -> Any:
        if isinstance(value, (dt.date, dt.time)):
            return value.isoformat()
        if isinstance(value, dt.timedelta):
            return value.total_seconds()
        if isinstance(value, Decimal):
            return int(value) if whole(value) else float(value)
        if isinstance(value, type):
            raise ValueError(f"{value.__qualname__} is a class, for which JSON has nothing")
        try:
            return self.convert(to_plain(value), include, exclude)
        except (TypeError, ValueError):
            return self.convert_mapping(attributes(value), include, exclude)


def whole(value: Decimal) -> bool:
    """Whether a number was written without a fraction: then it stays an int, as an identifier has to."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= 0


def attributes(value: Any) -> Mapping[Any, Any]:
    reasons: List[Exception] = []
    for read in (dict, vars):
        try:
            return read(value)
        except (TypeError, ValueError) as exc:
            reasons.append(exc)
    raise ValueError(f"{type(value).__qualname__} has no fields to make JSON of: {reasons}")
