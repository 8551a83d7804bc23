"""Options: one section of the settings as the type that describes it."""

from contextlib import suppress
from dataclasses import MISSING, Field, fields, is_dataclass
from typing import (
    Any,
    Dict,
    Iterable,
    List,
    Mapping,
    Optional,
    Type,
    TypeVar,
    cast,
    get_args,
    get_origin,
    get_type_hints,
)

from microframe.configurations.coercion import (
    SEQUENCES,
    TABLES,
    UnreadableType,
    coerce,
    is_union,
    parse_json,
    parse_list,
)
from microframe.configurations.config import AppConfig
from microframe.configurations.faults import Mismatch, UnknownSetting, did_you_mean, one_line, scrub
from microframe.configurations.secret import (
    Secret,
    carries_credentials,
    is_secret_name,
    is_secret_type,
)
from microframe.configurations.sections import Sections, Setting, normal
from microframe.exceptions import SetupError

T = TypeVar("T")
Table = Mapping[str, Setting]


def read_section(config: AppConfig, name: str, kind: Type[T]) -> T:
    """The section `name`, `[plugins.<name>]` and `MICROFRAME_<NAME>__<KEY>`, as a dataclass or a Pydantic
    model.

    Raises:
        SetupError: a key is unknown, missing, or has a value that its type refuses. The text names the key
            and where it came from, and shows no secret.
    """
    sections = cast(Sections, config.sections)
    sections.read.add(normal(name))
    table = sections.table(name)
    if hasattr(kind, "model_validate"):
        return cast(T, _read_model(name, kind, table))
    if is_dataclass(kind):
        return cast(T, _read_dataclass(f"plugins.{name}", kind, table))
    raise SetupError(
        f"{kind!r} cannot hold the section {name}: it is neither a dataclass nor a Pydantic model"
    )


def refuse_unknown_sections(config: AppConfig, known: Iterable[str]) -> None:
    """Nothing, when every section that somebody set something in is known, or was read by somebody already.

    Raises:
        SetupError: nobody reads one; the text names its first key and where that came from.
    """
    sections = cast(Sections, config.sections)
    names = {normal(name) for name in known} | sections.read
    for name in sections.names():
        for setting in sections.table(name).values():
            if name not in names:
                raise UnknownSetting(
                    setting.where, did_you_mean(name, names), f"nothing here is called {name}"
                )


# Dataclasses ----------------------------------------------------------------------------------------------


def _read_dataclass(path: str, kind: Any, table: Table) -> object:
    try:
        hints = get_type_hints(kind)
    except (NameError, TypeError) as exc:
        raise SetupError(f"the types of {kind.__qualname__} cannot be read: {exc}") from exc
    wanted = {entry.name: entry for entry in fields(kind) if entry.init}
    found = _by_field(table, {name: name for name in wanted})
    values = {name: _value(path, wanted[name], hints[name], setting) for name, setting in found.items()}
    for name, entry in wanted.items():
        if name not in values and entry.default is MISSING and entry.default_factory is MISSING:
            raise SetupError(_missing(path, name))
    try:
        return kind(**values)
    except (ValueError, TypeError, SetupError) as exc:
        # Not chained: a traceback would show the text with the secrets in it.
        raise SetupError(f"{path}: {_clean(exc, found, hints)}") from None


def _value(path: str, entry: "Field[Any]", hint: Any, setting: Setting) -> object:
    inner = _dataclass_in(hint)
    try:
        table = _inner_table(setting) if inner is not None else None
        if table is not None:
            return _read_dataclass(f"{path}.{entry.name}", inner, table)
        return coerce(setting.value, hint, is_text=setting.is_text)
    except Mismatch as mismatch:
        hidden = is_secret_name(entry.name) or is_secret_type(hint)
        raise SetupError(f"{setting.where}: {mismatch.describe(hidden=hidden)}") from None
    except UnreadableType as exc:
        raise SetupError(f"{setting.where}: {exc}") from None


def _dataclass_in(hint: Any) -> Optional[Any]:
    """The dataclass that a hint is, or is when it is not None."""
    parts = [part for part in get_args(hint) if part is not type(None)] if is_union(hint) else [hint]
    return parts[0] if len(parts) == 1 and isinstance(parts[0], type) and is_dataclass(parts[0]) else None


def _inner_table(setting: Setting) -> Optional[Table]:
    """The settings inside a setting, None where it is no table (or an object given in the program)."""
    value = setting.value
    if setting.is_text and isinstance(value, str) and value:
        value = parse_json(value, "a table as JSON")
    if not isinstance(value, Mapping):
        return None
    return {str(key).lower(): Setting(item, f"{key} of {setting.where}") for key, item in value.items()}


