"""Tree: the segments of many patterns put together, and compiled to steps.

A node stands at one depth and is reached along one way only, so a search visits it at most once however it
backtracks: what the program declared bounds the work, not the path that a client thinks of.
"""

from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from microframe.exceptions import SetupError
from microframe.routing.converters import PLAIN
from microframe.routing.segment import Parameter, Segment, build_splitter
from microframe.routing.steps import (
    END,
    Params,
    Parts,
    Step,
    leaf_step,
    mount_step,
    nothing,
    parsed_step,
    plain_step,
    spanning_step,
    text_step,
)

Slot = Tuple[str, int, Optional[int]]
"""A parameter: its name, the part that holds its value, and the item of that where a segment has several."""


class Claim(NamedTuple):
    """Somebody answers here. An `implied` claim gives way to one that is not."""

    payload: Any
    params: Params
    implied: bool = False


class Node:
    """What may come next at one place, while the tree is being built."""

    __slots__ = ("branches", "mount", "table", "texts")

    def __init__(self) -> None:
        self.texts: Dict[Optional[str], Node] = {}
        self.branches: Dict[object, Branch] = {}
        self.table: Dict[str, Claim] = {}
        self.mount: Optional[Claim] = None


class Branch:
    """A segment with parameters. `following` counts the segments after one that spans; otherwise it is -1."""

    __slots__ = ("following", "node", "segment")

    def __init__(self, segment: Segment, following: int) -> None:
        self.segment = segment
        self.following = following
        self.node = Node()


def claim_method(table: Dict[str, Claim], method: str, claim: Claim, describe: Callable[[Any], str]) -> None:
    """Let a claim stand in a table, unless another one stands there that does not give way."""
    standing = table.get(method)
    if standing is None or (standing.implied and not claim.implied):
        table[method] = claim
    elif not claim.implied:
        raise SetupError(f"two equal routes: {describe(standing.payload)} and {describe(claim.payload)}")


def descend(node: Node, segments: Sequence[Segment]) -> Tuple[Node, List[Slot]]:
    """The node at the end of these segments, made if it is not there, and where their values will be."""
    slots: List[Slot] = []
    spanned = False
    for number, segment in enumerate(segments):
        if not segment.parameters:
            text = segment.literal
            child = node.texts.get(text)
            if child is None:
                child = node.texts[text] = Node()
            node = child
            continue
        left = len(segments) - number - 1
        # Behind a parameter that spans, only the distance from the end (one part more, END) is known.
        index = -left - 2 if spanned else number + 1
        spans = segment.spans
        spanned = spanned or spans
        for item, parameter in enumerate(segment.parameters):
            slots.append((parameter.name, index, item if len(segment.parts) > 1 else None))
        key = (segment.shape, left if spans else -1)
        branch = node.branches.get(key)
        if branch is None:
            branch = node.branches[key] = Branch(segment, key[1])
        node = branch.node
    return node, slots


def build_params(slots: Sequence[Slot]) -> Params:
    """Compile slots to the function that names the values. The short ones, nearly all, are written out."""
    if any(item is not None for _, _, item in slots):
        return lambda parts: {
            name: parts[index] if item is None else parts[index][item] for name, index, item in slots
        }
    if not slots:
        return no_params
    name, index, _ = slots[0]
    if len(slots) == 1:
        return lambda parts: {name: parts[index]}
    second, at, _ = slots[1]
    if len(slots) == 2:
        return lambda parts: {name: parts[index], second: parts[at]}
    return lambda parts: {name: parts[index] for name, index, _ in slots}


def no_params(parts: Parts) -> Dict[str, Any]:
    return {}


def precedence(segment: Segment) -> Tuple[Any, ...]:
    """Sorts what may stand at one place, the most specific first; a total order, so declaration has no say.

    Typed parameters among text, typed ones, plain ones among text, plain ones, spanning ones. Then whoever
    has more text, then the ranks of the converters, then the alphabet.
    """
    texts = [part for part in segment.parts if isinstance(part, str)]
    return (
        segment.spans,
        any(parameter.converter is PLAIN for parameter in segment.parameters),
        not texts,
        -sum(map(len, texts)),
        [parameter.converter.rank for parameter in segment.parameters],
        [part.kind if isinstance(part, Parameter) else part for part in segment.parts],
    )


def branch_precedence(branch: Branch) -> Tuple[Any, ...]:
    """As its segment; among those that span, whoever has more behind it."""
    return (*precedence(branch.segment), -branch.following)


def compile_node(node: Node) -> Step:
    """A chain of steps, the most specific first, each handing on to the next where it leads to no hit."""
    step = nothing if node.mount is None else mount_step(node.mount.payload, node.mount.params)
    branches = list(node.branches.values())
    if len(branches) > 1:
        branches.sort(key=branch_precedence, reverse=True)
    for branch in branches:
        step = compile_branch(branch, step)
    if not node.texts and not node.table:
        return step
    children = {text: compile_node(child) for text, child in node.texts.items()}
    if node.table:
        children[END] = leaf_step({method: claim[:2] for method, claim in node.table.items()})
    return text_step(children, step)


def compile_branch(branch: Branch, otherwise: Step) -> Step:
    """The step for a segment with parameters, in front of what is tried otherwise."""
    child = compile_node(branch.node)
    if len(branch.segment.parts) > 1:
        return parsed_step(build_splitter(branch.segment), child, otherwise)
    converter = branch.segment.parameters[0].converter
    if converter.spans:
        return spanning_step(converter.parse, branch.following, child, otherwise)
    if converter is PLAIN:
        return plain_step(child, otherwise)
    return parsed_step(converter.parse, child, otherwise)
