"""Security: the schemes that operations need, each named once under `components.securitySchemes`."""

from typing import Any, Dict, List, Sequence, Tuple

from microframe.security.scheme import SecurityScheme


class Schemes:
    """The security schemes of one document."""

    def __init__(self) -> None:
        self._described: Dict[str, Dict[str, Any]] = {}

    def add(self, scheme: SecurityScheme) -> str:
        """The name of a scheme in the document; two that differ have two, whatever they are called."""
        described = dict(scheme.describe())
        name, number = scheme.scheme_name, 1
        while self._described.get(name, described) != described:
            number += 1
            name = f"{scheme.scheme_name}_{number}"
        self._described[name] = described
        return name

    def requirements(
        self, used: Sequence[Tuple[SecurityScheme, Tuple[str, ...]]]
    ) -> List[Dict[str, List[str]]]:
        """What an operation needs (OpenAPI 3.1 §4.8.30): all that refuse together; of those that do not, any."""
        needed: Dict[str, List[str]] = {}
        optional: Dict[str, List[str]] = {}
        for scheme, scopes in used:
            group = needed if getattr(scheme, "auto_error", True) else optional
            known = group.setdefault(self.add(scheme), [])
            known += [scope for scope in scopes if scope not in known]
        choices = [{name: scopes} for name, scopes in optional.items() if name not in needed]
        if not needed:
            return choices
        return [{**needed, **choice} for choice in choices] or [needed]

    def build(self) -> Dict[str, Any]:
        return {name: self._described[name] for name in sorted(self._described)}
