"""Mail that means harm meets two belts, the sanitiser and the policy of the frame: each holds alone."""

from collections.abc import Iterator
from html.parser import HTMLParser

import pytest
from playwright.sync_api import Browser, sync_playwright

from mailsync.dashboard.frame import POLICY
from mailsync.dashboard.framed import framed
from mailsync.sanitise import html as for_programs
from tests.flows.test_browser import QUIET
from tests.hostile.corpus import HOSTILE, REACHING_OUT, SCRIPTS, piece
from tests.hostile.listening import Spy, Watch, serving, show_all

NAMES = list(HOSTILE)
SANDBOX = " ".join(POLICY["sandbox"])
CSP = "; ".join(f"{name} {' '.join(values)}" for name, values in POLICY.items())
FORBIDDEN = {"script", "style", "link", "meta", "base", "iframe", "form", "input", "object", "svg", "math", "video"}
# A browser connects before a policy has looked at what a frame would show: that is for the sanitiser.
BEYOND_POLICY = {"preconnect", "iframe", "frameset"}


class Outline(HTMLParser):
    """The elements of a document with their attributes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, {name: value or "" for name, value in attributes}))


@pytest.mark.parametrize("name", NAMES)
def test_what_is_left_of_it_neither_runs_nor_reaches_out(name: str) -> None:
    html = piece(name, "spy.example")
    for clean in (framed(html), for_programs(html)):
        for tag, attributes in Outline(clean).found:
            assert tag not in FORBIDDEN
            assert not [each for each in attributes if each.startswith("on")]
            assert not {"srcset", "background", "ping", "srcdoc", "id", "name", "class"} & attributes.keys()
            assert "url" not in attributes.get("style", "").lower()
            assert "position" not in attributes.get("style", "").lower()
            assert attributes.get("src", "data:image/").startswith("data:image/")
            assert attributes.get("href", "https:").startswith(("https:", "http:", "mailto:"))
            assert attributes.get("target", "_blank") == "_blank"


@pytest.mark.parametrize("name", NAMES)
def test_when_pictures_are_asked_for_images_are_all_that_reaches_out(name: str) -> None:
    for tag, attributes in Outline(framed(piece(name, "spy.example"), remote=True)).found:
        if "spy.example" in str(attributes):
            assert tag == "img" or "href" in attributes
            assert "spy.example" not in str({**attributes, "src": "", "href": ""})
        if tag == "img" and "src" in attributes:
            assert attributes["src"].startswith(("https:", "data:image/"))


@pytest.fixture(scope="module")
def browser(chromium: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield started
        started.close()


def seen(
    browser: Browser, spy: Spy, pages: list[str], policy: str = "", sandbox: str | None = None
) -> tuple[Watch, int]:
    """What pages do, each in a frame; how often somebody connected to the spy."""
    before = spy.connections
    with serving(
        {"/": "<link rel=icon href=data:,>", **{f"/{n}": html for n, html in enumerate(pages)}}, policy
    ) as address:
        page = browser.new_page()
        watch = Watch(page, address)
        page.goto(address)
        show_all(page, [f"{address}/{n}" for n in range(len(pages))], sandbox)
        page.close()
    return watch, spy.connections - before


@pytest.mark.browser
def test_sanitised_it_does_nothing_even_without_a_policy_and_the_policy_holds_what_was_not_sanitised(
    browser: Browser,
) -> None:
    spy = Spy()
    raw = {name: "<!doctype html><meta charset=utf-8>" + piece(name, spy.location) for name in NAMES}

    wild, connections = seen(browser, spy, [raw[name] for name in NAMES])
    clean, connections_of_clean = seen(browser, spy, [framed(html) for html in raw.values()])
    held, connections_of_held = seen(
        browser, spy, [html for name, html in raw.items() if name not in BEYOND_POLICY], CSP, SANDBOX
    )
    spy.close()

    # A check that cannot fail is none: left alone, most of them do what they are made for.
    ran = wild.said.count("/ran/")
    assert ran > len(SCRIPTS) / 2
    assert len({address.split("?")[0] for _, address in wild.asked if spy.location in address}) > len(REACHING_OUT) / 2
    assert connections > 10

    assert (clean.said, clean.asked, connections_of_clean) == ([], [], 0)
    assert "/ran/" not in held.said
    assert connections_of_held == 0
