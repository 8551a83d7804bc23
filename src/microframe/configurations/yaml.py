"""YAML: read with PyYAML's safe loader; a key that is there twice is refused."""

from typing import Dict, Hashable, List, Set, Tuple

from microframe.extras import requires_extra

with requires_extra("settings"):
    import yaml


class _Loader(yaml.SafeLoader):
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> Dict[Hashable, object]:
        seen: Set[object] = set()
        pairs: List[Tuple[yaml.Node, yaml.Node]] = node.value if node.id == "mapping" else []
        for key, _ in pairs:
            name = key.value if isinstance(key, yaml.ScalarNode) else key
            if name in seen:
                raise yaml.constructor.ConstructorError(None, None, "a key is there twice", key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep)


def parse_yaml(text: str) -> object:
    """The document's value.

    Raises:
        ValueError: it is not YAML, or more than its safe part. The text is `line N`, or nothing.
    """
    try:
        loader = _Loader(text)
        try:
            return loader.get_single_data()
        finally:
            loader.dispose()  # type: ignore[no-untyped-call, unused-ignore]  # typed in newer stubs
    except yaml.YAMLError as exc:
        # Only the place: the error's own text quotes the line, and a secret may stand in it.
        mark = getattr(exc, "problem_mark", None)
        raise ValueError(f"line {mark.line + 1}" if mark else "") from None
