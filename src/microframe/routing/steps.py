"""Steps: the closures a compiled tree is made of. Each tries one thing at one depth, or hands on."""

from typing import Any, Callable, Dict, List, Mapping, Optional, Tuple

Parts = List[Any]
"""A path between its slashes, then END. A parameter's text gives way to its value while a branch is tried."""

Params = Callable[[Parts], Dict[str, Any]]
"""The parameters by name, once their values are in place."""

Found = Optional[Tuple[Any, Dict[str, Any], Any]]
"""Payload, parameters, and at a mount the number of parts it has taken."""

Step = Callable[[Parts, int, str], Found]
"""Asked with the parts, the depth it stands at, and the method."""

ANY = "*"
"""Stands for every method that is not named beside it."""

END = None  # no text, so that nothing a client writes can be taken for it


def nothing(parts: Parts, depth: int, method: str) -> Found:
    """The last of a chain."""
    return None


def leaf_step(hits: Mapping[str, Tuple[Any, Params]]) -> Step:
    """The path ends here: method to payload."""
    get = hits.get
    any_method = hits.get(ANY)

    def leaf(parts: Parts, depth: int, method: str) -> Found:
        hit = get(method, any_method)
        if hit is None:
            return None
        payload, params = hit
        return payload, params(parts), None

    return leaf


def mount_step(payload: Any, params: Params) -> Step:
    """Whatever follows."""

    def mount(parts: Parts, depth: int, method: str) -> Found:
        return payload, params(parts), depth

    return mount


def text_step(children: Mapping[Optional[str], Step], otherwise: Step) -> Step:
    """One of these texts, or END."""
    get = children.get

    def text(parts: Parts, depth: int, method: str) -> Found:
        child = get(parts[depth])
        if child is not None:
            found = child(parts, depth + 1, method)
            if found is not None:
                return found
        return otherwise(parts, depth, method)

    return text


def plain_step(child: Step, otherwise: Step) -> Step:
    """Any text but none."""

    def plain(parts: Parts, depth: int, method: str) -> Found:
        if parts[depth]:
            found = child(parts, depth + 1, method)
            if found is not None:
                return found
        return otherwise(parts, depth, method)

    return plain


def parsed_step(parse: Callable[[str], Any], child: Step, otherwise: Step) -> Step:
    """Any text that a converter makes something of."""

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
    """All segments but as many as must follow: their number is known, so there is one way to lay it out."""

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
