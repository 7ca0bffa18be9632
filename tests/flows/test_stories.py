"""What breaks, who watches, who must not see: the same page from the side of several users, tabs, servers."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect, sync_playwright

from tests.flows.product import Gmail, Product, eventually
from tests.flows.test_browser import QUIET, log_in

SLOW = {"fault": "slow", "seconds": 1.0}  # each answer of Gmail takes a second: time enough to break things
EVE = """
from django.contrib.auth.models import User
User.objects.create_user("eve", password="eve")
"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """The demo user, logged in; a console may complain of a server that is away."""
    context = browser.new_context()
    opened = context.new_page()
    log_in(opened, product)
    yield opened
    context.close()


@pytest.fixture
def slow(gmail: Gmail, mailbox: str) -> Iterator[None]:
    """Gmail is slow for this mailbox."""
    gmail.control("faults", rules=[{**SLOW, "match": {"email": mailbox}}])
    yield
    gmail.control("faults", rules=[])


def value(page: Page) -> float:
    return float(page.get_by_role("progressbar").first.get_attribute("aria-valuenow") or 0)


def press_sync(page: Page) -> None:
    page.get_by_role("button", name="Sync", exact=True).first.click()


def test_two_tabs_one_of_them_cut_off_watch_the_same_sync_one_cancels_it_both_see_the_next_one_to_its_end(
    page: Page, product: Product, gmail: Gmail, account: int, slow: None
) -> None:
    sockets: list[WebSocketRoute] = []

    def connect(route: WebSocketRoute) -> None:
        route.connect_to_server()
        sockets.append(route)

    page.route_web_socket("**/ws/sync/**", connect)
    other = page.context.new_page()
    for tab in (page, other):
        tab.goto(f"{product.address}/accounts/{account}/")
    press_sync(page)
    for tab in (page, other):
        eventually(lambda: value(tab) > 0, within=60, every=0.05)  # noqa: B023 - called at once
    sockets[0].close(code=1001)
    eventually(lambda: page.wait_for_timeout(50) or len(sockets) > 1, within=60)
    press_sync(other)
    assert len(product.call("GET", "/api/jobs/", params={"account": account}).json()["results"]) == 1

    other.get_by_role("button", name="Cancel").first.click()
    for tab in (page, other):
        expect(tab.locator("[data-live][data-state=CANCELLED]")).to_have_count(1, timeout=60_000)

    gmail.control("faults", rules=[])
    press_sync(page)
    for tab in (page, other):
        expect(tab.get_by_role("progressbar").first).to_have_attribute("aria-valuenow", "100", timeout=60_000)
    states = [job["state"] for job in product.call("GET", "/api/jobs/", params={"account": account}).json()["results"]]
    assert states == ["SUCCEEDED", "CANCELLED"]


def test_two_users_never_see_each_others_mail_jobs_or_progress(
    page: Page, browser: Browser, product: Product, account: int, mailbox: str
) -> None:
    product.shell(EVE + "print('null')")
    context = browser.new_context()
    eve = context.new_page()
    heard: list[str] = []
    eve.on("websocket", lambda ws: ws.on("framereceived", lambda data: heard.append(str(data))))
    log_in(eve, product, "eve")
    eve.evaluate("() => { window.sockets = new WebSocket(`ws://${location.host}/ws/sync/?lang=en`) }")

    task = product.start(account).json()["task_id"]
    product.done(task, at_least=100)
    newest = product.call("GET", "/api/messages/", params={"account": account}).json()["results"][0]
    mail = f"{newest['gmail_id']}/"
    mine = [
        f"/mail/{mail}",
        f"/mail/{mail}html/",
        f"/mail/{mail}html/pictures/",
        f"/accounts/{account}/",
        f"/jobs/{task}/",
    ]
    mine += [f"/mail/?account={account}", f"/api/messages/{mail}", f"/api/messages/{mail}raw/", f"/api/jobs/{task}/"]

    seen = {path: status(eve, product.address + path) for path in mine}
    own = [status(page, product.address + path) for path in mine if "/html/" not in path]
    lists = [text(eve, product.address + path) for path in ("/", "/mail/", "/mail/?q=in:anywhere", "/jobs/")]
    context.close()
    product.call("POST", f"/api/jobs/{task}/cancel/")

    assert seen == dict.fromkeys(mine, 404)
    assert own == [200] * len(own)
    assert not [page for page in lists if mailbox in page or newest["subject"] in page]
    assert not [frame for frame in heard if mailbox in frame or task in frame]


def status(page: Page, address: str) -> int:
    answer: Any = page.request.get(address)
    return int(answer.status)


def text(page: Page, address: str) -> str:
    page.goto(address)
    return page.inner_text("body")