# Pydantic models, without importing Pydantic ---------------------------------------------------------------


def _read_model(name: str, kind: Any, table: Table) -> object:
    hints = {_given_name(key, field): field.annotation for key, field in kind.model_fields.items()}
    spelled = {key: key for key in hints}
    if kind.model_config.get("extra") == "allow":
        spelled.update({key: key for key in table if key not in {known.lower() for known in hints}})
    found = _by_field(table, spelled)
    values = {key: _loosen(setting, hints.get(key)) for key, setting in found.items()}
    try:
        return cast(object, kind.model_validate(values))
    except ValueError as exc:
        faults = getattr(exc, "errors", None)
        if faults is None:
            raise SetupError(f"plugins.{name}: {_clean(exc, found, hints)}") from None
        first = faults(include_url=False, include_input=False, include_context=False)[0]
        loc = [str(part) for part in first["loc"]]
        if first["type"] == "missing" and len(loc) == 1:
            raise SetupError(_missing(f"plugins.{name}", loc[0])) from None
        where = found[loc[0]].where if loc and loc[0] in found else f"plugins.{name}"
        inside = f" ({'.'.join(loc[1:])})" if loc[1:] else ""
        raise SetupError(f"{where}: {_clean(first['msg'], found, hints)}{inside}") from None


def _given_name(name: str, field: Any) -> str:
    """The name a model wants a field under: its alias where it has one."""
    alias = field.validation_alias
    return alias if isinstance(alias, str) else name


def _loosen(setting: Setting, hint: Any) -> object:
    """A text as Pydantic reads it: lists and tables taken apart, the rest as it is."""
    value = setting.value
    if isinstance(value, Secret):
        return value.reveal()
    if not setting.is_text or not isinstance(value, str):
        return value
    if value == "" and type(None) in get_args(hint):
        return None
    try:
        kinds = {get_origin(part) or part for part in (hint, *get_args(hint))}
        if not kinds.isdisjoint(SEQUENCES):
            return parse_list(value)[0]
        if not kinds.isdisjoint(TABLES) or any(
            hasattr(part, "model_validate") or is_dataclass(part) for part in kinds
        ):
            return parse_json(value, "a table as JSON")
    except Mismatch as mismatch:
        raise SetupError(f"{setting.where}: {mismatch.describe(hidden=True)}") from None
    return value


# Both ------------------------------------------------------------------------------------------------------


def _by_field(table: Table, wanted: Mapping[str, str]) -> Dict[str, Setting]:
    """The settings by the field they are for; a key may be in capitals, as variables are."""
    spelled = {name.lower(): name for name in wanted}
    for key, setting in table.items():
        if key not in spelled:
            raise UnknownSetting(setting.where, did_you_mean(key, wanted))
    return {spelled[key]: setting for key, setting in table.items()}


def _missing(path: str, key: str) -> str:
    name = normal(path.partition(".")[2])
    variable = f" or MICROFRAME_{name.upper()}__{key.upper()}" if "." not in name else ""
    return f"{path}.{key}: it is not set; give it as [{path}] {key} in a file{variable}"


def _clean(fault: object, found: Mapping[str, Setting], hints: Mapping[str, Any]) -> str:
    """What someone else says about settings, in one line and without the secrets among them."""
    return scrub(one_line(str(fault)), _secrets(found, hints))


def _secrets(found: Mapping[str, Setting], hints: Mapping[str, Any]) -> List[str]:
    texts: List[str] = []
    for name, setting in found.items():
        value = setting.value
        if setting.is_text and isinstance(value, str) and value.startswith(("{", "[")):
            with suppress(Mismatch):
                texts += _secret_texts(parse_json(value, ""), is_secret_name(name))
        texts += _secret_texts(value, is_secret_name(name) or is_secret_type(hints.get(name)))
    return texts


def _secret_texts(value: object, secret: bool) -> List[str]:
    """The texts in a value that are secrets: itself, what has such a name, addresses with credentials."""
    if isinstance(value, Mapping):
        inside = [_secret_texts(item, secret or is_secret_name(str(key))) for key, item in value.items()]
        return [text for texts in inside for text in texts]
    if isinstance(value, (list, tuple)):
        return [text for item in value for text in _secret_texts(item, secret)]
    if isinstance(value, Secret):
        return [value.reveal()]
    return [str(value)] if secret or (isinstance(value, str) and carries_credentials(value)) else []
