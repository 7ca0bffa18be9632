"""Consent, told whole in a real browser: every answer that Google's page can give, then a mailbox that is connected."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, Route, expect, sync_playwright

from tests.flows.conftest import MESSAGES, unused_mailbox
from tests.flows.product import Gmail, Product
from tests.flows.test_browser import QUIET

MAIL = "View your email messages and settings"
ANOTHER_SCOPE = "gmail.readonly+https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fgmail.labels"
WEEK = 604_800

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def page(browser: Browser, product: Product) -> Iterator[Page]:
    context = browser.new_context(locale="en-GB")
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    opened.goto(product.address + "/login/?next=/connect/")  # signing in leads on to Google's page
    opened.fill("[name=username]", "demo")
    opened.fill("[name=password]", "demo")
    opened.keyboard.press("Enter")
    opened.wait_for_url(re.compile("/o/oauth2/v2/auth"))
    yield opened
    context.close()


@pytest.fixture
def google(gmail: Gmail) -> Iterator[Gmail]:
    gmail.control("consents", lifetime=WEEK)
    yield gmail
    gmail.control("consents", lifetime=0, lasting=True)
    gmail.control("faults", rules=[])


def decide(page: Page, button: str, email: str = "") -> None:
    if email:
        page.get_by_label(email, exact=True).check()
    page.get_by_role("button", name=button).click()


def says(page: Page, title: str) -> None:
    """A page of ours that explains, with a way on."""
    expect(page.get_by_role("heading", level=1)).to_have_text(title)
    expect(page.get_by_role("link", name="Go to the first page")).to_be_visible()
    expect(page.get_by_role("link", name="Try again")).to_be_visible()


def again(page: Page) -> None:
    page.get_by_role("link", name="Try again").click()
    page.wait_for_url(re.compile("/o/oauth2/v2/auth"))


def test_every_answer_of_a_consent_ends_on_a_page_that_leads_on(page: Page, product: Product, google: Gmail) -> None:
    mailbox, other = unused_mailbox(), unused_mailbox()
    accounts = len(product.call("GET", "/api/accounts/").json()["results"])

    decide(page, "Deny")
    says(page, "You did not allow access, so no mailbox was connected.")

    again(page)
    page.goto(page.url.replace("gmail.readonly", ANOTHER_SCOPE))
    page.get_by_label(MAIL).uncheck()
    decide(page, "Allow", mailbox)
    says(page, "Access to the mail was left out.")

    again(page)
    page.get_by_label(MAIL).uncheck()  # the only one
    decide(page, "Allow", mailbox)
    says(page, "You did not allow access, so no mailbox was connected.")

    page.goto(f"{product.address}/connect/callback/?code=4%2F0forged&state=forged")
    says(page, "This answer of Google's was not asked for here, or came too late.")

    again(page)
    on_its_way(page, lambda: google.control("expire-codes"))
    decide(page, "Allow", mailbox)
    says(page, "Google's permission has expired or was used already.")

    again(page)
    google.control("consents", lasting=False)
    decide(page, "Allow", mailbox)
    says(page, "Google gave access for an hour only.")
    google.control("consents", lasting=True)

    again(page)
    google.control("faults", rules=[{"fault": "503", "match": {"method": "token"}}])
    decide(page, "Allow", mailbox)
    says(page, "Google does not answer at the moment.")
    google.control("faults", rules=[])
    assert len(product.call("GET", "/api/accounts/").json()["results"]) == accounts

    again(page)
    answers: list[str] = []
    page.on("request", lambda asked: answers.append(asked.url) if "/connect/callback/?" in asked.url else None)
    decide(page, "Allow", mailbox)
    expect(page.locator("#notices")).to_contain_text("Connected: the mail is being mirrored now.")
    expect(page.locator("main")).to_contain_text("Google's permission ends in 6 days")
    account = int(page.url.rstrip("/").rsplit("/", 1)[1])
    job = product.call("GET", "/api/jobs/", params={"account": account}).json()["results"][0]["task_id"]

    page.goto(answers[0])
    says(page, "This answer of Google's was not asked for here, or came too late.")

    page.goto(f"{product.address}/connect/?account={account}")
    expect(page.get_by_label(mailbox, exact=True)).to_be_checked()  # the hint
    decide(page, "Allow", other)
    says(page, "That was another mailbox.")

    again(page)
    decide(page, "Allow", mailbox)
    expect(page.locator("#notices")).to_contain_text("Connected")
    assert page.url == f"{product.address}/accounts/{account}/"
    assert product.finished(job)["state"] == "SUCCEEDED"
    held = product.call("GET", "/api/sync/status").json()["accounts"]
    assert next(each for each in held if each["account"] == account)["complete_as_of"] is not None
    assert f"{MESSAGES} messages" in product.manage("verify_account", str(account))


def on_its_way(page: Page, deed: Callable[[], object]) -> None:
    """Do something between Google's answer and its arrival here, once."""

    def decided(route: Route) -> None:
        answer = route.fetch(max_redirects=0)
        deed()
        route.fulfill(response=answer)

    page.route(re.compile("/o/oauth2/v2/auth"), decided, times=1)
