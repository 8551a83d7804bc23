"""Plan: a dependency graph as a list of steps, each a closure, run in order for one context."""

from dataclasses import dataclass
from typing import (
    Any,
    Awaitable,
    Callable,
    Dict,
    FrozenSet,
    List,
    Mapping,
    NamedTuple,
    Optional,
    Sequence,
    Set,
    Tuple,
)

from microframe.concurrency import Threads
from microframe.context import Context
from microframe.exceptions import Invalid, ValidationException

Source = Callable[[Any], Any]
"""`Context -> value`; raises `Invalid` with complete locations."""

Values = List[Any]
Arguments = Dict[str, Any]
Gather = Callable[[Any, Values], Arguments]

# How a step makes its value. Small integers, compared once a step; those that may refuse a request come last.
CALL, AWAIT, OPEN, THREAD, HOP, READ, TAKE = range(7)


@dataclass(frozen=True)
class Step:
    """One value to make: `function` is given what `gather` brings together, as `mode` says."""

    mode: int
    function: Callable[..., Any]
    gather: Gather
    index: int
    sources: Tuple[Tuple[str, Source], ...] = ()
    slots: Tuple[Tuple[str, int], ...] = ()

    @property
    def needs(self) -> FrozenSet[int]:
        return frozenset(index for _, index in self.slots)


class Plan(NamedTuple):
    """What compiling a callable gives: `run(context)` makes its value and everything below it."""

    run: Callable[[Any], Awaitable[Any]]
    steps: Tuple[Step, ...]
    size: int
    reaches: FrozenSet[object]
    """Every callable and type that the graph draws on: what an override may replace."""


def build_gather(slots: Sequence[Tuple[str, int]], sources: Sequence[Tuple[str, Source]]) -> Gather:
    """Bring together arguments: values made before, and sources asked now."""
    if not slots and not sources:
        return lambda context, values: {}
    if not sources:
        from_slots = tuple(slots)
        if len(from_slots) == 1:
            name, index = from_slots[0]
            return lambda context, values: {name: values[index]}
        return lambda context, values: {name: values[index] for name, index in from_slots}
    asked = tuple(sources)

    def from_sources(context: Any, values: Values) -> Arguments:
        try:
            return {name: source(context) for name, source in asked}
        except Invalid:
            raise Invalid(find_errors(context, asked)) from None

    if not slots:
        return from_sources
    made = tuple(slots)

    def from_both(context: Any, values: Values) -> Arguments:
        arguments = from_sources(context, values)
        for name, index in made:
            arguments[name] = values[index]
        return arguments

    return from_both


def find_errors(context: Any, sources: Sequence[Tuple[str, Source]]) -> List[Dict[str, Any]]:
    """Ask every source again, after one has failed, for all that is wrong."""
    errors: List[Dict[str, Any]] = []
    for _, source in sources:
        try:
            source(context)
        except Invalid as exc:
            errors.extend(dict(error) for error in exc.errors)
    return errors


def build_plan(steps: Sequence[Step], size: int, threads: Threads, reaches: FrozenSet[object]) -> Plan:
    single = tuple(steps)
    if len(single) == 1 and single[0].mode == AWAIT:
        run = run_alone(single[0])
    elif (
        [step.mode for step in single] == [READ, AWAIT]
        and not single[1].sources
        and len(single[1].slots) == 1
    ):
        run = run_with_one(single[0], single[1])
    else:
        run = run_steps(tuple(merge_hops(single, threads)), single, size, threads)
    return Plan(run, single, size, reaches)


def run_alone(step: Step) -> Callable[[Any], Awaitable[Any]]:
    """A handler that depends on nothing: a plain function, so its coroutine is awaited without one around it."""
    function, gather = step.function, step.gather
    if not step.sources:
        return lambda context: function()

    def run(context: Any) -> Awaitable[Any]:
        try:
            arguments = gather(context, [])
        except Invalid as exc:
            raise ValidationException(list(exc.errors)) from None
        made: Awaitable[Any] = function(**arguments)
        return made

    return run


def run_with_one(first: Step, last: Step) -> Callable[[Any], Awaitable[Any]]:
    """A handler with one value before it, most often its body."""
    read, function = first.function, last.function
    name = last.slots[0][0]

    async def run(context: Any) -> Any:
        try:
            value = await read(context)
        except Invalid as exc:
            raise ValidationException(list(exc.errors), body=getattr(context, "_body", None)) from None
        return await function(**{name: value})

    return run


