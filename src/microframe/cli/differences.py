"""Differences: where two documents say different things, as the path to each place."""

import json
from typing import Any, Iterator, Mapping, NamedTuple, Sequence, Tuple

ABSENT: Any = object()
LONGEST = 60
"""Characters of a value that are shown."""

Step = Tuple[str, ...]


class Difference(NamedTuple):
    """One place, with what is there before and after; ABSENT where there is nothing."""

    path: Step
    before: Any
    after: Any

    def __str__(self) -> str:
        where = " > ".join(self.path) or "the whole document"
        if self.before is ABSENT:
            return f"{where}: new"
        if self.after is ABSENT:
            return f"{where}: gone"
        return f"{where}: {shown(self.before)} is now {shown(self.after)}"


def differences(before: Any, after: Any, path: Step = ()) -> Iterator[Difference]:
    """Every place where two JSON values differ, objects by key and arrays by position."""
    if isinstance(before, dict) and isinstance(after, dict):
        yield from between_objects(before, after, path)
    elif isinstance(before, list) and isinstance(after, list):
        yield from between_arrays(before, after, path)
    elif before != after or isinstance(before, bool) is not isinstance(after, bool):
        yield Difference(path, before, after)


def between_objects(before: Mapping[str, Any], after: Mapping[str, Any], path: Step) -> Iterator[Difference]:
    for key in {**before, **after}:
        old, new = before.get(key, ABSENT), after.get(key, ABSENT)
        if old is ABSENT or new is ABSENT:
            yield Difference((*path, key), old, new)
        else:
            yield from differences(old, new, (*path, key))


def between_arrays(before: Sequence[Any], after: Sequence[Any], path: Step) -> Iterator[Difference]:
    for number, (old, new) in enumerate(zip(before, after)):
        yield from differences(old, new, (*path, str(number)))
    for number in range(len(after), len(before)):
        yield Difference((*path, str(number)), before[number], ABSENT)
    for number in range(len(before), len(after)):
        yield Difference((*path, str(number)), ABSENT, after[number])


def shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"
