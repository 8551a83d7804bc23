"""The files of the team board: uploaded, listed, downloaded whole and in parts, gone with their card."""

from collections.abc import Iterator

import pytest

from examples.board.app import app
from examples.board.files import LARGEST
from microframe.testing import TestClient

CARD = "/boards/3/cards/4"
DONE = "/boards/3/cards/6"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app) as client:
        yield client


def attach(
    client: TestClient, name: str = "plan.txt", content: bytes = b"0123456789", card: str = CARD
) -> str:
    answer = client.post(f"{card}/files", data={"note": "the plan"}, files={"file": (name, content)})
    assert answer.status_code == 201, answer.text
    return answer.headers["location"]


def test_a_file_is_kept_under_its_name_and_given_back(client: TestClient) -> None:
    place = attach(client, "../my plan.txt")
    (file,) = client.get(f"{CARD}/files").json()
    assert (file["name"], file["note"], file["size"]) == ("my plan.txt", "the plan", 10)
    assert "stored" not in file
    answer = client.get(place)
    assert answer.content == b"0123456789"
    assert answer.headers["content-disposition"] == 'attachment; filename="my plan.txt"'
    assert answer.headers["content-type"] == "application/octet-stream"


def test_a_part_of_a_file_can_be_asked_for(client: TestClient) -> None:
    place = attach(client)
    part = client.get(place, headers={"range": "bytes=2-4"})
    assert (part.status_code, part.content) == (206, b"234")
    assert part.headers["content-range"] == "bytes 2-4/10"
    known = client.get(place, headers={"if-none-match": part.headers["etag"]})
    assert known.status_code == 304


def test_what_is_too_large_or_too_many_or_no_form_is_refused(client: TestClient) -> None:
    large = client.post(f"{CARD}/files", files={"file": ("a", b"x" * (LARGEST + 1))})
    assert large.status_code == 413
    for _ in range(20):
        attach(client)
    full = client.post(f"{CARD}/files", files={"file": ("a", b"x")})
    assert (full.status_code, full.json()["code"]) == (409, "too_many_files")
    assert client.post(f"{CARD}/files", json={}).status_code == 415
    assert client.post(f"{CARD}/files", data={"note": "x"}).status_code == 422


def test_files_go_with_their_card_and_their_board(client: TestClient) -> None:
    place, other = attach(client), attach(client, card=DONE)
    assert client.delete(CARD).status_code == 204
    assert client.get(place).json()["code"] == "card_not_found"
    client.patch("/boards/3/cards/5", json={"stage": "done"})
    assert client.delete("/boards/3").status_code == 204
    assert client.get(other).status_code == 404


def test_a_file_can_be_removed(client: TestClient) -> None:
    place = attach(client)
    assert client.delete(place).status_code == 204
    assert client.get(place).json()["code"] == "file_not_found"
    assert client.get(f"{CARD}/files").json() == []


def test_what_happens_is_told_as_events(client: TestClient) -> None:
    attach(client, "news.txt")
    with client.stream("GET", "/boards/3/activity") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        told = [event.json()["kind"] for _, event in zip(range(4), answer.iter_events())]
    assert told == ["card added", "card added", "card added", "file added"]


def test_the_first_version_of_the_api_still_answers_and_says_that_it_will_go(client: TestClient) -> None:
    old = client.get("/boards/3/cards", headers={"API-Version": "2026-01"})
    assert [len(old.json()[stage]) for stage in ("todo", "doing", "done")] == [1, 1, 1]
    assert old.headers["sunset"] == "Mon, 01 Nov 2027 00:00:00 GMT"
    new = client.get("/boards/3/cards")
    assert (len(new.json()), new.headers["api-version"]) == (3, "2026-11")
