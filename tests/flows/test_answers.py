"""Whatever the running product answers bears the headers that keep a browser from making more of it than it is."""

import socket
from urllib.parse import urlsplit

import pytest
import requests

from config.sealed import HEADERS
from tests.flows.product import Product

PLACES = {
    "/": 200,
    "/login/": 302,
    "/mail/": 200,
    "/nowhere": 404,
    "/api/sync/status": 200,
    "/api/nowhere": 404,
    "/api/docs/": 200,
    "/healthz": 200,
    "/static/mailsync/style.css": 200,
    "/static/nothing.css": 404,
}


@pytest.fixture
def session(product: Product) -> requests.Session:
    page = requests.Session()
    page.get(f"{product.address}/login/", timeout=60)
    form = {"username": "demo", "password": "demo", "csrfmiddlewaretoken": page.cookies["csrftoken"]}
    assert page.post(f"{product.address}/login/", data=form, timeout=60).status_code == 200
    return page


def test_pages_files_errors_and_refusals_are_sealed(product: Product, session: requests.Session) -> None:
    for path, status in PLACES.items():
        answer = session.get(product.address + path, timeout=60, allow_redirects=False)
        assert answer.status_code == status, path
        assert {name.decode() for name, _ in HEADERS} <= {name.lower() for name in answer.headers}, path
        assert "Server" not in answer.headers
        kept = "public" if path == "/static/mailsync/style.css" else "no-store"
        assert kept in answer.headers["Cache-Control"], path
        assert "'unsafe-inline'" not in answer.headers["Content-Security-Policy"] or status == 404
    refused = session.post(f"{product.address}/api/tokens/", data=iter([b"x" * 65_536] * 40), timeout=60)
    assert refused.status_code == 413 and refused.headers["X-Content-Type-Options"] == "nosniff"


def test_a_long_body_is_refused_by_its_head_alone(product: Product) -> None:
    where = urlsplit(product.address)
    with socket.create_connection((str(where.hostname), int(where.port or 0)), timeout=60) as line:
        line.sendall(b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9999999999\r\n\r\n")
        assert line.recv(1000).startswith(b"HTTP/1.1 413 ")
