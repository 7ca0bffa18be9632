"""A grant that ends while it is used; secrets that are nowhere to be found."""

import base64
import re
import threading
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import redis
import requests

from tests.flows.conftest import MESSAGES, unused_mailbox
from tests.flows.product import Gmail, Product, eventually
from tests.flows.test_button import logged_in

PAGE = 100
FORGED = "eyJhbGciOiJSUzI1NiJ9.forged-push-bearer.signature"
SESSIONS = """
import json
from django.contrib.sessions.models import Session
print(json.dumps([str(each.get_decoded()) for each in Session.objects.all()]))
"""


@pytest.mark.long
@pytest.mark.timeout(300)  # a revocation is told of within a minute, and the product may have to start first
def test_a_grant_revoked_in_mid_page_is_left_alone_until_its_owner_renews_it(
    product: Product, gmail: Gmail, account: int, mailbox: str
) -> None:
    task = product.start(account).json()["task_id"]
    product.done(task, at_least=PAGE)
    gmail.control("revoke", email=mailbox)

    failed = product.finished(task, within=60)

    assert (failed["state"], failed["error"]["code"]) == ("FAILED", "reconnect_needed")
    stood = failed["stats"]["done"]
    assert PAGE <= stood < MESSAGES
    page = logged_in(product).get(product.address + "/", timeout=60).text
    assert f'href="/connect/?account={account}"' in page
    before = gmail.stats()["http"]
    with product.database() as database:
        database.execute("UPDATE mailsync_account SET next_sync_at = now() WHERE id = %s", [account])
    for way, path in (("POST", "smart"), ("POST", "batch"), ("GET", "check"), ("POST", "today"), ("POST", "simple")):
        refused = product.call(way, f"/api/sync/{path}", params={"account": account})
        assert (refused.status_code, refused.json()["code"]) == (409, "reconnect_needed"), path
    time.sleep(12)  # two ticks of the clock, a dozen wakes
    assert gmail.stats()["http"] == before
    assert len(product.call("GET", "/api/jobs/", params={"account": account}).json()["results"]) == 1

    gmail.control("grant", email=mailbox)
    assert product.connect(mailbox) == account
    again = product.finished(product.start(account).json()["task_id"])

    assert again["state"] == "SUCCEEDED"
    gets = gmail.stats()["gets"][mailbox]
    assert len(gets) == MESSAGES
    assert sum(gets.values()) - MESSAGES <= PAGE  # it went on where it stood
    assert "Equal." in product.manage("verify_account", mailbox)


class Form(HTMLParser):
    """What a consent form sends when nothing in it is changed but the account."""

    def __init__(self, html: str, email: str) -> None:
        super().__init__()
        self.fields: list[tuple[str, str]] = [("decision", "allow"), ("email", email)]
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: Any) -> None:
        given = dict(attributes)
        if tag == "input" and given.get("name") == "scope":
            self.fields.append(("scope", given["value"]))


def consented(browser: requests.Session, product: Product, email: str) -> str:
    """Go through Google's consent; the address that the browser came back to, with its code."""
    asked = browser.get(product.address + "/connect/", allow_redirects=False, timeout=60).headers["Location"]
    page = requests.get(asked, timeout=60).text
    decided = requests.post(asked, data=Form(page, email).fields, allow_redirects=False, timeout=60)
    back = decided.headers["Location"]
    answer = browser.get(back, timeout=60)
    assert "Connected: the mail is being mirrored now." in answer.text
    return back


@contextmanager
def everything_said_to(url: str) -> Iterator[list[str]]:
    """All commands that Redis is sent meanwhile, with their values."""
    heard: list[str] = []
    client = redis.Redis.from_url(url)
    monitor = client.monitor()
    monitor.__enter__()

    def listen() -> None:
        try:
            for command in monitor.listen():
                heard.append(command["command"])
        except (OSError, ValueError, redis.RedisError, AttributeError):
            pass  # it was closed

    threading.Thread(target=listen, daemon=True).start()
    yield heard
    monitor.connection.disconnect()
    client.close()


@pytest.mark.long
@pytest.mark.timeout(600)  # it reads everything that a whole life of a product left anywhere
def test_no_secret_is_found_anywhere(product: Product, gmail: Gmail) -> None:
    """Connect, sync, refresh, fail, push, revoke, disconnect; then look everywhere for everything that must not be there."""
    mailbox = unused_mailbox()
    browser = logged_in(product)
    with everything_said_to(product.servers["REDIS_URL"]) as said_to_redis:
        code = consented(browser, product, mailbox).partition("code=")[2].partition("&")[0]
        account = next(
            each["id"] for each in product.call("GET", "/api/accounts/").json()["results"] if each["email"] == mailbox
        )
        first = product.call("GET", "/api/jobs/", params={"account": account}).json()["results"][0]["task_id"]
        product.done(first, at_least=PAGE)
        gmail.control("expire-tokens", email=mailbox)  # in mid-page
        product.finished(first)
        gmail.control("faults", rules=[{"fault": "domain_policy", "match": {"email": mailbox}}])
        failed = product.finished(product.start(account).json()["task_id"])
        assert failed["error"]["code"] == "gmail_refused"
        gmail.control("faults", rules=[])
        bearer = {"Authorization": f"Bearer {FORGED}"}
        assert requests.post(f"{product.address}/push/gmail/", headers=bearer, json={}, timeout=60).status_code >= 400
        made = product.call("POST", "/api/tokens/", json={"label": "found nowhere"}).json()["token"]
        assert (
            browser.get(f"{product.address}/connect/callback/?code=4%2F0unasked&state=x", timeout=60).status_code == 400
        )
        gmail.control("revoke", email=mailbox)
        product.finished(product.start(account).json()["task_id"])
        shown = everything_shown(browser, product, account, [first, failed["task_id"]])
        product.call("DELETE", f"/api/accounts/{account}/", params={"mirror": "keep"})
        secrets = all_secrets(product, gmail, [code, "4/0unasked", "4%2F0unasked", FORGED, made, product.token])
        places = {
            "redis": "\n".join([*said_to_redis, *everything_in_redis(product.servers["REDIS_URL"])]),
            "database": "\n".join(everything_in_the_database(product)),
            "sessions": str(product.shell(SESSIONS)),
            "logs": "\n".join([*product.output, *(each.read_text(errors="replace") for each in logs(product))]),
            "pages": shown,
        }

    assert len(secrets) > 10 and all(len(secret) >= 9 for secret in secrets)
    # A search that finds nothing at all would prove nothing.
    for place, known in (("redis", "mailsync"), ("database", mailbox), ("logs", "celery"), ("pages", mailbox)):
        assert known in places[place], place
    assert found(f"x{code}x", [code]) and found(base64.b64encode(f"longer {code} text".encode()).decode(), [code])
    assert {place: found(text, secrets) for place, text in places.items()} == {place: [] for place in places}


