"""Caching of routes: who keeps answers where a route says so, and on which headers they depend."""

from dataclasses import replace
from typing import Iterable, List, Sequence, Union

from microframe.assembly.layers import Place, Stack
from microframe.assembly.protection import Protected, added
from microframe.exceptions import SetupError
from microframe.http.cache_control import Cache
from microframe.injection.injector import Injector
from microframe.injection.records import name_in_message
from microframe.injection.signature import Asked
from microframe.injection.sources import sent_names
from microframe.markers import Parameter
from microframe.routing.route import Mount, Route
from microframe.store import Locks, Store, Tags


def keep_answers(
    application: Protected, stacks: Sequence[Stack], found: Iterable[Union[Route, Mount]]
) -> None:
    """Where a route says that its answers may be kept, they are, whether or not it was asked for.

    Raises:
        SetupError: the store cannot keep them.
    """
    first = next((one for one in found if one.inherited.policies.get("cache")), None)
    if first is None:
        return
    from microframe.caching.responses import ResponseCache
    from microframe.middleware.cache import CacheMiddleware

    providers = application.injector.providers
    for contract in (Store, Tags, Locks):
        if providers.get(contract) is None:
            raise SetupError(f"cache= of {first} needs {contract.__name__}, which the store has not")
    if not added(stacks, CacheMiddleware):
        made = stacks[-1].add(CacheMiddleware, (), {}, Place())
        providers.add(ResponseCache, made.opener(application.config.title), "app", by_plugin=True)


def with_what_it_reads(route: Route, injector: Injector) -> Route:
    """A route whose `cache=` names the headers that parameters and security schemes read, its dependencies' too."""
    policy = route.inherited.policies.get("cache")
    if not isinstance(policy, Cache) or not policy.is_shared:
        return route
    policies = {**route.inherited.policies, "cache": policy.with_vary(headers_read(route, injector))}
    return replace(route, inherited=route.inherited._replace(policies=policies))


def headers_read(route: Route, injector: Injector) -> List[str]:
    # Only routes with `cache=` are described at build.
    from microframe.injection.description import describe

    description = describe(route, injector)
    names: List[str] = []
    for asked, marker in description.parameters:
        if marker.place == "header":
            names += sent_by(asked, marker, injector)
        elif marker.place == "cookie":
            names.append("Cookie")
    for scheme, _ in description.schemes:
        said = scheme.describe()
        place = said.get("in", "http")
        if place == "header":
            names.append(str(said["name"]))
        elif place != "query":
            names.append("Cookie" if place == "cookie" else "Authorization")
    return names


def sent_by(asked: Asked, marker: Parameter, injector: Injector) -> Sequence[str]:
    """The headers of a parameter: one, its other names, or those of a model."""
    codec = injector.codecs.for_annotation(asked.annotation)
    if codec.is_structured(asked.annotation):
        return [name_in_message(field, marker) for field in codec.fields(asked.annotation)]
    return sent_names(asked, marker)
