"""The team board under its shield: who is signed in, what a browser may do and how often, what is kept for others."""

import re
from collections.abc import Iterator

import pytest

from examples.board.app import app
from examples.board.policies import SIGN_INS, WRITES
from microframe.testing import ClientResponse, TestClient

ADA, GRACE, BOARD = 1, 2, 3  # the ids of the sample
CARDS = f"/boards/{BOARD}/cards"
SUMMARY = f"/boards/{BOARD}/summary"


@pytest.fixture
def client() -> Iterator[TestClient]:
    with TestClient(app, follow_redirects=False) as client:
        yield client


def token_of(client: TestClient) -> str:
    found = re.search('name="csrf-token" content="([^"]+)"', client.get("/").text)
    assert found is not None
    return found[1]


def try_to_sign_in(client: TestClient, member_id: int = ADA) -> ClientResponse:
    return client.post("/sign-in", data={"member_id": str(member_id), "csrf_token": token_of(client)})


def sign_in(client: TestClient, member_id: int = ADA) -> None:
    answer = try_to_sign_in(client, member_id)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


def other_browser() -> TestClient:
    return TestClient(app, follow_redirects=False)


# Visitors ------------------------------------------------------------------------------------------------


def test_choosing_a_name_signs_in_and_a_message_says_so_once(client: TestClient) -> None:
    assert "<option value=1>Ada</option>" in client.get("/").text
    sign_in(client)
    page = client.get("/").text
    assert "You are <b>Ada</b>" in page
    assert "You are now Ada." in page
    assert "You are now Ada." not in client.get("/").text
    client.post("/sign-out", data={"csrf_token": token_of(client)})
    page = client.get("/").text
    assert "You are signed out." in page
    assert 'action="/sign-in"' in page


def test_the_session_has_another_id_after_signing_in(client: TestClient) -> None:
    client.post("/sign-out", data={"csrf_token": token_of(client)})  # leaves a message, so there is a session
    before = client.get("/shield/facts").json()
    sign_in(client)
    after = client.get("/shield/facts").json()
    assert (before["user"], after["user"]) == ("", "1")
    assert before["session"] != after["session"]


def test_a_name_is_shown_as_text(client: TestClient) -> None:
    made = client.post(
        "/members", json={"name": "<img src=x onerror=alert(1)>"}, headers={"authorization": "Bearer x"}
    )
    sign_in(client, made.json()["id"])
    for page in ("/", "/shield"):
        text = client.get(page).text
        assert "<img" not in text
        assert "&lt;img src=x" in text


def test_who_left_the_team_is_nobody(client: TestClient) -> None:
    sign_in(client, GRACE)
    client.delete(f"/members/{GRACE}", headers={"x-csrf-token": token_of(client)})
    assert 'action="/sign-in"' in client.get("/").text
    assert try_to_sign_in(client, GRACE).status_code == 404


def test_who_is_signed_in_need_not_say_who_talks(client: TestClient) -> None:
    sign_in(client, GRACE)
    with client.websocket_connect(f"/boards/{BOARD}/chat") as socket:
        while True:
            message = socket.receive_json()
            if message["kind"] == "joined":
                break
    assert message["who"] == "Grace"


def test_other_browsers_are_listed_and_can_be_signed_out(client: TestClient) -> None:
    sign_in(client)
    other = other_browser()
    sign_in(other)
    places = re.findall(r'action="(/browsers/\w+/sign-out)"', client.get("/shield").text)
    assert len(places) == 1
    assert "You are <b>Ada</b>" in other.get("/").text
    answer = client.post(places[0], data={"csrf_token": token_of(client)})
    assert (answer.status_code, answer.headers["location"]) == (303, "/shield")
    assert 'action="/sign-in"' in other.get("/").text
    assert "You are <b>Ada</b>" in client.get("/").text
    assert "/browsers/" not in client.get("/shield").text
    again = client.post(places[0], data={"csrf_token": token_of(client)})
    assert (again.status_code, again.json()["code"]) == (404, "browser_not_found")


def test_nobody_signs_out_another_members_browser(client: TestClient) -> None:
    sign_in(client)
    other = other_browser()
    sign_in(other)
    (place,) = re.findall(r'action="(/browsers/\w+/sign-out)"', client.get("/shield").text)
    stranger = other_browser()
    sign_in(stranger, GRACE)
    assert stranger.post(place, data={"csrf_token": token_of(stranger)}).status_code == 404
    assert "You are <b>Ada</b>" in other.get("/").text


