"""Checklist 10 and 11: what browsers say of a request decides, and what is safe to ask for changes nothing."""

from typing import Any, Dict, List, Optional, Tuple

import pytest

from microframe import Application, Router
from microframe.cli.checks.safe_methods import find_unsafe_gets, is_change
from microframe.middleware.csrf import CSRFMiddleware, CsrfToken
from microframe.testing import TestClient

SITES = ["same-origin", "same-site", "cross-site", "none", None]
METHODS = ["GET", "HEAD", "OPTIONS", "QUERY", "POST", "PUT", "PATCH", "DELETE"]
SAFE = ("GET", "HEAD", "OPTIONS", "QUERY")


def build(**options: Any) -> Application:
    app = Application()
    app.add_middleware(CSRFMiddleware, **options)

    @app.get("/token")
    async def token(token: CsrfToken) -> str:
        return str(token)

    @app.api_route("/", methods=METHODS)
    async def act() -> str:
        return "done"

    return app


MATRIX: List[Tuple[str, Optional[str], bool]] = [
    (method, site, has_token) for method in METHODS for site in SITES for has_token in (False, True)
]


@pytest.mark.parametrize(("method", "site", "has_token"), MATRIX, ids=range(len(MATRIX)))
def test_only_this_origin_s_pages_act_in_the_name_of_a_visitor(
    method: str, site: Optional[str], has_token: bool
) -> None:
    client = TestClient(build())
    token = client.get("/token").json()
    headers: Dict[str, str] = {"x-csrf-token": token} if has_token else {}
    if site is not None:
        headers["sec-fetch-site"] = site
    foreign = site in ("same-site", "cross-site")
    allowed = method in SAFE or (has_token and not foreign)
    assert (client.request(method, "/", headers=headers).status_code < 400) == allowed


@pytest.mark.parametrize("mode", ["navigate", "cors", "no-cors", "same-origin", "websocket"])
@pytest.mark.parametrize("dest", ["document", "empty", "image", "script", "iframe", "object"])
def test_no_mode_and_no_destination_changes_that(mode: str, dest: str) -> None:
    client = TestClient(build())
    token = client.get("/token").json()
    said = {"sec-fetch-mode": mode, "sec-fetch-dest": dest, "x-csrf-token": token}
    assert client.post("/", headers={**said, "sec-fetch-site": "cross-site"}).status_code == 403
    assert client.post("/", headers={**said, "sec-fetch-site": "same-origin"}).status_code == 200


@pytest.mark.parametrize(
    "site", ["Cross-Site", "cross-site, same-origin", "same-origin, cross-site", "x", ""]
)
def test_what_no_browser_says_of_the_site_needs_its_token_at_least(site: str) -> None:
    client = TestClient(build())
    client.get("/token")
    assert client.post("/", headers={"sec-fetch-site": site}).status_code == 403


def test_a_trusted_origin_may_act_from_another_site() -> None:
    client = TestClient(build(trusted_origins=["https://partner.example"]))
    client.get("/token")
    said = {"sec-fetch-site": "cross-site", "origin": "https://partner.example"}
    assert client.post("/", headers=said).status_code == 200
    assert client.post("/", headers={**said, "origin": "https://evil.example"}).status_code == 403


# Safe methods --------------------------------------------------------------------------------------------------------

CHANGES = [
    "delete_card",
    "remove-card",
    "deleteCard",
    "DeleteCard",
    "update",
    "purge_cache",
    "revoke_token",
    "ban",
]
SHOWS = [
    *("show_card", "deleted_cards", "updates", "delete_form", "confirm_delete", "deletePage", "list_updates"),
    *("removal", "update_card_form", "create", "new_card", "edit_card", "index", ""),
]


@pytest.mark.parametrize("name", CHANGES)
def test_a_name_that_changes_something_is_known(name: str) -> None:
    assert is_change(name)


@pytest.mark.parametrize("name", SHOWS)
def test_a_name_that_shows_something_is_left_alone(name: str) -> None:
    assert not is_change(name)


def test_a_route_that_changes_something_for_a_get_is_found() -> None:
    app, inner, router = Application(), Application(), Router(prefix="/cards")

    async def handler() -> str:
        return ""

    async def delete_card() -> str:
        return ""

    router.get("/{card}/delete")(handler)
    router.get("/{card}")(delete_card)
    router.delete("/{card}")(delete_card)
    router.post("/{card}/update")(handler)
    router.get("/deleted")(handler)
    inner.get("/purge")(handler)
    app.include_router(router)
    app.mount("/inner", inner)
    found = list(find_unsafe_gets(app.build()))
    assert [one.message.split(" is ")[0] for one in found] == [
        *("GET /cards/{card}/delete", "GET /cards/{card}", "GET /inner/purge")
    ]
    assert {one.file for one in found} == {__file__}
    assert all(one.line > 0 and one.code == "unsafe-get" for one in found)


def test_the_demo_changes_nothing_for_a_get() -> None:
    from examples.board.app import app

    assert list(find_unsafe_gets(app.build())) == []
