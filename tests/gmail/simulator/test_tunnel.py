"""Clients that know only Google's own addresses."""

from pathlib import Path

import pytest
import requests

from tests.gmail.simulator.conftest import Start
from tests.gmail.simulator.schemas import check
from tests.gmail.simulator.visitor import Visitor, free_port


class Google:
    """A simulator behind a proxy that speaks for Google."""

    def __init__(self, start: Start, directory: Path) -> None:
        self.ca, self.port = directory / "ca.pem", free_port()
        options = (
            "--messages",
            "30",
            "--accounts",
            "a@example.com",
            "--proxy",
            str(self.port),
            "--proxy-ca",
            str(self.ca),
        )
        self.visitor: Visitor = start(*options)

    def session(self) -> requests.Session:
        session = requests.Session()
        session.trust_env = False
        session.proxies = {"https": f"http://127.0.0.1:{self.port}"}
        session.verify = str(self.ca)
        return session


@pytest.fixture(scope="module")
def google(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Google:
    return Google(start, tmp_path_factory.mktemp("proxy"))


def test_googles_own_addresses_lead_to_the_simulator(google: Google) -> None:
    with google.session() as session:
        form = {"client_id": "simulator", "client_secret": "simulator", "grant_type": "refresh_token"}
        form["refresh_token"] = "sim-refresh-a@example.com"
        token = session.post("https://oauth2.googleapis.com/token", data=form, timeout=10).json()["access_token"]
        session.headers["Authorization"] = f"Bearer {token}"
        answer = session.get("https://gmail.googleapis.com/gmail/v1/users/me/profile", timeout=10)

    assert check("Profile", answer.json())["messagesTotal"] == 30


def test_other_hosts_are_refused(google: Google) -> None:
    with google.session() as session, pytest.raises(requests.exceptions.ProxyError):
        session.get("https://example.com/", timeout=10)


def test_nobody_trusts_the_certificate_unasked(google: Google) -> None:
    with google.session() as session, pytest.raises(requests.exceptions.SSLError):
        session.verify = True
        session.get("https://gmail.googleapis.com/", timeout=10)
