"""Tree: the segments of many patterns put together, and compiled to closures that walk one path through them.

A node stands at one depth and is reached along one way only. So a search visits each node at most once, however it
backtracks: the number of declared segments bounds the work, not the path that a client thinks of.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from microframe.routing.converters import PLAIN
from microframe.routing.path import Parameter, Segment, build_splitter

Parts = List[Any]
"""A path between its slashes, then END. A parameter's text gives way to its value while its branch is tried."""

Params = Callable[[Parts], Dict[str, Any]]
"""The parameters by name, once their values are in place."""


class Claim(NamedTuple):
    """Somebody answers here. An `implied` claim gives way to one that is not."""

    payload: Any
    params: Params
    implied: bool = False


Found = Optional[Tuple[Any, Dict[str, Any], Any]]
"""Payload, parameters, and at a mount the number of parts it has taken."""

Step = Callable[[Parts, int, str], Found]

Slot = Tuple[str, int, Optional[int]]
"""A parameter: its name, which part holds its value, and which item of that, where a segment has several."""

ANY = "*"
"""Stands for every method that is not named beside it."""

END = None  # not a text, so that nothing a client writes can be taken for it


class Node:
    """What may come next at one place, while the tree is being built."""

    __slots__ = ("branches", "mount", "table", "texts")

    def __init__(self) -> None:
        self.texts: Dict[Optional[str], Node] = {}
        self.branches: Dict[object, Branch] = {}
        self.table: Dict[str, Claim] = {}
        self.mount: Optional[Claim] = None


class Branch:
    """One parameter, or several in one segment. `following` counts the segments after one that spans, else -1."""

    __slots__ = ("following", "node", "segment")

    def __init__(self, segment: Segment, following: int) -> None:
        self.segment = segment
        self.following = following
        self.node = Node()


# Building ------------------------------------------------------------------------------------------------------------


def descend(node: Node, segments: Sequence[Segment]) -> Tuple[Node, List[Slot]]:
    """The node at the end of these segments, made where it is not there yet, and where their values will be."""
    slots: List[Slot] = []
    count = len(segments)
    spanned = False
    for number, segment in enumerate(segments):
        literal = segment.literal
        if literal is not None:
            child = node.texts.get(literal)
            if child is None:
                child = node.texts[literal] = Node()
            node = child
            continue
        # After a parameter that spans, only the distance from the end (and END) is known.
        index = number - count - 1 if spanned else number + 1
        following = -1
        if segment.spans:
            spanned = True
            following = count - number - 1
        names = [parameter.name for parameter in segment.parameters]
        slots.extend(
            (name, index, None if len(segment.parts) == 1 else item) for item, name in enumerate(names)
        )
        key = (segment.shape, following)
        branch = node.branches.get(key)
        if branch is None:
            branch = node.branches[key] = Branch(segment, following)
        node = branch.node
    return node, slots


def build_params(slots: Sequence[Slot]) -> Params:
    """Compile slots to the function that names the values. The short ones are written out: they are nearly all."""
    if any(item is not None for _, _, item in slots):
        return lambda parts: {
            name: parts[index] if item is None else parts[index][item] for name, index, item in slots
        }
    if not slots:
        return lambda _: {}
    name, index, _ = slots[0]
    if len(slots) == 1:
        return lambda parts: {name: parts[index]}
    second, at, _ = slots[1]
    if len(slots) == 2:
        return lambda parts: {name: parts[index], second: parts[at]}
    return lambda parts: {name: parts[index] for name, index, _ in slots}


def precedence(segment: Segment) -> Tuple[Any, ...]:
    """Sorts what may stand at one place, the most specific first. A total order: declaration has no say in it.

    Typed parameters with text, typed, plain with text, plain, spanning; then more text; then the converters' ranks.
    """
    parameters = segment.parameters
    plain = any(parameter.converter is PLAIN for parameter in parameters)
    texts = [part for part in segment.parts if isinstance(part, str)]
    return (
        segment.spans,
        plain,
        not texts,
        -sum(map(len, texts)),
        [parameter.converter.rank for parameter in parameters],
        [part.kind if isinstance(part, Parameter) else part for part in segment.parts],
    )


