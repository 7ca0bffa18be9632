"""The button from the user's side, in a real browser."""

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.flows.conftest import MESSAGES
from tests.flows.product import Product, eventually

QUIET = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


def log_in(page: Page, product: Product, name: str = "demo") -> None:
    """As this user, whose password is the name."""
    page.goto(product.address + "/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", name)
    page.keyboard.press("Enter")
    page.wait_for_url(product.address + "/")


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    """The demo user, logged in; what the page's console complains about fails the story."""
    context = browser.new_context()
    opened = context.new_page()
    complaints: list[str] = []
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    log_in(opened, product)
    yield opened
    context.close()
    assert complaints == []


def test_press_sync_and_watch_the_bar_move_until_the_mail_is_there(
    page: Page, product: Product, account: int, mailbox: str
) -> None:
    page.goto(f"{product.address}/accounts/{account}/")
    page.get_by_role("button", name="Sync", exact=True).first.click()
    bar = page.get_by_role("progressbar").first
    seen: list[float] = []

    def full() -> bool:
        seen.append(float(bar.get_attribute("aria-valuenow") or 0))
        return seen[-1] == 100

    eventually(full, within=60, every=0.1)

    assert len(set(seen)) >= 4
    assert seen == sorted(seen)
    page.wait_for_timeout(1500)
    assert bar.get_attribute("aria-valuenow") == "100"
    expect(page.locator("body")).to_contain_text(str(MESSAGES))
    page.goto(f"{product.address}/mail/?account={account}")
    assert page.locator("a[href*='/mail/']").count() > 20


def test_a_mail_is_found_and_read(page: Page, product: Product, account: int) -> None:
    product.finished(product.start(account).json()["task_id"])
    newest = product.call("GET", "/api/messages/", params={"account": account}).json()["results"][0]

    page.goto(f"{product.address}/mail/{newest['gmail_id']}/?account={account}")

    expect(page.locator("body")).to_contain_text(newest["subject"].strip()[:30])
    with page.expect_download() as download:
        page.locator("a[href*='/raw/']").first.click()
    path = Path(str(download.value.path()))
    raw = product.call("GET", f"/api/messages/{newest['gmail_id']}/raw/", params={"account": account})
    assert path.read_bytes() == raw.content


def test_the_menu_beside_sync_looks_fetches_and_closes_without_leaving_the_page(
    page: Page, product: Product, account: int
) -> None:
    page.goto(f"{product.address}/accounts/{account}/")
    opener, notices = page.locator(".menu > summary"), page.locator("#notices")
    opener.click()
    expect(page.get_by_role("button", name="Full sync")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Full sync")).to_be_hidden()
    expect(opener).to_be_focused()

    opener.click()
    page.get_by_role("button", name="Check").click()
    expect(notices).to_contain_text(re.compile(r"Messages at Gmail that are not here yet: 5\d\d\."), timeout=60_000)

    opener.click()
    page.get_by_role("button", name="Today").click()
    expect(page.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100", timeout=60_000)
    assert [
        job["sync_type"] for job in product.call("GET", "/api/jobs/", params={"account": account}).json()["results"]
    ] == ["window"]

    opener.click()
    page.get_by_role("button", name="Next 100").click()
    expect(notices).to_contain_text("100 messages fetched.", timeout=60_000)


def test_two_tabs_end_full_with_the_whole_log_though_sockets_are_blocked_and_the_server_is_killed(
    browser: Browser, product: Product, account: int
) -> None:
    context = browser.new_context()
    watching, blocked = context.new_page(), context.new_page()
    blocked.route_web_socket(re.compile("/ws/sync/"), lambda socket: socket.close())
    for tab in (watching, blocked):
        tab.set_default_timeout(60_000)
    log_in(watching, product)
    task = product.start(account).json()["task_id"]
    watching.goto(f"{product.address}/jobs/{task}/")
    blocked.goto(f"{product.address}/jobs/{task}/")
    product.done(task, at_least=100)
    product.signal(product.processes("uvicorn"), signal.SIGKILL)

    for tab in (watching, blocked):
        expect(tab.get_by_role("progressbar")).to_have_attribute("aria-valuenow", "100", timeout=60_000)
        expect(tab.locator("#events")).to_contain_text("Done", timeout=60_000)
        expect(tab.locator("[data-figure=phase]")).to_have_text("Succeeded")
    context.close()


def test_mail_is_found_read_and_left_by_keys_alone(page: Page, product: Product, account: int) -> None:
    product.finished(product.start(account).json()["task_id"])
    page.goto(f"{product.address}/mail/?account={account}")
    lines = page.locator("[data-list] a")
    page.keyboard.press("j")
    expect(lines.nth(0)).to_be_focused()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    expect(lines.nth(1)).to_be_focused()
    second, third = (lines.nth(n).locator(".subject").inner_text() for n in (1, 2))
    page.keyboard.press("o")
    shown(page, second)
    page.keyboard.press("j")
    shown(page, third)
    page.keyboard.press("k")
    shown(page, second)
    page.keyboard.press("u")
    page.wait_for_url(f"{product.address}/mail/?account={account}")
    shown(page, "All mail")

    page.keyboard.press("/")
    page.keyboard.type("会议 jk?")  # in a field, keys are letters
    expect(page.get_by_role("searchbox")).to_have_value("会议 jk?")
    page.keyboard.press("Control+a")
    page.keyboard.type("会议")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mail/?q=*")
    shown(page, "Search: 会议")
    expect(page.locator("mark").first).to_have_text("会议")

    page.keyboard.press("?")
    keys = page.get_by_role("dialog", name="Keys")
    expect(keys).to_be_visible()
    page.keyboard.press("Escape")
    expect(keys).to_be_hidden()
    page.get_by_role("button", name="Keys").click()
    keys.get_by_label("Use these keys in this browser").uncheck()
    keys.get_by_role("button", name="Close").click()
    page.keyboard.press("j")
    expect(page.locator("[data-list] a").first).not_to_be_focused()


def shown(page: Page, heading: str) -> None:
    """The page with this heading, and its script at work."""
    expect(page.locator("h1")).to_have_text(heading)
    expect(page.get_by_role("button", name="Keys")).to_be_visible()
