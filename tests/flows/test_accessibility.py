"""Every page without a violation that axe knows of: light and dark, wide and narrow, English and Chinese."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from tests.flows.conftest import unused_mailbox
from tests.flows.product import Product
from tests.flows.test_browser import QUIET

AXE = (Path(__file__).resolve().parents[1] / "axe" / "axe.min.js").read_text(encoding="utf-8")
# What else axe looks at is the same in both colour schemes.
LOOK = """async (rules) => {
    const options = { iframes: false, resultTypes: ["violations"], ...(rules && { runOnly: rules }) };
    const { violations } = await axe.run({ exclude: ["iframe"] }, options);
    return violations.map(({ id, nodes }) => [id, nodes.map(({ target, failureSummary }) => `${target}: ${failureSummary}`)]);
}"""

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture(scope="module")
def synced(product: Product) -> tuple[int, str]:
    """An account with mail, the job that brought it."""
    account = product.connect(unused_mailbox())
    task: str = product.start(account).json()["task_id"]
    product.finished(task)
    return account, task


def violations(page: Page, address: str, *, dialog: str = "") -> list[Any]:
    """What axe finds on the page at `address`, in both colour schemes, with every menu and fold open, or with a dialog."""
    page.goto(address)
    if dialog:
        page.evaluate("(id) => document.getElementById(id).showModal()", dialog)
    page.evaluate("() => document.querySelectorAll('details').forEach(each => each.setAttribute('open', ''))")
    page.evaluate(AXE)
    page.emulate_media(color_scheme="light")
    found = [(page.url, "light", *each) for each in page.evaluate(LOOK)]
    page.emulate_media(color_scheme="dark")
    return found + [(page.url, "dark", *each) for each in page.evaluate(LOOK, ["color-contrast"])]


@pytest.mark.parametrize(("language", "width"), [("en-GB", 1100), ("zh-CN", 390)])
def test_axe_finds_nothing_on_any_page(
    browser: Browser, product: Product, synced: tuple[int, str], language: str, width: int
) -> None:
    account, task = synced
    mail = product.call("GET", "/api/messages/", params={"account": account}).json()["results"][0]["gmail_id"]
    answers = product.call("GET", "/api/messages/", params={"account": account, "q": "subject:re"}).json()["results"]
    in_conversation = answers[0]["gmail_id"]
    context = browser.new_context(locale=language, viewport={"width": width, "height": 800}, reduced_motion="reduce")
    page = context.new_page()
    page.set_default_timeout(60_000)
    found = violations(page, f"{product.address}/password/")
    found += violations(page, f"{product.address}/login/")
    page.fill("[name=username]", "demo")
    page.fill("[name=password]", "demo")
    page.keyboard.press("Enter")
    page.wait_for_url(product.address + "/")
    paths = [
        "/",
        f"/accounts/{account}/",
        "/jobs/",
        "/jobs/?state=FAILED&trigger=push",
        f"/jobs/{task}/",
        "/settings/",
        "/settings/second-step/",
    ]
    paths += ["/exports/"]
    paths += [f"/mail/?account={account}", "/mail/?q=nowhere-to-be-found", f"/mail/{mail}/?account={account}"]
    paths += ["/mail/?by=message&q=in:anywhere+会议", f"/mail/{in_conversation}/?account={account}&q=a&pictures=1"]
    paths += [f"/accounts/{account}/figures/", "/settings/password/"]
    paths += ["/invitations/", "/nowhere/"]
    for path in paths:
        found += violations(page, product.address + path)
    found += violations(page, product.address + "/mail/", dialog="keys")
    language_of_page = page.get_attribute("html", "lang")
    context.close()
    assert language_of_page == {"en-GB": "en", "zh-CN": "zh-hans"}[language]
    assert found == []


def test_axe_finds_what_is_wrong(browser: Browser) -> None:
    """A check that cannot fail is none."""
    page = browser.new_page()
    page.set_content(
        "<html><body><img src='data:,'><p style='color:#999;background:#aaa'>Hardly to be read</p></body></html>"
    )
    page.evaluate(AXE)
    found = {each[0] for each in page.evaluate(LOOK)}
    page.close()
    assert {"image-alt", "color-contrast", "html-has-lang"} <= found
