"""Mail that means harm, mirrored and opened in a real browser: nothing of it runs, nothing is loaded."""

import base64
from collections.abc import Iterator
from urllib.parse import quote

import pytest
from playwright.sync_api import Browser, Route, sync_playwright

from tests.flows.product import Gmail, Product
from tests.flows.test_browser import QUIET, log_in
from tests.hostile.corpus import HOSTILE, piece
from tests.hostile.listening import Spy, Watch, show_all

NAMES = list(HOSTILE)
SANDBOX = "allow-popups allow-popups-to-escape-sandbox"
READ = ["tracking pixel", "unclosed everything", "base", "nesting", "svg with a foreign object"]
EVIL = '"><img src=x onerror=console.error(/ran/)><script>console.error(/ran/)</script>'
PIXEL = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


def letter(name: str, location: str) -> dict[str, str]:
    """A mail of the piece whose subject, sender, file and headers mean harm, too."""
    shown = f"Hostile {name} {EVIL}"
    head = "".join(
        f"{field}: {value}\r\n"
        for field, value in {
            "From": f"=?utf-8?b?{base64.b64encode(shown.encode()).decode()}?= <carl@example.com>",
            "Subject": f"=?utf-8?b?{base64.b64encode(shown.encode()).decode()}?=",
            "X-Evil": EVIL,
            "MIME-Version": "1.0",
            "Content-Type": 'multipart/mixed; boundary="b"',
        }.items()
    )
    body = base64.encodebytes(piece(name, location).encode()).decode()
    parts = (
        f"--b\r\nContent-Type: text/html; charset=utf-8\r\nContent-Transfer-Encoding: base64\r\n\r\n{body}\r\n"
        f"--b\r\nContent-Type: text/html\r\nContent-Disposition: attachment; filename*=UTF-8''{quote(EVIL)}\r\n\r\n"
        f"{EVIL}\r\n--b--\r\n"
    )
    raw = f"{head}\r\n{parts}".encode()
    return {"raw": base64.urlsafe_b64encode(raw).decode()}


def test_nothing_of_it_runs_nothing_is_loaded_and_with_pictures_only_pictures_are(
    browser: Browser, product: Product, gmail: Gmail, account: int, mailbox: str
) -> None:
    spy = Spy()
    gmail.control("delete", email=mailbox, ids=gmail.ids(mailbox))
    letters = [letter(name, spy.location) for name in NAMES]
    ids = dict(zip(NAMES, gmail.control("deliver", email=mailbox, messages=letters)["ids"], strict=True))
    product.finished(product.start(account).json()["task_id"])
    context = browser.new_context()
    page = context.new_page()
    log_in(page, product)
    watch = Watch(page, product.address)

    page.goto(f"{product.address}/mail/?account={account}&page_size=200&q=hostile")
    assert page.locator("[data-list] a").count() == len(NAMES)
    assert page.locator("mark").count() > len(NAMES)
    for name in READ:
        page.goto(f"{product.address}/mail/{ids[name]}/?account={account}&q=hostile")
        assert page.locator("iframe.html").get_attribute("sandbox") == SANDBOX
    frames = [f"/mail/{ids[name]}/html/?account={account}" for name in NAMES]
    show_all(page, frames, SANDBOX)

    assert (watch.said, watch.asked, spy.connections) == ([], [], 0)

    shown: list[tuple[str, str]] = []

    def give(route: Route) -> None:
        shown.append((route.request.resource_type, route.request.url))
        route.fulfill(body=PIXEL, content_type="image/gif")

    context.route(lambda address: spy.location in address, give)
    page.goto(f"{product.address}/mail/{ids['tracking pixel']}/?account={account}")
    page.get_by_role("link", name="Show pictures").click()
    page.wait_for_load_state("networkidle")
    assert shown == [("image", f"https://{spy.location}/tracking-pixel")]
    show_all(page, [each.replace("/html/", "/html/pictures/") for each in frames], SANDBOX)
    context.close()
    spy.close()

    assert {kind for kind, _ in shown} == {"image"}
    assert {address.partition("://")[0] for _, address in shown} == {"https"}
    assert watch.said == []
    assert spy.connections == 0