def all_secrets(product: Product, gmail: Gmail, more: list[str]) -> list[str]:
    """Every token, code, client secret, key that was handed out or used."""
    told = requests.get(f"{gmail.address}/control/secrets", timeout=60).json()
    servers = product.servers
    keys = [servers["SECRET_KEY"], *servers["TOKEN_ENCRYPTION_KEYS"].split(",")]
    client = product.environment.get("GOOGLE_CLIENT_SECRET", "")
    return [*told["issued"], *keys, *([client] if client else []), *more]


def found(text: str, secrets: list[str]) -> list[str]:
    """Which secrets are in a text, plain or within its base64."""
    whole = text
    for run in re.findall(r"[A-Za-z0-9+/_-]{24,}={0,2}", text):
        try:
            whole += "\n" + base64.b64decode(run + "=" * (-len(run) % 4), altchars=b"-_").decode("latin-1")
        except ValueError:
            continue
    return [secret for secret in secrets if secret in whole]


def everything_in_redis(url: str) -> Iterator[str]:
    readers = {
        b"string": lambda client, key: client.get(key),
        b"list": lambda client, key: client.lrange(key, 0, -1),
        b"set": lambda client, key: client.smembers(key),
        b"zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
        b"hash": lambda client, key: client.hgetall(key),
    }
    with closing(redis.Redis.from_url(url)) as client:
        for key in client.scan_iter(count=1000):
            kind = client.type(key)
            yield f"{key!r} {readers[kind](client, key) if kind in readers else ''!r}"


def everything_in_the_database(product: Product) -> Iterator[str]:
    """Each row of each table, as text."""
    with product.database() as database:
        tables = database.execute(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
        ).fetchall()
        assert len(tables) > 20
        for (table,) in tables:
            columns = database.execute(
                "SELECT column_name FROM information_schema.columns WHERE table_name = %s AND data_type <> 'bytea'",
                [table],
            ).fetchall()
            names = ", ".join(f'"{name}"' for (name,) in columns)
            for row in database.execute(f'SELECT ROW({names})::text FROM "{table}"'):  # type: ignore[arg-type]
                yield f"{table}: {row[0]}"


def logs(product: Product) -> list[Path]:
    found = sorted(Path(product.environment["MAILSYNC_HOME"]).glob("logs/*"))
    assert found
    return found


def everything_shown(browser: requests.Session, product: Product, account: int, tasks: list[str]) -> str:
    """Pages, the admin's lists and rows, answers of the API."""
    index = browser.get(product.address + "/admin/", timeout=60).text
    lists = sorted(set(re.findall(r'href="(/admin/[a-z_]+/[a-z_]+/)"', index)))
    assert len(lists) >= 10
    texts = [index]
    for path in lists:
        texts.append(eventually(lambda path=path: browser.get(product.address + path, timeout=60).text, within=60))
        texts += [
            browser.get(product.address + row, timeout=60).text
            for row in re.findall(rf'href="({path}[^"]+/change/[^"]*)"', texts[-1])[:3]
        ]
    paths = ["/", f"/accounts/{account}/", "/jobs/", "/settings/", "/exports/", "/readyz", "/metrics"]
    paths += [f"/jobs/{task}/" for task in tasks]
    texts += [browser.get(product.address + path, timeout=60).text for path in paths]
    calls = ["accounts/", f"accounts/{account}/", "tokens/", "sync/status", "jobs/", "schema/"]
    calls += [f"jobs/{task}/{rest}" for task in tasks for rest in ("", "events/")]
    texts += [product.call("GET", f"/api/{path}").text for path in calls]
    return "\n".join(texts)


def test_wrong_passwords_are_counted_by_the_address_that_the_proxy_names(product: Product) -> None:
    """A proxy on this machine is believed; without one, everybody behind it would be locked out together."""
    browser = requests.Session()
    page = browser.get(product.address + "/login/", timeout=60)

    def attempt(address: str) -> int:
        form = {"username": "demo", "password": "wrong", "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        headers = {"Referer": page.url, "X-Forwarded-For": address}
        return browser.post(page.url, data=form, headers=headers, timeout=60).status_code

    assert [attempt("203.0.113.7") for _ in range(11)] == [200] * 9 + [429] * 2
    assert attempt("203.0.113.8") == 200
    assert logged_in(product).get(product.address + "/settings/", timeout=60).status_code == 200