def branch_precedence(branch: Branch) -> Tuple[Any, ...]:
    """As its segment; among those that span, the one with more behind it."""
    return (*precedence(branch.segment), -branch.following)


# Compiling -----------------------------------------------------------------------------------------------------------


def compile_node(node: Node) -> Step:
    """A chain of steps, the most specific outermost; each ends in the next one where it does not lead to a hit."""
    step = nothing if node.mount is None else mount_step(node.mount)
    for branch in sorted(node.branches.values(), key=branch_precedence, reverse=True):
        step = branch_step(branch, step)
    if not node.texts and not node.table:
        return step
    children: Dict[Optional[str], Step] = {text: compile_node(child) for text, child in node.texts.items()}
    if node.table:
        children[END] = leaf_step(node.table)
    return text_step(children, step)


def nothing(parts: Parts, depth: int, method: str) -> Found:
    """The end of a chain."""
    return None


def leaf_step(table: Dict[str, Claim]) -> Step:
    hits = {method: (claim.payload, claim.params) for method, claim in table.items()}
    get = hits.get
    any_method = hits.get(ANY)

    def leaf(parts: Parts, depth: int, method: str) -> Found:
        hit = get(method, any_method)
        if hit is None:
            return None
        payload, params = hit
        return payload, params(parts), None

    return leaf


def mount_step(claim: Claim) -> Step:
    payload, params, _ = claim

    def mount(parts: Parts, depth: int, method: str) -> Found:
        return payload, params(parts), depth

    return mount


def text_step(children: Dict[Optional[str], Step], otherwise: Step) -> Step:
    get = children.get

    def text(parts: Parts, depth: int, method: str) -> Found:
        child = get(parts[depth])
        if child is not None:
            found = child(parts, depth + 1, method)
            if found is not None:
                return found
        return otherwise(parts, depth, method)

    return text


def branch_step(branch: Branch, otherwise: Step) -> Step:
    segment = branch.segment
    child = compile_node(branch.node)
    if len(segment.parts) > 1:
        return parsed_step(build_splitter(segment), child, otherwise)
    converter = segment.parameters[0].converter
    if converter.spans:
        return spanning_step(converter.parse, branch.following, child, otherwise)
    if converter is PLAIN:
        return plain_step(child, otherwise)
    return parsed_step(converter.parse, child, otherwise)


def plain_step(child: Step, otherwise: Step) -> Step:
    def plain(parts: Parts, depth: int, method: str) -> Found:
        if parts[depth]:
            found = child(parts, depth + 1, method)
            if found is not None:
                return found
        return otherwise(parts, depth, method)

    return plain


def parsed_step(parse: Callable[[str], Any], child: Step, otherwise: Step) -> Step:
    def parsed(parts: Parts, depth: int, method: str) -> Found:
        text = parts[depth]
        if text:
            try:
                parts[depth] = parse(text)
            except ValueError:
                pass
            else:
                found = child(parts, depth + 1, method)
                if found is not None:
                    return found
                parts[depth] = text
        return otherwise(parts, depth, method)

    return parsed


def spanning_step(parse: Callable[[str], Any], following: int, child: Step, otherwise: Step) -> Step:
    """How many segments follow is known, so there is one way only to lay it out."""

    def spanning(parts: Parts, depth: int, method: str) -> Found:
        end = len(parts) - 1 - following
        if depth < end:
            text = parts[depth]
            try:
                parts[depth] = parse("/".join(parts[depth:end]))
            except ValueError:
                pass
            else:
                found = child(parts, end, method)
                if found is not None:
                    return found
                parts[depth] = text
        return otherwise(parts, depth, method)

    return spanning
