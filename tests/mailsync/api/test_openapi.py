"""The published schema, as programs and people read it."""

import re
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(client: Client) -> Any:
    return client.get("/api/schema/", headers={"accept": "application/vnd.oai.openapi+json"}).json()


def test_every_call_names_the_token_and_the_session_as_ways_in(schema: Any) -> None:
    assert schema["openapi"] == "3.1.0"
    schemes = schema["components"]["securitySchemes"]
    assert schemes["token"].items() >= {"type": "apiKey", "in": "header", "name": "Authorization"}.items()
    assert (schemes["session"]["in"], schemes["session"]["name"]) == ("cookie", "sessionid")
    calls = [call for path in schema["paths"].values() for verb, call in path.items() if verb != "parameters"]
    assert calls
    for call in calls:
        assert {"token": []} in call["security"], call["operationId"]
        assert {"session": []} in call["security"], call["operationId"]


def test_the_page_loads_everything_from_here_and_runs_nothing_inline(client: Client) -> None:
    answer = client.get("/api/docs/")
    html = answer.content.decode()
    assert "default-src 'self'" in answer["Content-Security-Policy"]
    assert "<style" not in html
    assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", html))
    addresses = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert len(addresses) == 6
    assert all(address.startswith("/") and not address.startswith("//") for address in addresses)
    for address in addresses:
        if address.startswith("/static/"):
            assert finders.find(address.removeprefix("/static/")), address


def test_the_script_of_the_page_names_the_schema(client: Client) -> None:
    html = client.get("/api/docs/").content.decode()
    (address,) = re.findall(r'src="(/api/docs/[^"]*)"', html)
    answer = client.get(address)
    assert answer["Content-Type"].startswith("application/javascript")
    assert "/api/schema" in answer.content.decode()