# What pages of others cannot do --------------------------------------------------------------------------


def test_forms_and_scripts_need_the_token_and_programs_do_not(client: TestClient) -> None:
    card = {"title": "Plan"}
    assert other_browser().post(CARDS, json=card).status_code == 201  # no cookie, nothing to abuse
    token = token_of(client)
    assert client.post(CARDS, json=card).status_code == 403
    assert client.post("/sign-in", data={"member_id": ADA}).status_code == 403
    assert client.post(CARDS, json=card, headers={"x-csrf-token": token}).status_code == 201
    assert client.post(CARDS, json=card, headers={"authorization": "Bearer x"}).status_code == 201
    htmx = {"hx-request": "true", "origin": "http://testserver"}
    assert client.post(CARDS, json=card, headers=htmx).status_code == 201
    elsewhere = {"x-csrf-token": token, "origin": "https://evil.example"}
    assert client.post(CARDS, json=card, headers=elsewhere).status_code == 403


@pytest.mark.parametrize("path", ["/", "/shield", "/boards", "/docs", "/unknown"])
def test_every_answer_has_the_headers_of_the_shield(client: TestClient, path: str) -> None:
    headers = client.get(path).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["served-by"].isdigit()


def test_the_one_inline_script_has_the_nonce_of_its_answer(client: TestClient) -> None:
    nonces = set()
    for _ in range(2):
        page = client.get("/shield")
        found = re.search(r'<script type="module" nonce="([^"]+)">', page.text)
        assert found is not None
        assert f"'nonce-{found[1]}'" in page.headers["content-security-policy"]
        nonces.add(found[1])
    assert len(nonces) == 2
    assert "nonce" not in client.get("/").headers["content-security-policy"]


# Limits --------------------------------------------------------------------------------------------------


def test_sign_ins_and_writes_are_limited_and_reads_go_on(client: TestClient) -> None:
    answers = [try_to_sign_in(client) for _ in range(SIGN_INS.quota + 1)]
    assert [answer.status_code for answer in answers] == [303] * SIGN_INS.quota + [429]
    assert int(answers[-1].headers["retry-after"]) > 0
    assert answers[0].headers["ratelimit-policy"] == '"sign-ins";q=10;w=60'
    program = other_browser()
    left = [program.post("/boards", json={"title": "One"}).headers["ratelimit"] for _ in range(2)]
    assert [text.partition(";t")[0] for text in left] == ['"writes";r=119', '"writes";r=118']
    statuses = [program.delete("/boards/99").status_code for _ in range(WRITES.quota - 1)]
    assert statuses == [404] * (WRITES.quota - 2) + [429]
    assert program.get("/boards").status_code == 200


# What is kept for others ---------------------------------------------------------------------------------


def test_a_summary_is_counted_once_until_a_card_changes(client: TestClient) -> None:
    first, again = client.get(SUMMARY), client.get(SUMMARY)
    assert first.json()["cards"] == {"todo": 1, "doing": 1, "done": 1}
    assert again.json() == first.json()
    assert again.headers["cache-status"].startswith("MicroFrame; hit")
    assert client.get(SUMMARY, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    program = other_browser()
    place = program.post(CARDS, json={"title": "More"}).headers["location"]
    assert client.get(SUMMARY).json()["cards"]["todo"] == 2
    program.patch(place, json={"stage": "done"})
    assert client.get(SUMMARY).json()["cards"] == {"todo": 1, "doing": 1, "done": 2}
    program.delete(place)
    assert client.get(SUMMARY).json()["cards"]["done"] == 1


def test_what_is_personal_is_kept_by_nobody(client: TestClient) -> None:
    sign_in(client)
    for path in ("/", "/shield", "/shield/facts"):
        headers = client.get(path).headers
        assert "no-store" in headers["cache-control"]
        assert "cache-status" not in headers


def test_a_card_that_is_sent_twice_is_added_once(client: TestClient) -> None:
    sent = {"json": {"title": "Once"}, "headers": {"idempotency-key": "one"}}
    first, again = (client.post(CARDS, **sent) for _ in range(2))  # type: ignore[arg-type]  # two options by name
    assert (first.json(), again.headers["idempotency-replayed"]) == (again.json(), "true")
    assert [card["title"] for card in client.get(CARDS).json()].count("Once") == 1


def test_large_answers_are_compressed(client: TestClient) -> None:
    assert client.get("/", headers={"accept-encoding": "gzip"}).headers["content-encoding"] == "gzip"
