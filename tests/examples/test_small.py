"""The small examples do what they say."""

import json
from pathlib import Path

import pytest

from examples import controllers, hello, plugin
from microframe import AppConfig, Application, SetupError
from microframe.testing import TestClient


def test_hello_greets_by_name_and_as_often_as_asked() -> None:
    client = TestClient(hello.app)
    assert client.get("/").json() == {"greetings": ["Hello world!"]}
    assert client.get("/?name=Ada&times=2").json()["greetings"] == ["Hello Ada!"] * 2
    assert client.get("/", params={"times": "often"}).status_code == 422


def test_a_controllers_handlers_share_what_its_constructor_asks_for() -> None:
    with TestClient(controllers.app) as client:
        tea = {"title": "Tea", "minutes": 4}
        assert client.put("/recipes/tea", json=tea).status_code == 201
        assert client.get("/recipes").json() == [tea]
        assert client.get("/recipes", params={"longest": 3}).json() == []
        assert client.get("/recipes/tea").json() == tea
        assert client.delete("/recipes/tea").status_code == 204
        assert client.delete("/recipes/tea").json()["detail"] == "There is no recipe for tea."


def test_the_plugin_counts_visits_for_its_route_its_command_and_handlers() -> None:
    with TestClient(plugin.app) as client:
        assert [client.get("/").status_code for _ in range(2)] == [200, 200]
        assert client.get("/unknown").status_code == 404
        assert client.get("/").json() == "This page was read 2 times before."
        assert client.get("/visits").json() == {"/": 3}


async def test_the_plugins_command_is_given_what_it_asks_for() -> None:
    app = Application(plugins=[plugin.VisitsPlugin()])
    (await app.call(visits_of)).counts["/"] = 3
    assert await app.call(app.commands["print-visits"]) == "     3 /"


async def visits_of(visits: plugin.Visits) -> plugin.Visits:
    return visits


def test_the_plugins_options_come_from_the_configuration(tmp_path: Path) -> None:
    file = tmp_path / "visits.json"
    file.write_text('{"/counts": 5}')
    config = AppConfig(sections={"visits": {"path": "/counts", "file": str(file)}})
    with TestClient(Application(config, plugins=[plugin.VisitsPlugin()])) as client:
        assert client.get("/counts").json() == {"/counts": 5}
    assert json.loads(file.read_text()) == {"/counts": 6}


def test_an_unknown_option_of_the_plugin_stops_the_program() -> None:
    config = AppConfig(sections={"visits": {"pth": "/counts"}})
    with pytest.raises(SetupError, match=r"'visits'.*pth"):
        Application(config, plugins=[plugin.VisitsPlugin()]).build()


def test_two_applications_have_visits_of_their_own() -> None:
    first, second = (TestClient(Application(plugins=[plugin.VisitsPlugin()])) for _ in range(2))
    first.get("/visits")
    assert first.get("/visits").json() == {"/visits": 1}
    assert second.get("/visits").json() == {}