def run_steps(
    merged: Tuple[Step, ...], single: Tuple[Step, ...], size: int, threads: Threads
) -> Callable[[Any], Awaitable[Any]]:
    prepared = tuple((step.mode, step.function, step.gather, step.index) for step in merged)
    last = single[-1].index

    async def run(context: Any) -> Any:
        values: Values = [None] * size
        for mode, function, gather, index in prepared:
            try:
                if mode >= READ:
                    taken = mode == TAKE
                    values[index] = function(**gather(context, values)) if taken else await function(context)
                    continue
                arguments = gather(context, values)
            except Invalid as exc:
                raise await collect(single, index, exc, context, values, threads) from None
            if mode == AWAIT:
                values[index] = await function(**arguments)
            elif mode == CALL:
                values[index] = function(**arguments)
            elif mode == OPEN:
                values[index] = await function(context, arguments)
            else:
                failed = await function(context, values)
                if failed is not None:
                    raise await collect(single, failed[0], failed[1], context, values, threads) from None
        return values[last]

    return run


def merge_hops(steps: Sequence[Step], threads: Threads) -> List[Step]:
    """Put consecutive blocking steps into one hop to a worker thread; plain calls between them ride along."""
    merged: List[Step] = []
    group: List[Step] = []

    def close_group() -> None:
        # Plain calls after the last blocking one need no thread.
        after: List[Step] = []
        while group and group[-1].mode in (CALL, TAKE):
            after.insert(0, group.pop())
        if group:
            merged.append(hop(tuple(group), threads))
            group.clear()
        merged.extend(after)

    for step in steps:
        if step.mode == THREAD or (step.mode in (CALL, TAKE) and group):
            group.append(step)
        else:
            close_group()
            merged.append(step)
    close_group()
    return merged


def hop(group: Tuple[Step, ...], threads: Threads) -> Step:
    def work(context: Context, values: Values) -> Optional[Tuple[int, Invalid]]:
        for step in group:
            try:
                arguments = step.gather(context, values)
                if step.mode == TAKE:
                    values[step.index] = step.function(**arguments)
                    continue
            except Invalid as exc:
                return step.index, exc
            values[step.index] = in_worker(step, context, arguments)
        return None

    async def function(context: Context, values: Values) -> Optional[Tuple[int, Invalid]]:
        return await threads.run(lambda: work(context, values))

    return Step(HOP, function, lambda context, values: {}, group[-1].index)


def in_worker(step: Step, context: Context, arguments: Arguments) -> Any:
    if getattr(step.function, "opens", False):
        return step.function(context, arguments)
    return step.function(**arguments)


# When a request is wrong ---------------------------------------------------------------------------------------------


async def collect(
    steps: Tuple[Step, ...], index: int, first: Invalid, context: Context, values: Values, threads: Threads
) -> ValidationException:
    """Go on after the first fault, without calling what depends on it, and gather every other fault of the request."""
    report = Report()
    position = next(number for number, step in enumerate(steps) if step.index == index)
    report.add(steps[position], first.errors)
    for step in steps[position + 1 :]:
        try:
            if step.needs & report.failed or step is steps[-1]:
                report.add(step, find_errors(context, step.sources))
            else:
                values[step.index] = await run_one(step, context, values, threads)
        except Invalid as exc:
            report.add(step, exc.errors)
    return ValidationException(each_once(report.errors), body=getattr(context, "_body", None))


def each_once(errors: Sequence[Mapping[str, Any]]) -> List[Mapping[str, Any]]:
    """Faults without those that are told already: two who ask for one parameter find the same fault with it."""
    found: Dict[object, Mapping[str, Any]] = {}
    for one in errors:
        found.setdefault((tuple(one["loc"]), one["type"], one["msg"]), one)
    return list(found.values())


class Report:
    """The faults of a request in FastAPI's order: in that of the dependencies, and the body's behind the others."""

    def __init__(self) -> None:
        self.errors: List[Mapping[str, Any]] = []
        self.failed: Set[int] = set()
        self._held: Dict[int, List[Mapping[str, Any]]] = {}
        """Faults of the body, which are told when the one is reached who asked for it."""

    def add(self, step: Step, errors: Sequence[Mapping[str, Any]]) -> None:
        self.failed.add(step.index)
        found = list(errors)
        for _, index in step.slots:
            found += self._held.pop(index, [])
        if step.mode in (READ, TAKE):
            self._held[step.index] = found
        else:
            self.errors += found


async def run_one(step: Step, context: Context, values: Values, threads: Threads) -> Any:
    if step.mode == READ:
        return await step.function(context)
    arguments = step.gather(context, values)
    if step.mode in (CALL, TAKE):
        return step.function(**arguments)
    if step.mode == AWAIT:
        return await step.function(**arguments)
    if step.mode == OPEN:
        return await step.function(context, arguments)
    return await threads.run(lambda: in_worker(step, context, arguments))
