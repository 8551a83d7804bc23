"""The team board over HTTP: its API, its errors and its front page."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from examples.board.app import app
from microframe.testing import TestClient

ADA, GRACE, BOARD, TODO, DOING, DONE = range(1, 7)  # the ids of the sample
CARDS = f"/boards/{BOARD}/cards"
FOLDER = Path(__file__).parents[2] / "examples" / "board"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def ids(client: TestClient, url: str) -> list[int]:
    return [record["id"] for record in client.get(url).json()]


# Members -------------------------------------------------------------------------------------------------


def test_every_start_begins_with_the_sample(client: TestClient) -> None:
    assert [member["name"] for member in client.get("/members").json()] == ["Ada", "Grace"]
    assert ids(client, "/boards") == [BOARD]
    assert ids(client, CARDS) == [DONE, DOING, TODO]


def test_a_new_member_is_answered_with_the_place_of_its_record(client: TestClient) -> None:
    response = client.post("/members", json={"name": "  Linus "})
    assert response.status_code == 201
    assert response.json()["name"] == "Linus"
    assert client.get(response.headers["location"]).json() == response.json()


def test_a_name_is_taken_however_it_is_written(client: TestClient) -> None:
    response = client.post("/members", json={"name": "ADA"})
    assert response.status_code == 409
    assert response.json()["code"] == "name_taken"
    assert response.json()["detail"] == "There is already a member called ADA."


@pytest.mark.parametrize("body", [{}, {"name": ""}, {"name": "  "}, {"name": "x" * 61}, {"name": 3}, []])
def test_a_member_without_a_proper_name_is_refused(client: TestClient, body: object) -> None:
    response = client.post("/members", json=body)
    assert response.status_code == 422
    assert response.json()["errors"]


def test_who_leaves_leaves_the_cards_to_nobody(client: TestClient) -> None:
    assert client.delete(f"/members/{GRACE}").status_code == 204
    assert client.get(f"/members/{GRACE}").json()["code"] == "member_not_found"
    assert client.delete(f"/members/{GRACE}").status_code == 404
    assert client.get(f"{CARDS}/{DOING}").json()["assignee"] is None
    assert client.get(f"{CARDS}/{DONE}").json()["assignee"] == ADA


# Boards --------------------------------------------------------------------------------------------------


def test_boards_come_newest_first_and_can_be_looked_for(client: TestClient) -> None:
    made = client.post("/boards", json={"title": "Second steps"})
    assert made.status_code == 201
    second = made.json()["id"]
    assert client.get(made.headers["location"]).json() == made.json()
    assert ids(client, "/boards") == [second, BOARD]
    assert ids(client, "/boards?words=STEPS") == [second, BOARD]
    assert ids(client, "/boards?words=second") == [second]


def test_a_patch_changes_what_it_sends_and_nothing_else(client: TestClient) -> None:
    before = client.get(f"/boards/{BOARD}").json()
    changed = client.patch(f"/boards/{BOARD}", json={"title": "Next steps"}).json()
    assert changed == {**before, "title": "Next steps"}
    assert client.patch(f"/boards/{BOARD}", json={}).json() == changed
    assert client.get(f"/boards/{BOARD}").json() == changed


@pytest.mark.parametrize("changes", [{"title": None}, {"title": ""}, {"text": 5}, []])
def test_a_patch_is_held_to_the_rules_of_a_new_board(client: TestClient, changes: object) -> None:
    assert client.patch(f"/boards/{BOARD}", json=changes).status_code == 422


def test_a_board_goes_when_its_cards_are_done(client: TestClient) -> None:
    response = client.delete(f"/boards/{BOARD}")
    assert response.status_code == 409
    assert response.json()["detail"] == f"2 cards of board {BOARD} are not done yet."
    for card in (TODO, DOING):
        client.patch(f"{CARDS}/{card}", json={"stage": "done"})
    assert client.delete(f"/boards/{BOARD}").status_code == 204
    assert client.get(f"/boards/{BOARD}").json()["code"] == "board_not_found"
    assert client.get(CARDS).json()["code"] == "board_not_found"


# Cards ---------------------------------------------------------------------------------------------------


def test_cards_can_be_asked_for_by_stage_and_member(client: TestClient) -> None:
    assert ids(client, f"{CARDS}?stage=todo") == [TODO]
    assert ids(client, f"{CARDS}?stage=todo&stage=doing") == [DOING, TODO]
    assert ids(client, f"{CARDS}?assignee={ADA}") == [DONE]
    assert ids(client, f"{CARDS}?assignee={ADA}&stage=todo") == []
    refused = client.get(f"{CARDS}?stage=started").json()
    assert refused["errors"][0]["loc"] == ["query", "stage", 0]


def test_a_list_comes_in_parts_that_lead_to_each_other(client: TestClient) -> None:
    first = client.get(f"{CARDS}?limit=2")
    assert first.headers["x-total-count"] == "3"
    following = re.fullmatch(r'<(.*)>; rel="next"', first.headers["link"])
    assert following is not None
    last = client.get(following[1])
    assert [card["id"] for card in first.json() + last.json()] == [DONE, DOING, TODO]
    assert "link" not in last.headers


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "offset=-1", "limit=many"])
def test_a_part_of_no_sensible_size_is_refused(client: TestClient, query: str) -> None:
    assert client.get(f"/members?{query}").status_code == 422


def test_a_card_is_made_changed_and_removed(client: TestClient) -> None:
    made = client.post(CARDS, json={"title": "Write tests", "assignee": ADA})
    assert made.status_code == 201
    assert made.json()["stage"] == "todo"
    place = made.headers["location"]
    assert client.get(place).json() == made.json()
    changed = client.patch(place, json={"stage": "doing", "assignee": None}).json()
    assert changed == {**made.json(), "stage": "doing", "assignee": None}
    removed = client.delete(place)
    assert (removed.status_code, removed.content) == (204, b"")
    assert client.get(place).json()["code"] == "card_not_found"


@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_card_is_given_to_members_only(client: TestClient, method: str) -> None:
    place = CARDS if method == "POST" else f"{CARDS}/{TODO}"
    response = client.request(method, place, json={"title": "Whose?", "assignee": 99})
    assert (response.status_code, response.json()["code"]) == (409, "nobody_to_assign")
    assert response.json()["detail"] == "There is no member 99 who could do this card."
    assert ids(client, CARDS) == [DONE, DOING, TODO]


def test_a_card_is_found_on_its_own_board_only(client: TestClient) -> None:
    other = client.post("/boards", json={"title": "Other"}).json()["id"]
    response = client.get(f"/boards/{other}/cards/{TODO}")
    assert response.status_code == 404
    assert response.json()["detail"] == f"There is no card {TODO} on board {other}."


# Everywhere ----------------------------------------------------------------------------------------------


def test_a_number_that_is_none_is_no_reason_to_fail(client: TestClient) -> None:
    assert client.get("/boards/first").json()["errors"][0]["loc"] == ["path", "board_id"]


def test_other_methods_are_told_which_there_are(client: TestClient) -> None:
    response = client.put(CARDS, json={})
    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_the_front_page_and_its_files_are_there(client: TestClient) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    for file, kind in (("board.js", "text/javascript"), ("board.css", "text/css")):
        assert f"/static/{file}" in page.text
        assert client.get(f"/static/{file}").headers["content-type"].startswith(kind)


@pytest.mark.parametrize("name", ["index.html", "shield.html"])
def test_nothing_on_a_page_is_inline_without_a_nonce_or_from_elsewhere(name: str) -> None:
    page = (FOLDER / "pages" / name).read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]* (src|nonce)=)|<style| style=| on[a-z]+=|https?:", page)


@pytest.mark.parametrize("name", ["board.js", "shield.js"])
def test_no_script_makes_html_of_text_or_loads_from_elsewhere(name: str) -> None:
    script = (FOLDER / "static" / name).read_text(encoding="utf-8")
    assert not re.search(r"innerHTML|insertAdjacentHTML|eval\(|https?://", script)


def test_the_front_page_lists_every_route(client: TestClient) -> None:
    page = client.get("/").text
    listed = {route.path for route in app.routes}
    assert listed
    for path in listed:
        assert path in page


def test_the_front_page_lists_every_declared_problem_and_each_is_explained(client: TestClient) -> None:
    listed = set(re.findall(r'href="/problems/(\w+)"', client.get("/").text))
    declared = {kind.code for route in app.routes for kind in route.inherited.raises}  # type: ignore[attr-defined]
    assert listed == declared
    for code in listed:
        page = client.get(f"/problems/{code}", headers={"accept": "text/html"})
        assert page.status_code == 200
        assert page.headers["content-type"].startswith("text/html")
