"""Sections: settings by the plugin they belong to, each with the place it came from."""

from dataclasses import dataclass, field
from typing import Dict, List, Mapping, Set

from microframe.configurations.faults import Mismatch


@dataclass(frozen=True)
class Setting:
    """One value as it was found."""

    value: object = field(repr=False)
    where: str
    """Its key and its source, as messages name them: `MICROFRAME_PORT in environment`."""
    is_text: bool = False
    """Whether its source knows text alone, so that the value has yet to be read as what the field wants."""


@dataclass(frozen=True)
class Sections:
    """The settings of every section; names and keys are in small letters, names with `_` for `-`."""

    tables: Mapping[str, Mapping[str, Setting]] = field(default_factory=dict, repr=False)
    read: Set[str] = field(default_factory=set, repr=False, compare=False)
    """Sections that somebody has read, there or not."""

    def names(self) -> List[str]:
        """Sections that somebody set something in."""
        return sorted(self.tables)

    def table(self, name: str) -> Mapping[str, Setting]:
        """The settings of one section by key; none where there is no such section."""
        return self.tables.get(normal(name), {})


def normal(name: str) -> str:
    """A section's name as every source can write it: `my-plugin` -> `my_plugin`."""
    return name.replace("-", "_").lower()


def sections_of(value: object) -> Sections:
    """Sections out of plain tables, `{"cache": {"ttl": 30}}`."""
    if isinstance(value, Sections):
        return value
    expected = "a table of sections, each a table of settings"
    if not isinstance(value, Mapping):
        raise Mismatch(expected, value)
    tables: Dict[str, Dict[str, Setting]] = {}
    for name, table in value.items():
        if not isinstance(name, str) or not isinstance(table, Mapping):
            raise Mismatch(expected, table)
        target = tables.setdefault(normal(name), {})
        for key, found in table.items():
            target[str(key).lower()] = Setting(found, f"{name}.{key} in AppConfig.sections")
    return Sections(tables)
