"""Versions: what an operation says of the versions of the API that it is in."""

from dataclasses import replace
from typing import Any, Dict, Iterable, List, Optional, Type

from microframe.exceptions import HTTPException, NotAcceptableException, UnknownVersionException
from microframe.routing.route import Route
from microframe.routing.versions import HeaderVersions, MediaTypeVersions, Versions

JSON = "application/json"


def routes_of_version(routes: Iterable[Route], version: str) -> List[Route]:
    """The routes of one version, as if it were the only one, and those that are in none."""
    alone = (version,)
    return [
        route
        if route.inherited.versions is None
        else replace(route, inherited=route.inherited._replace(versions=alone))
        for route in routes
        if route.inherited.versions is None or version in route.inherited.versions
    ]


def refusals(route: Route, versioning: Optional[Versions]) -> List[Type[HTTPException]]:
    """How a request is refused that asks for no version there is."""
    if route.inherited.versions is None:
        return []
    if isinstance(versioning, HeaderVersions):
        return [UnknownVersionException]
    return [NotAcceptableException] if isinstance(versioning, MediaTypeVersions) else []


def add_versions(operation: Dict[str, Any], route: Route, versioning: Optional[Versions]) -> None:
    """Say how an operation is asked for in its versions, and whether all of them will go."""
    versions = route.inherited.versions
    if versioning is None or versions is None:
        return
    if all(version in versioning.deprecated for version in versions):
        operation["deprecated"] = True
    if isinstance(versioning, HeaderVersions):
        header = {
            "name": versioning.header,
            "in": "header",
            "required": versioning.default not in versions,
            "schema": {"type": "string", "enum": list(versions), "title": "Version"},
        }
        operation.setdefault("parameters", []).append(header)
    for response in operation["responses"].values():
        if JSON in response.get("content", {}):
            response["content"] = renamed(
                response["content"], [versioning.media_type(one) for one in versions]
            )


def renamed(content: Dict[str, Any], media_types: List[str]) -> Dict[str, Any]:
    """The content of a response with JSON called by what it is in each version."""
    found: Dict[str, Any] = {}
    for media, described in content.items():
        names = media_types if media == JSON else [media]
        found.update(dict.fromkeys(names, described))
    return found
